package memory

import (
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A place is where a row stands in the log.
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
	if t.places == nil {
		t.places = make(map[string]place, len(t.index.keys))
		for _, b := range t.log {
			t.note(b)
		}
	}
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

// note takes in the places of a change, in which what goes comes first. The caller holds
// t.mu.
func (t *table) note(b *zset.Batch) {
	if t.places == nil {
		return
	}
	t.eachKey(b, func(key []byte, row int) {
		if b.Weight(row) < 0 {
			delete(t.places, string(key))
		} else {
			t.places[string(key)] = place{b, int32(row)}
		}
	})
}

// move says that a sum stands in the place of some batches. The caller holds t.mu.
func (t *table) move(from []*zset.Batch, to *zset.Batch) {
	if t.places == nil {
		return
	}
	gone := map[*zset.Batch]bool{}
	for _, b := range from {
		gone[b] = true
	}
	t.eachKey(to, func(key []byte, row int) {
		if gone[t.places[string(key)].batch] { // else it was changed since
			t.places[string(key)] = place{to, int32(row)}
		}
	})
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
