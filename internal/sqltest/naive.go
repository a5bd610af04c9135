package sqltest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// mostRows is how many rows of input the naive evaluator judges: it may look at every
// pair of them. Larger inputs are judged by the bounded query alone.
const mostRows = 2000

// ErrNoOpinion is what a judge says of a query that it does not judge.
var ErrNoOpinion = errors.New("no opinion")

// A wrongQuery is what a judge says of a query that fails as it is written. Rules may
// leave out what fails.
type wrongQuery struct{ error }

// Naive is the judge that answers the plan as it is bound, row by row, before any rule
// has seen it.
var Naive = PlanJudge("the naive evaluator", func(_ context.Context, n logical.Node, tables naive.Tables, now int64) ([]naive.Row, error) {
	return naive.Answer(n, tables, now)
})

// PlanJudge is a judge of what a plan means as it is bound, over the rows that its
// tables hold, and what the clock shows. Its answer may be ErrNoOpinion.
func PlanJudge(name string, answer func(_ context.Context, n logical.Node, tables naive.Tables, now int64) ([]naive.Row, error)) Judge {
	return Judge{name, func(ctx context.Context, db *sqlstream.DB, query string) (*zset.Batch, error) {
		st, err := sql.ParseOne("", query)
		if err != nil {
			return nil, err
		}
		inside := probe.Look(db)
		if inside.ErrorIsNull {
			return nil, ErrNoOpinion
		}
		q, err := inside.Planner.Plan(st.(*sql.Select).Query)
		if err != nil {
			return nil, err
		}
		tables, err := tablesOf(ctx, db, q.Bound)
		if err != nil {
			return nil, err
		}
		rows, err := answer(ctx, q.Bound, tables, inside.Now)
		switch {
		case errors.Is(err, naive.ErrLong):
			return nil, ErrNoOpinion
		case errors.Is(err, naive.ErrUnknown), errors.Is(err, ErrNoOpinion):
			return nil, err
		case err != nil:
			return nil, &wrongQuery{err}
		}
		return naive.Batch(q.Visible(), rows), nil
	}}
}

// wholeOf asks for all that a relation holds, its columns in order.
func wholeOf(r *logical.Relation) string {
	name := "`" + strings.ReplaceAll(r.Name, "`", "``") + "`"
	if r.ErrorsOf != "" {
		return "SELECT * FROM ERRORS(`" + strings.ReplaceAll(r.ErrorsOf, "`", "``") + "`)"
	}
	if r.LateOf == "" {
		return "SELECT * FROM " + name
	}
	columns := make([]string, r.Schema.Len())
	for i, f := range r.Schema.Fields {
		columns[i] = "`" + strings.ReplaceAll(f.Name, "`", "``") + "`"
	}
	return fmt.Sprintf("SELECT %s FROM LATE(`%s`)", strings.Join(columns, ", "), strings.ReplaceAll(r.LateOf, "`", "``"))
}

// tablesOf reads what a plan reads.
func tablesOf(ctx context.Context, db *sqlstream.DB, n logical.Node) (naive.Tables, error) {
	tables, total := naive.Tables{}, 0
	for _, r := range naive.Relations(n) {
		rows, err := db.Query(ctx, wholeOf(r))
		if err != nil {
			return nil, err
		}
		all, err := collect(rows)
		if err != nil {
			return nil, err
		}
		if len(all.Cols) != r.Schema.Len() {
			return nil, fmt.Errorf("%s has %d columns, and SELECT * %d", r.Name, r.Schema.Len(), len(all.Cols))
		}
		list := naive.RowsOf(all)
		tables[strings.ToLower(r.Name)] = list
		if total += len(list); total > mostRows {
			return nil, ErrNoOpinion
		}
	}
	return tables, nil
}
