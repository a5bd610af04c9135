package statetest

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// checkApart holds an Index of rows that are numbered, so that none comes twice, to the model:
// keys of one row and of many, rows that expire by their number, and what is beyond memory.
func checkApart(t *testing.T, open func() state.Store) {
	text, big := types.Of(types.Varchar), types.Of(types.BigInt)
	for i, shape := range []state.IndexShape{
		{Keys: []types.Type{types.Of(types.TinyInt)}, Columns: []types.Type{types.Of(types.TinyInt), text, big}},
		{Keys: []types.Type{text}, Columns: []types.Type{text, big}},
		{Columns: []types.Type{text, big}, Words: 1},
		{Keys: []types.Type{big, text}, Columns: []types.Type{big, text, big}},
	} {
		shape.Apart, shape.Expiry = true, len(shape.Columns)
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
	for range 20 {
		some := keyBatch(r, schema)
		for range r.IntN(5) {
			b := keyBatch(r, schema)
			n := vec.NewBuilder(schema.Fields[last].Type)
			rows, weights := make([]int32, b.Len), make([]int64, b.Len)
			for i := range b.Len {
				number++
				vec.Append(n, number)
				weights[i] = 1 + r.Int64N(2)
			}
			b.Cols[last] = n.Vec()
			if r.IntN(2) == 0 {
				weights = nil
			}
			c.x.Add(b.Cols[:len(shape.Keys)], b.Cols, weights, rows)
			for i := range b.Len {
				text := keyText(b.Cols, i)
				c.rows[text], c.keys[text] = make([]int64, 1+shape.Words), keyText(b.Cols[:len(shape.Keys)], i)
				if c.rows[text][0] = 1; weights != nil {
					c.rows[text][0] = weights[i]
				}
				numbers[text] = number - int64(b.Len-1-i)
				c.same(text, row(c.x.Rows(), rows[i], c.width))
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
