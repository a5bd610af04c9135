// Package zset is the data that flows between operators: batches of rows with
// integer weights. A batch is a change (a delta): weight +1 adds a row, -1 takes
// one back, and a table is the sum of its deltas.
package zset

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Batch is columns of equal length and a weight for each row. It is immutable
// once handed on, and its memory belongs to whoever made it: an operator that
// keeps rows beyond its Apply copies them.
type Batch struct {
	Schema  *types.Schema
	Len     int
	Cols    []*vec.Vec
	Weights []int64 // nil: every row has weight +1, which append-only plans never pay for
}

// Weight returns the weight of a row.
func (b *Batch) Weight(row int) int64 {
	if b.Weights == nil {
		return 1
	}
	return b.Weights[row]
}

// Negated is the batch with each weight's sign turned: what takes it back.
func (b *Batch) Negated() *Batch {
	out := *b
	out.Weights = make([]int64, b.Len)
	for i := range out.Weights {
		out.Weights[i] = -b.Weight(i)
	}
	return &out
}

// Retyped returns the same rows under a schema whose types have the same layouts.
func (b *Batch) Retyped(schema *types.Schema) *Batch {
	out := *b
	out.Schema, out.Cols = schema, make([]*vec.Vec, len(b.Cols))
	for i, c := range b.Cols {
		out.Cols[i] = c.Retyped(schema.Fields[i].Type)
	}
	return &out
}

// Gather returns the rows at the positions in sel, in that order, with buffers
// from m.
func (b *Batch) Gather(m *vec.Mem, sel []int32) *Batch {
	out := &Batch{Schema: b.Schema, Len: len(sel), Cols: make([]*vec.Vec, len(b.Cols))}
	for i, c := range b.Cols {
		out.Cols[i] = vec.Gather(m, c, sel)
	}
	if b.Weights != nil {
		out.Weights = vec.Alloc[int64](m, len(sel))
		for i, s := range sel {
			out.Weights[i] = b.Weights[s]
		}
	}
	return out
}

// Size returns the bytes of the texts in the batch.
func (b *Batch) Size() int {
	n := 0
	for _, c := range b.Cols {
		switch {
		case c.Offsets == nil || b.Len == 0:
		case c.Const:
			n += len(c.Data) * b.Len
		default:
			n += int(c.Offsets[b.Len] - c.Offsets[0])
		}
	}
	return n
}

// Clone returns the batch in ordinary Go memory, constants flattened: what
// crosses the public API or outlives its epoch.
func (b *Batch) Clone() *Batch {
	c := NewBuilder(b.Schema)
	c.Append(b, nil)
	return c.Build()
}

// Merge copies batches of one schema to ordinary Go memory: into one, or into as many
// as it takes for the texts of each to stay below limit, where those of the given ones
// do.
func Merge(limit int, batches ...*Batch) []*Batch {
	if len(batches) == 0 {
		return nil
	}
	var out []*Batch
	sum := NewBuilder(batches[0].Schema)
	sum.reserve(batches, 1, limit)
	for i, b := range batches {
		if !sum.Room(b, limit) {
			out, sum = append(out, sum.Build()), NewBuilder(b.Schema)
			sum.reserve(batches[i:], 1, limit)
		}
		sum.Append(b, nil)
	}
	return append(out, sum.Build())
}
