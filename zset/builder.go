package zset

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Builder makes a batch row by row or from pieces of others, in memory of its
// own that Reset reuses.
type Builder struct {
	Schema  *types.Schema
	Cols    []*vec.Builder // append one value to each, then EndRow
	n       int
	weights []int64 // empty while every weight is +1
}

// NewBuilder returns an empty builder.
func NewBuilder(s *types.Schema) *Builder {
	b := &Builder{Schema: s, Cols: make([]*vec.Builder, s.Len())}
	for i, f := range s.Fields {
		b.Cols[i] = vec.NewBuilder(f.Type)
	}
	return b
}

// Len returns the number of rows ended.
func (b *Builder) Len() int { return b.n }

// Size returns the bytes of the values so far.
func (b *Builder) Size() int {
	n := 8 * len(b.weights)
	for _, c := range b.Cols {
		n += c.Size()
	}
	return n
}

// EndRow ends a row of weight +1.
func (b *Builder) EndRow() { b.EndRowWeight(1) }

// EndRowWeight ends a row of weight w.
func (b *Builder) EndRowWeight(w int64) {
	if w != 1 || len(b.weights) > 0 {
		b.fillWeights()
		b.weights = append(b.weights, w)
	}
	b.n++
}

// EndRows ends n rows of weight +1 whose values were appended by column.
func (b *Builder) EndRows(n int) {
	b.n += n
	if len(b.weights) > 0 {
		b.fillWeights()
	}
}

func (b *Builder) fillWeights() {
	for len(b.weights) < b.n {
		b.weights = append(b.weights, 1)
	}
}

// AbortRow takes back the values appended since the last row's end.
func (b *Builder) AbortRow() {
	for _, c := range b.Cols {
		c.Truncate(b.n)
	}
}

// Truncate drops all but the first n rows, and what was appended since the last
// row's end.
func (b *Builder) Truncate(n int) {
	b.n = n
	b.weights = b.weights[:min(len(b.weights), n)]
	b.AbortRow()
}

// Append copies the rows of x at the positions in sel, all of them when sel is
// nil. The schemas must have the same layouts.
func (b *Builder) Append(x *Batch, sel []int32) {
	for i, c := range b.Cols {
		c.AppendVec(x.Cols[i], sel)
	}
	n := x.Len
	if sel != nil {
		n = len(sel)
	}
	if x.Weights == nil {
		b.EndRows(n)
		return
	}
	b.fillWeights()
	if sel == nil {
		b.weights = append(b.weights, x.Weights...)
	}
	for _, s := range sel {
		b.weights = append(b.weights, x.Weights[s])
	}
	b.n += n
}

// appendWeighted copies the rows of x at the positions in sel with weights of
// their own.
func (b *Builder) appendWeighted(x *Batch, sel []int32, weights []int64) {
	for i, c := range b.Cols {
		c.AppendVec(x.Cols[i], sel)
	}
	plain := len(b.weights) == 0
	for i := 0; plain && i < len(weights); i++ {
		plain = weights[i] == 1
	}
	if plain {
		b.n += len(weights)
		return
	}
	b.fillWeights()
	b.weights = append(b.weights, weights...)
	b.n += len(weights)
}

// reserve makes room for a share of the rows of batches, and for texts of no more than limit.
func (b *Builder) reserve(batches []*Batch, share float64, limit int) {
	for i, c := range b.Cols {
		rows, bytes := 0, 0
		for _, x := range batches {
			rows += x.Len
			if v := x.Cols[i]; x.Len > 0 && v.Offsets != nil && !v.Const {
				bytes += int(v.Offsets[x.Len] - v.Offsets[0])
			}
		}
		c.Reserve(int(share*float64(rows)), min(int(share*float64(bytes)), limit))
	}
}

// AppendRow copies one row of x with weight w.
func (b *Builder) AppendRow(x *Batch, row int, w int64) {
	for i, c := range b.Cols {
		c.AppendRow(x.Cols[i], row)
	}
	b.EndRowWeight(w)
}

// Room reports whether the texts of x can be appended and all texts stay below
// limit; an empty builder takes anything.
func (b *Builder) Room(x *Batch, limit int) bool {
	return b.n == 0 || b.Size()+x.Size() <= limit
}

// Build returns the rows so far. The batch shares the builder's memory: it is
// good until the builder's next append or Reset.
func (b *Builder) Build() *Batch {
	out := &Batch{Schema: b.Schema, Len: b.n, Cols: make([]*vec.Vec, len(b.Cols))}
	for i, c := range b.Cols {
		out.Cols[i] = c.Vec()
	}
	if len(b.weights) > 0 {
		b.fillWeights()
		out.Weights = b.weights
	}
	return out
}

// Reset empties the builder; batches built from it lose their content.
func (b *Builder) Reset() {
	for _, c := range b.Cols {
		c.Reset()
	}
	b.n, b.weights = 0, b.weights[:0]
}
