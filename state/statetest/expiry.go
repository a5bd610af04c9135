package statetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// below reports that a value of a column expires under a bound.
func below(c *vec.Vec, row int, bound *vec.Vec) bool {
	return !c.IsNull(row) && zset.CompareValues(c, row, bound, 0) < 0
}

// Below hands out exactly the groups under the bound, whatever else came and went.
func checkBelow(t *testing.T, s state.Store, shape state.MapShape, seed uint64) {
	r := sample.Rand(seed)
	schema := sample.Schema(shape.Keys...)
	m := openMap(t, s, "m", shape)
	c := &mapCheck{t: t, m: m, shape: shape}
	at := shape.Expiry - 1
	held := map[string]*zset.Batch{} // the key as a batch of one row
	for range 8 {
		for range r.IntN(3) {
			b := keyBatch(r, schema)
			groups(t, m, b.Len, b.Cols...)
			for row := range b.Len {
				held[keyText(b.Cols, row)] = b.Gather(new(vec.Mem), []int32{int32(row)})
			}
			evict(s)
		}
		gone := map[string]bool{}
		for _, g := range slices.Clone(m.Dirty()) {
			if key := c.keysOf([]int32{g})[0]; r.IntN(4) == 0 && held[key] != nil {
				m.Delete([]int32{g})
				gone[key] = true
				delete(held, key)
			}
		}
		bound := keyBatch(r, schema).Cols[at]
		want := map[string]bool{}
		for key, b := range held {
			if below(b.Cols[at], 0, bound) {
				want[key] = true
			}
		}
		gids := m.Below(bound, nil)
		got := map[string]bool{}
		for _, key := range c.keysOf(gids) {
			got[key] = true
		}
		if len(gids) != len(got) || !maps.Equal(got, want) {
			t.Fatalf("%v by column %d: %d groups of %d keys are below, want %d", shape.Keys, at, len(gids), len(got), len(want))
		}
		m.Delete(gids)
		m.Clean()
		for key := range want {
			delete(held, key)
		}
		if m.Len() != len(held) {
			t.Fatalf("%d groups are left, want %d", m.Len(), len(held))
		}
		evict(s)
	}
}

// What Expire takes away is gone after Settle, and nothing else.
func checkExpire(t *testing.T, s state.Store, shape state.IndexShape, seed uint64) {
	r := sample.Rand(seed)
	schema := sample.Schema(shape.Columns...)
	x := openIndex(t, s, "x", shape)
	at := shape.Expiry - 1
	held := map[string]*zset.Batch{}
	for range 8 {
		for range r.IntN(3) {
			b := keyBatch(r, schema)
			x.Add(b.Cols[:len(shape.Keys)], b.Cols, nil, make([]int32, b.Len))
			for row := range b.Len {
				held[keyText(b.Cols, row)] = b.Gather(new(vec.Mem), []int32{int32(row)})
			}
			evict(s)
		}
		bound := keyBatch(r, schema).Cols[at]
		x.Expire(bound)
		x.Settle()
		maps.DeleteFunc(held, func(_ string, b *zset.Batch) bool { return below(b.Cols[at], 0, bound) })
		if x.Len() != len(held) {
			t.Fatalf("%d rows are left, want %d", x.Len(), len(held))
		}
		rows := make([]int32, 1)
		weight := func() int64 { view := x.Rows(); return *(*int64)(view.Ptr(rows[0])) }
		for _, b := range held { // each is there still: adding nothing to it finds its weight
			if x.Add(b.Cols[:len(shape.Keys)], b.Cols, []int64{0}, rows); weight() < 1 {
				t.Fatal("a row above the bound has expired")
			}
		}
		x.Settle()
		evict(s)
	}
}
