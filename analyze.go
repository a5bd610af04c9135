package sqlstream

import (
	"context"
	"fmt"
	"time"

	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/stream"
)

// analyze runs a bounded query to its end and shows what passed each node.
func (db *DB) analyze(ctx context.Context, st *sql.Explain) (string, error) {
	sel, ok := st.Statement.(*sql.Select)
	if !ok || sel.Tail.Emit {
		return "", st.Errorf(st.Statement.Base().Start, "EXPLAIN ANALYZE takes a query without EMIT").
			WithHint("a running query shows its rows in SHOW QUERIES and SHOW STATE")
	}
	p, err := db.planning().Plan(sel.Query)
	if err != nil {
		return "", err
	}
	run, err := db.startBounded(ctx, p, true, func(spec *stream.Spec) { spec.Metered = true })
	if err != nil {
		return "", placed(&st.Common, err)
	}
	defer db.engine.Forget(run)
	if err := completed(ctx, run); err != nil {
		return "", placed(&st.Common, err)
	}
	return p.Explain(planner.Physical) + "\n" + operators(run.Stats()), nil
}

// operators tells what each operator of a query has done and what it keeps. The time is
// its own, of all workers; reading and decoding are not among it.
func operators(stats []stream.NodeStats) string {
	out := fmt.Sprintf("  %10s %10s %12s %10s %12s  %s\n", "rows in", "rows out", "time", "state rows", "state bytes", "operator")
	for _, n := range stats {
		out += fmt.Sprintf("  %10d %10d %12s %10d %12d  %s\n", n.RowsIn, n.RowsOut, n.Time.Round(time.Microsecond), n.StateRows, n.StateBytes, n.Plan)
	}
	return out
}
