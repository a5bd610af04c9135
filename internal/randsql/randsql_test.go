package randsql_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/randsql"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/zset"
)

var (
	first    = flag.Uint64("seed", 0, "the first seed")
	count    = flag.Uint64("queries", 2000, "how many random queries to run")
	views    = flag.Uint64("views", 60, "how many queries over random views to run")
	duration = flag.Duration("for", 0, "run random queries for so long, however many they are")
)

// A way is how a query is planned and run. All must agree with the naive evaluator.
type way struct {
	name    string
	workers int
	noRules bool
}

var ways = []way{
	{"one worker", 1, false},
	{"one worker, no rules", 1, true},
	{"two workers", 2, false},
	{"two workers, no rules", 2, true},
}

// After every epoch the sum of what a query has put out is what the naive evaluator says
// of the rows that are there, with and without rules, by one worker and by two.
func TestRandomQueries(t *testing.T) {
	begin, failed, planned := time.Now(), 0, 0
	for seed := *first; seed < *first+*count || time.Since(begin) < *duration; seed++ {
		c := randsql.NewCase(seed)
		err := check(c)
		var refused *refusal
		if errors.As(err, &refused) {
			t.Errorf("seed %d is refused: %v\n%s", seed, err, c.Query)
			if failed++; failed > 10 {
				t.Fatal("too many")
			}
			continue
		}
		planned++
		if err == nil {
			continue
		}
		small := randsql.Shrink(c, 5000, fails)
		t.Errorf("seed %d: %v\n%s\n%s", seed, check(small), small, explained(small.Query))
		if failed++; failed >= 5 {
			t.Fatalf("%d of %d queries failed", failed, planned)
		}
	}
}

// fails reports that a case shows a fault: a refusal is none.
func fails(c randsql.Case) bool {
	err := check(c)
	var refused *refusal
	return err != nil && !errors.As(err, &refused) && !errors.Is(err, naive.ErrUnknown)
}

// A refusal is a query that cannot be planned.
type refusal struct{ error }

func newPlanner() (*planner.Planner, error) {
	p := plantest.New()
	z, err := types.LoadZone(randsql.Zone)
	if err != nil {
		return nil, err
	}
	p.Zone = z
	return p, plantest.Define(p, randsql.DDL)
}

func explained(query string) (out string) {
	defer func() {
		if p := recover(); p != nil {
			out = fmt.Sprintf("panic: %v", p)
		}
	}()
	p, err := newPlanner()
	if err != nil {
		return err.Error()
	}
	parsed, err := plantest.Parse(query)
	if err != nil {
		return err.Error()
	}
	q, err := p.Plan(parsed)
	if err != nil {
		return err.Error()
	}
	return q.Explain(planner.Logical)
}

// check runs a case in every way.
func check(c randsql.Case) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	p, err := newPlanner()
	if err != nil {
		return err
	}
	parsed, err := plantest.Parse(c.Query)
	if err != nil {
		return &refusal{err}
	}
	q, err := p.Plan(parsed)
	if err != nil {
		return &refusal{err}
	}
	epochs, err := feeds(p, q, c)
	if errors.Is(err, naive.ErrLong) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, w := range ways {
		if err := checkWay(p, parsed, epochs, w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// A feed is an epoch's changes, and what the result is after it; or that the query
// fails.
type feed struct {
	deltas map[string]*zset.Batch
	want   []naive.Row
	fails  bool
}

// feeds has the naive evaluator answer the query after every epoch.
func feeds(p *planner.Planner, q *planner.Query, c randsql.Case) ([]feed, error) {
	tables := map[string]*zset.Builder{}
	for _, name := range randsql.Tables {
		e, _ := p.Catalog.Lookup(name)
		tables[name] = zset.NewBuilder(e.Schema)
	}
	var out []feed
	var course naive.Course
	for i, e := range c.Epochs {
		f := feed{deltas: map[string]*zset.Batch{}}
		rows := naive.Tables{}
		for name, b := range tables {
			d, err := zset.Parse(b.Schema, strings.Join(e[name], "\n"))
			if err != nil {
				return nil, err
			}
			f.deltas[name] = d
			b.Append(d, nil)
			if name == randsql.Versions {
				rows[naive.VersionsOf(name)] = versions(b.Build())
				continue
			}
			rows[name] = naive.RowsOf(zset.Consolidate(b.Build()))
		}
		want, err := course.Answer(q.Bound, rows, randsql.Now(i))
		if errors.Is(err, naive.ErrUnknown) || errors.Is(err, naive.ErrLong) {
			return nil, err
		}
		f.want, f.fails = want, err != nil
		out = append(out, f)
	}
	return out, nil
}

// versions are records of the table of versions, whether each takes its row away last.
func versions(records *zset.Batch) []naive.Row {
	var out []naive.Row
	for i := range records.Len {
		var row naive.Row
		for _, v := range records.Cols {
			row = append(row, expr.LiteralAt(v, i).Value)
		}
		out = append(out, append(row, records.Weight(i) < 0))
	}
	return out
}

// checkWay runs a query in one way. Where the query as written fails nothing is asked:
// rules may have left out what does. A subquery of several rows in the place of a value
// fails whether a row asks for its value or not.
func checkWay(p *planner.Planner, parsed *sql.Query, epochs []feed, w way) error {
	mine := *p
	mine.Workers, mine.NoRules = w.workers, w.noRules
	q, err := mine.Running(parsed)
	if err != nil {
		return &refusal{err}
	}
	r, err := start(q, w.workers)
	if err != nil {
		return err
	}
	for i, f := range epochs {
		err := r.epoch(i, f.deltas)
		if f.fails || err != nil && strings.HasSuffix(err.Error(), "gave more than one row") {
			return nil
		}
		if err == nil {
			err = r.same(q, f.want)
		}
		if err != nil {
			return fmt.Errorf("epoch %d: %w", i+1, err)
		}
	}
	return nil
}

// A run is a query running.
type run struct {
	q       *planner.Query
	circuit *exec.Circuit
	workers int
	out     *zset.Builder
}

func start(q *planner.Query, workers int) (*run, error) {
	r := &run{q: q, workers: workers, out: zset.NewBuilder(q.Schema)}
	stores := make([]state.Store, workers)
	for i := range stores {
		stores[i] = memory.New()
	}
	var err error
	lock := make(chan struct{}, 1)
	r.circuit, err = exec.NewCircuit(q.Physical, exec.CircuitOptions{Workers: workers, Stores: stores, Out: func(_ int, b *zset.Batch) error {
		lock <- struct{}{}
		defer func() { <-lock }()
		r.out.Append(b, nil)
		return nil
	}})
	return r, err
}

// epoch feeds changes, in several pieces and to all workers.
func (r *run) epoch(n int, deltas map[string]*zset.Batch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx := context.Background()
	r.circuit.Begin(int64(n), randsql.Now(n), 7)
	for _, leaf := range r.q.Leaves {
		rows := leaf.Rows
		if rows == nil {
			table := deltas[strings.ToLower(leaf.Relation.Name)]
			rows = &zset.Batch{Schema: leaf.Scan.Out, Len: table.Len, Weights: table.Weights}
			for _, c := range leaf.Scan.Columns {
				rows.Cols = append(rows.Cols, table.Cols[c])
			}
		} else if n > 0 {
			continue
		}
		for i := range rows.Len {
			one := zset.NewBuilder(rows.Schema)
			one.Append(rows, []int32{int32(i)})
			if err := r.circuit.Push(ctx, i%r.workers, leaf.Scan, one.Build()); err != nil {
				return err
			}
		}
	}
	return r.circuit.Finish(ctx)
}

// same compares what was put out so far with the rows that there should be.
func (r *run) same(q *planner.Query, want []naive.Row) error {
	sum := zset.Consolidate(r.out.Build())
	for i := range sum.Len {
		if sum.Weight(i) < 0 {
			return fmt.Errorf("a row has weight %d:\n%s", sum.Weight(i), sum)
		}
	}
	got := naive.RowsOf(q.Present(sum))
	visible := q.Visible().Len()
	var shown []naive.Row
	for _, r := range want {
		shown = append(shown, r[:visible])
	}
	a, b := keys(got), keys(shown)
	if !slices.Equal(a, b) {
		return fmt.Errorf("the result is\n  %s\nand should be\n  %s", strings.Join(a, "\n  "), strings.Join(b, "\n  "))
	}
	return nil
}

func keys(rows []naive.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, naive.Key(r))
	}
	slices.Sort(out)
	return out
}
