package benchmark

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// Equal is the verdict of a query that put out what it had to.
const Equal = "equal"

// verify runs a query once more, adds up what it puts out, and compares that with the
// answer to the bounded query.
func (w *Workload) verify(ctx context.Context, q Query, o Options) (string, error) {
	db, err := w.open(ctx, o, 0)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if w.Facts != nil {
		for _, f := range w.Facts(o.Events) {
			if ok, err := number(ctx, db, f.Query); err != nil || ok != 1 {
				return "not so: " + f.What, err
			}
		}
	}
	run, err := db.Start(ctx, q.SQL+"\nEMIT "+q.Mode+" TRIGGER AVAILABLE NOW")
	if err != nil {
		return "", err
	}
	sum := zset.NewBuilder(run.Schema())
	for c, err := range run.Changes(ctx) {
		if err != nil {
			return "", err
		}
		sum.Append(c.Delta, nil)
	}
	rows, err := db.Query(ctx, q.SQL)
	if err != nil {
		return "", err
	}
	want, err := whole(rows)
	if err != nil {
		return "", err
	}
	got := zset.Consolidate(sum.Build())
	diff := zset.Consolidate(got, negated(want))
	if diff.Len == 0 {
		return Equal, nil
	}
	return fmt.Sprintf("%d rows, the bounded query has %d; of the first too many, of the others too few:\n%.1000s", got.Len, want.Len, diff), nil
}

func whole(rows *sqlstream.Rows) (*zset.Batch, error) {
	b := zset.NewBuilder(rows.Schema())
	for batch, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		b.Append(batch, nil)
	}
	return b.Build(), nil
}

func negated(b *zset.Batch) *zset.Batch {
	out := *b
	out.Weights = make([]int64, b.Len)
	for i := range out.Weights {
		out.Weights[i] = -b.Weight(i)
	}
	return &out
}
