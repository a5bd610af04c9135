package zset

import (
	"github.com/sqlstream/sqlstream/vec"
)

// Part returns rows [from, to) without copying. from is a multiple of 64.
func (b *Batch) Part(from, to int) *Batch {
	if from == 0 && to == b.Len {
		return b
	}
	out := &Batch{Schema: b.Schema, Len: to - from, Cols: make([]*vec.Vec, len(b.Cols))}
	for i, c := range b.Cols {
		out.Cols[i] = c.Part(from, to)
	}
	if b.Weights != nil {
		out.Weights = b.Weights[from:to]
	}
	return out
}

// Parts calls f with consecutive parts of at most vec.BatchRows rows.
func (b *Batch) Parts(f func(*Batch) error) error {
	for from := 0; from < b.Len; from += vec.BatchRows {
		if err := f(b.Part(from, min(from+vec.BatchRows, b.Len))); err != nil {
			return err
		}
	}
	return nil
}
