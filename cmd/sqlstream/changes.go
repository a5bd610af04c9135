package main

import (
	"context"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// printChanges prints what a continuous query puts out until it ends. A query that
// only adds rows gives them as they are, one in mode COMPLETE its whole result each
// time it changes, any other a changelog.
func (o *output) printChanges(ctx context.Context, q *sqlstream.Query) error {
	r := o.open(heading{schema: q.Schema(), continuous: true, changelog: !q.AppendOnly()})
	shown := int64(-1) // the last epoch printed in mode COMPLETE
	for c, err := range q.Changes(ctx) {
		if err != nil {
			return err
		}
		if q.Mode() != sqlstream.Complete {
			if err := r.write(changed(q, c)); err != nil {
				return err
			}
			continue
		}
		if c.Epoch <= shown {
			continue // printed already, with what a later epoch made of it
		}
		whole, err := q.Result(ctx)
		if err != nil {
			return err
		}
		shown = whole.Epoch()
		if err := r.writeResult(whole); err != nil {
			return err
		}
	}
	return r.close()
}

func changed(q *sqlstream.Query, c sqlstream.Change) *chunk {
	if q.AppendOnly() {
		return wholeChunk(c.Delta)
	}
	return changelog(c, q.Key())
}

// writeResult prints a whole result as one epoch's output.
func (r *result) writeResult(rows *sqlstream.Rows) error {
	for b, err := range rows.Batches() {
		if err != nil {
			return err
		}
		c := wholeChunk(b)
		c.epoch = rows.Epoch()
		for range c.rows {
			c.ops = append(c.ops, "+I")
		}
		if err := r.write(c); err != nil {
			return err
		}
	}
	return nil
}

// changelog puts an epoch's changes in order: for every key first the row taken back
// and then the one put in its place (-U, +U); a row that takes no other's place is +I,
// one that leaves its place empty -D. Without a unique key nothing says which row
// takes which one's place, and there are only -D and then +I.
func changelog(c sqlstream.Change, key []int) *chunk {
	out := &chunk{batch: c.Delta, epoch: c.Epoch}
	add := func(row int, op string) {
		w := c.Delta.Weight(row)
		for range max(w, -w) {
			out.rows, out.ops = append(out.rows, int32(row)), append(out.ops, op)
		}
	}
	partner := partners(c.Delta, key)
	for row := range c.Delta.Len {
		if c.Delta.Weight(row) > 0 {
			continue
		}
		if to := partner[row]; to >= 0 {
			add(row, "-U")
			add(to, "+U")
		} else {
			add(row, "-D")
		}
	}
	for row := range c.Delta.Len {
		if c.Delta.Weight(row) > 0 && partner[row] < 0 {
			add(row, "+I")
		}
	}
	return out
}

// partners finds for each row the one of opposite sign with the same key, else -1.
func partners(b *zset.Batch, key []int) []int {
	partner := make([]int, b.Len)
	for i := range partner {
		partner[i] = -1
	}
	if key == nil {
		return partner
	}
	cols := make([]*vec.Vec, len(key))
	for i, c := range key {
		cols[i] = b.Cols[c]
	}
	seen := make(map[string]int, b.Len)
	for row := range b.Len {
		k := string(zset.AppendKey(nil, cols, row))
		if other, ok := seen[k]; ok && (b.Weight(other) > 0) != (b.Weight(row) > 0) {
			partner[row], partner[other] = other, row
		}
		seen[k] = row
	}
	return partner
}
