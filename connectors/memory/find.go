package memory

import (
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A place is where a row stands in the log. Places are known by the keys that are enforced.
type place struct {
	batch *zset.Batch
	row   int32
}

// Find implements connectors.Finder. The first call goes over the log; from then on the
// places are kept with every change.
func (s *sink) Find(keys *zset.Batch) *zset.Batch {
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.locate()
	out := zset.NewBuilder(t.def.Schema())
	var key []byte
	for row := range keys.Len {
		key = zset.AppendKey(key[:0], keys.Cols, row)
		if p, ok := t.places[string(key)]; ok {
			out.AppendRow(p.batch, int(p.row), 1)
		}
	}
	return out.Build()
}

// locate goes over the log for the places of all rows, where they are not known. The
// caller holds t.mu.
func (t *table) locate() {
	if t.places != nil {
		return
	}
	t.places = make(map[string]place, len(t.index.keys))
	t.gone = map[*zset.Batch][]uint64{}
	for _, b := range t.log {
		t.note(b)
	}
}

// note takes in the places of a change, in which what goes comes first. The caller holds
// t.mu.
func (t *table) note(b *zset.Batch) {
	if t.places == nil {
		return
	}
	t.eachKey(b, func(key []byte, row int) {
		if b.Weight(row) > 0 {
			t.places[string(key)] = place{b, int32(row)}
			return
		}
		if p, ok := t.places[string(key)]; ok {
			t.lose(p)
			delete(t.places, string(key))
		}
		t.lose(place{b, int32(row)})
	})
}

// lose notes that a row of the log is none of what the table holds: it was taken back, or
// takes one back.
func (t *table) lose(p place) {
	bits := t.gone[p.batch]
	if bits == nil {
		bits = make([]uint64, (p.batch.Len+63)/64)
		t.gone[p.batch] = bits
	}
	vec.SetBit(bits, int(p.row), true)
}

func (t *table) eachKey(b *zset.Batch, f func(key []byte, row int)) {
	cols := make([]*vec.Vec, len(t.def.PrimaryKey))
	for i, c := range t.def.PrimaryKey {
		cols[i] = b.Cols[c]
	}
	var key []byte
	for row := range b.Len {
		key = zset.AppendKey(key[:0], cols, row)
		f(key, row)
	}
}
