package benchmark

import (
	"context"
	"fmt"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// verify runs a query once more, adds up what it puts out, and compares that with the
// answer to the bounded query. Rows that come when they are final may be missing there, and
// then the same query must give the answer in mode UPDATE. The clock stands still, so that
// one that asks for it can be compared.
func (w *Workload) verify(ctx context.Context, q Query, o Options) (ok bool, verdict string, err error) {
	now := time.Now()
	db, err := w.open(ctx, o, 0, sqlstream.WithClock(func() time.Time { return now }))
	if err != nil {
		return false, "", err
	}
	defer db.Close()
	if w.Facts != nil {
		for _, f := range w.Facts(o.Events) {
			if n, err := number(ctx, db, f.Query); err != nil || n != 1 {
				return false, "not so: " + f.What, err
			}
		}
	}
	rows, err := db.Query(ctx, q.SQL)
	if err != nil {
		return false, "", err
	}
	want, err := Whole(rows)
	if err != nil {
		return false, "", err
	}
	got, _, err := sum(ctx, db, q.SQL, q.Mode)
	if err != nil {
		return false, "", err
	}
	missing := ""
	if n := lacks(got, want); q.Mode == "APPEND" && n > 0 {
		all, appendOnly, err := sum(ctx, db, q.SQL, "UPDATE")
		if err != nil {
			return false, "", err
		}
		if !appendOnly {
			got, missing = all, fmt.Sprintf(", %d of %d rows are not final yet", n, weight(want))
		}
	}
	if diff := zset.Consolidate(got, want.Negated()); diff.Len > 0 {
		return false, fmt.Sprintf("%d rows, the bounded query has %d; of the first too many, of the others too few:\n%.1000s", got.Len, want.Len, diff), nil
	}
	return true, "equal" + missing, nil
}

// sum adds up what a query puts out in a mode. appendOnly says that rows are only ever
// added.
func sum(ctx context.Context, db *sqlstream.DB, query, mode string) (got *zset.Batch, appendOnly bool, err error) {
	run, err := db.Start(ctx, query+"\nEMIT "+mode+" TRIGGER AVAILABLE NOW")
	if err != nil {
		return nil, false, err
	}
	b := zset.NewBuilder(run.Schema())
	for c, err := range run.Changes(ctx) {
		if err != nil {
			return nil, false, err
		}
		b.Append(c.Delta, nil)
	}
	return zset.Consolidate(b.Build()), run.AppendOnly(), nil
}

// lacks is how many rows of a batch another does not have, or 0 where it has one that is
// none of them.
func lacks(got, want *zset.Batch) (n int64) {
	diff := zset.Consolidate(got, want.Negated())
	for row := range diff.Len {
		if diff.Weight(row) > 0 {
			return 0
		}
		n -= diff.Weight(row)
	}
	return n
}

// weight is how many rows a batch has, each as often as it is there.
func weight(b *zset.Batch) (n int64) {
	for row := range b.Len {
		n += b.Weight(row)
	}
	return n
}

// Whole reads rows to their end.
func Whole(rows *sqlstream.Rows) (*zset.Batch, error) {
	b := zset.NewBuilder(rows.Schema())
	for batch, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		b.Append(batch, nil)
	}
	return b.Build(), nil
}
