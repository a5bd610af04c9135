package exec_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// What passes a First holds the first rows of its input, by the keys and then by all
// columns, however the input is cut; and of a long input it is a small part.
func TestFirstPassesTheFirstRows(t *testing.T) {
	schema := sample.Schema(types.Of(types.Int), types.Of(types.Varchar), types.DecimalOf(10, 2))
	for seed := range uint64(6) {
		rng := sample.Rand(seed)
		p := &exec.First{
			Input: &exec.Scan{Table: "t", Out: schema}, Rows: []int{0, 1, 7, 300}[seed%4],
			Keys: []exec.SortKey{{Column: 1, Desc: true}, {Column: 0}}[:seed%3],
		}
		var passed []*zset.Batch
		c, err := exec.NewCircuit(p, exec.CircuitOptions{
			Workers: 1, Stores: []state.Store{memory.New()},
			Out: func(_ int, b *zset.Batch) error {
				keep := zset.NewBuilder(schema)
				keep.Append(b, nil)
				passed = append(passed, keep.Build())
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		all := zset.NewBuilder(schema)
		for epoch := range int64(5) {
			c.Begin(epoch, 0, 0)
			for range 10 {
				b := firstBatch(schema, rng.IntN(400), int64(rng.IntN(1000)))
				all.Append(b, nil)
				if err := c.Push(context.Background(), 0, p.Input.(*exec.Scan), b); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Finish(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		got := zset.NewBuilder(schema)
		for _, b := range passed {
			got.Append(b, nil)
		}
		if want, have := firstRows(all.Build(), p), firstRows(got.Build(), p); !slices.Equal(want, have) {
			t.Errorf("seed %d: the first rows are\n%v\nand of what passed\n%v", seed, want, have)
		}
		if p.Rows == 0 && got.Len() > 0 {
			t.Errorf("seed %d: %d rows passed, and none is shown", seed, got.Len())
		}
	}
}

// firstBatch makes rows of small numbers in no order.
func firstBatch(s *types.Schema, rows int, salt int64) *zset.Batch {
	var text string
	for i := range int64(rows) {
		v := (i*7919 + salt*104729) % 997
		text += fmt.Sprintf("+1 %d k%d %d.25\n", v%50, v%13, v)
	}
	b, err := zset.Parse(s, text)
	if err != nil {
		panic(err)
	}
	return b
}

// firstRows sorts everything and takes the first rows.
func firstRows(b *zset.Batch, p *exec.First) []string {
	order := make([]int, b.Len)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		for _, k := range p.Keys {
			c := zset.CompareValues(b.Cols[k.Column], i, b.Cols[k.Column], j)
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return zset.CompareRows(b.Cols, i, b.Cols, j)
	})
	var out []string
	for _, i := range order[:min(p.Rows, len(order))] {
		row := zset.NewBuilder(b.Schema)
		row.AppendRow(b, i, 1)
		out = append(out, row.Build().String())
	}
	return out
}
