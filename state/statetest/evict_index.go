package statetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// An evictingIndex has its rows in a map that moves them, those that were not seen
// since the last Settle between two calls, and all of them at Settle.
type evictingIndex struct {
	shape state.IndexShape
	rows  *evictingMap
	keys  map[string][]*group // under each key, in no order
	under map[*group]string
	walks map[*state.Probe][][]*group
}

// Index implements state.Store.
func (s *Evicting) Index(name string, shape state.IndexShape) (state.Index, error) {
	if x, ok := s.indexes[name]; ok {
		same := x.shape.Words == shape.Words && x.shape.Expiry == shape.Expiry && slices.EqualFunc(x.shape.Keys, shape.Keys, types.Type.Equal) &&
			slices.EqualFunc(x.shape.Columns, shape.Columns, types.Type.Equal)
		if !same {
			return nil, fmt.Errorf("state table %s has another shape", name)
		}
		return x, nil
	}
	x := &evictingIndex{
		shape: shape, keys: map[string][]*group{}, under: map[*group]string{}, walks: map[*state.Probe][][]*group{},
		rows: &evictingMap{shape: state.MapShape{Keys: shape.Columns, Width: 8 + 8*shape.Words, Expiry: shape.Expiry}, groups: map[string]*group{}, rand: sample.Rand(2)},
	}
	s.indexes[name] = x
	return x, nil
}

func (s *Evicting) indexUsage() []state.Usage {
	var out []state.Usage
	for name, x := range s.indexes {
		out = append(out, state.Usage{Name: name, Rows: int64(x.Len()), Bytes: int64(x.Len() * x.rows.shape.Width)})
	}
	slices.SortFunc(out, func(a, b state.Usage) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Add implements state.Index.
func (x *evictingIndex) Add(keys, columns []*vec.Vec, weights []int64, rows []int32) {
	if err := x.rows.Groups(columns, len(rows), rows); err != nil {
		panic(err)
	}
	view := x.rows.Rows()
	for i, r := range rows {
		g := x.rows.byGid[r]
		if _, ok := x.under[g]; !ok {
			key := keyText(keys, i)
			x.under[g] = key
			at := x.rows.rand.IntN(len(x.keys[key]) + 1)
			x.keys[key] = slices.Insert(x.keys[key], at, g)
		}
		w := int64(1)
		if weights != nil {
			w = weights[i]
		}
		*(*int64)(view.Ptr(r)) += w
	}
}

// AddNew implements state.Index.
func (x *evictingIndex) AddNew(keys, columns []*vec.Vec, weights []int64, rows []int32) {
	x.Add(keys, columns, weights, rows)
}

// Probe implements state.Index.
func (x *evictingIndex) Probe(keys []*vec.Vec, n int, p *state.Probe) {
	walk := make([][]*group, n)
	for i := range walk {
		walk[i] = x.keys[keyText(keys, i)]
		for _, g := range walk[i] { // seen: its number stays
			if !g.dirty {
				g.dirty = true
				x.rows.dirty, x.rows.old = append(x.rows.dirty, g.gid), append(x.rows.old, slices.Clone(g.row))
			}
		}
	}
	x.walks[p] = walk
	p.At, p.Rest = 0, 0
}

// Next implements state.Index.
func (x *evictingIndex) Next(p *state.Probe) bool {
	limit := cap(p.Key)
	p.Key, p.Row = p.Key[:0], p.Row[:0]
	walk := x.walks[p]
	for p.At < len(walk) && len(p.Key) < limit {
		if int(p.Rest) == len(walk[p.At]) {
			p.At, p.Rest = p.At+1, 0
			continue
		}
		p.Key, p.Row = append(p.Key, int32(p.At)), append(p.Row, walk[p.At][p.Rest].gid)
		p.Rest++
	}
	return len(p.Key) > 0
}

// Rows implements state.Index.
func (x *evictingIndex) Rows() vec.Rows { return x.rows.Rows() }

// Columns implements state.Index.
func (x *evictingIndex) Touch([]int32) {}

func (x *evictingIndex) Columns(rows []int32, out []*vec.Builder) { x.rows.Keys(rows, out) }

// All implements state.Index.
func (x *evictingIndex) All(rows []int32) []int32 {
	for _, g := range x.rows.order {
		if !g.dirty { // seen: its number stays
			g.dirty = true
			x.rows.dirty, x.rows.old = append(x.rows.dirty, g.gid), append(x.rows.old, slices.Clone(g.row))
		}
		rows = append(rows, g.gid)
	}
	return rows
}

// Expire implements state.Index.
func (x *evictingIndex) Expire(bound *vec.Vec) {
	view := x.rows.Rows()
	for _, r := range x.rows.Below(bound, nil) {
		*(*int64)(view.Ptr(r)) = 0
	}
}

// Settle implements state.Index.
func (x *evictingIndex) Settle() {
	var gone []int32
	view := x.rows.Rows()
	for _, g := range x.rows.order {
		if *(*int64)(view.Ptr(g.gid)) != 0 {
			continue
		}
		gone = append(gone, g.gid)
		key := x.under[g]
		x.keys[key] = slices.DeleteFunc(slices.Clone(x.keys[key]), func(o *group) bool { return o == g })
		delete(x.under, g)
	}
	x.rows.Delete(gone)
	x.rows.Clean()
	x.rows.evict()
}

// Len implements state.Index.
func (x *evictingIndex) Len() int { return x.rows.Len() }
