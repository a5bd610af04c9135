package statetest

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// checkAddNew holds an Index to the model whose rows are numbered, so that none comes twice, but for
// some that have the number 0: keys of one row and of many, rows that expire by their number, and
// what is beyond memory.
func checkAddNew(t *testing.T, open func() state.Store) {
	text, big := types.Of(types.Varchar), types.Of(types.BigInt)
	for i, shape := range []state.IndexShape{
		{Keys: []types.Type{types.Of(types.TinyInt)}, Columns: []types.Type{types.Of(types.TinyInt), text, big}},
		{Keys: []types.Type{text}, Columns: []types.Type{text, big}},
		{Columns: []types.Type{text, big}, Words: 1},
		{Keys: []types.Type{big, text}, Columns: []types.Type{big, text, big}},
	} {
		shape.Expiry = len(shape.Columns)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			for seed := range raced(5) {
				checkNumbered(t, open(), shape, seed)
			}
		})
	}
}

func checkNumbered(t *testing.T, s state.Store, shape state.IndexShape, seed uint64) {
	r, last := sample.Rand(seed), shape.Expiry-1
	schema := sample.Schema(shape.Columns...)
	c := &indexCheck{
		t: t, x: openIndex(t, s, "x", shape), shape: shape, width: 8 + 8*shape.Words,
		rows: map[string][]int64{}, keys: map[string]string{}, probe: state.NewProbe(1 + r.IntN(100)),
	}
	numbers, number, expired := map[string]int64{}, int64(0), int64(0)
	var before []*zset.Batch
	for range 20 {
		some := keyBatch(r, schema)
		for range r.IntN(5) {
			b := keyBatch(r, schema)
			n, add, step := vec.NewBuilder(schema.Fields[last].Type), c.x.AddNew, int64(1)
			rows, weights := make([]int32, b.Len), make([]int64, b.Len)
			if r.IntN(4) == 0 {
				add, step = c.x.Add, 0
			}
			for i := range b.Len {
				number += step
				vec.Append(n, number*step)
				weights[i] = 1 + r.Int64N(2)
			}
			b.Cols[last] = n.Vec()
			if before = append(before, b); r.IntN(4) == 0 { // those of before are found
				b, add = before[r.IntN(len(before))], c.x.Add
				rows, weights = rows[:0], weights[:0]
				for range b.Len {
					rows, weights = append(rows, 0), append(weights, 1+r.Int64N(2))
				}
			}
			if r.IntN(2) == 0 {
				weights = nil
			}
			add(b.Cols[:len(shape.Keys)], b.Cols, weights, rows)
			for i := range b.Len {
				text := keyText(b.Cols, i)
				if c.rows[text] == nil {
					c.rows[text], c.keys[text] = make([]int64, 1+shape.Words), keyText(b.Cols[:len(shape.Keys)], i)
				}
				if weights != nil {
					c.rows[text][0] += weights[i]
				} else {
					c.rows[text][0]++
				}
				numbers[text] = vec.Slice[int64](b.Cols[last])[i]
			}
			for i, at := range rows {
				c.same(keyText(b.Cols, i), row(c.x.Rows(), at, c.width))
			}
			some = b
			evict(s)
			if r.IntN(2) == 0 {
				c.find(b)
			}
		}
		if r.IntN(4) == 0 {
			expired += r.Int64N(number - expired + 1)
			bound := vec.NewBuilder(schema.Fields[last].Type)
			vec.Append(bound, expired)
			c.x.Expire(bound.Vec())
			for text := range c.rows {
				if numbers[text] < expired {
					c.rows[text][0] = 0
				}
			}
		}
		c.settle(some)
		evict(s)
	}
	c.all()
}
