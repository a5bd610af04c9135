package oracle_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/oracle"
	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/randsql"
	"github.com/sqlstream/sqlstream/internal/sqltest"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/zset"
)

var (
	count = flag.Uint64("queries", 1000, "how many random queries SQLite is asked")
	first = flag.Uint64("seed", 0, "the first seed")
)

// missing are the constructs that may be left out: what SQLite lacks, or means
// something else by. What is not listed here fails the test.
var missing = []string{
	"CAST from ",
	"DISTINCT over a window",
	"GROUP_CONCAT of DISTINCT in an order or with a separator",
	"GROUP_CONCAT over a window",
	"ILIKE",
	"IGNORE NULLS",
	"LATERAL",
	"NULL as an argument of a window's function",
	"a frame of groups without an order",
	"a separator that is no constant",
	"an order in the brackets over a window",
	"an order among rows of equal keys", // it closes ties as it likes
	"arguments of a window's function that are no constants",
	"arithmetic of ",
	"comparisons of rows with ANY or ALL",
	"distances of ",
	"floats that are not finite",
	"intervals of months",
	"numbers of more than 63 bits",
	"operators on bits",
	"the aggregate ", // of another name or meaning
	"the function ",
	"values of ",
	"*logical.Asof",
	"*logical.Lookup", // its answer is of when rows came; the naive evaluator gives it
	"*logical.Expand",
	"*logical.Recursive", // it takes no recursion within a query in FROM
	"*logical.Self",
	"*expr.Regexp",
	"*expr.BitNot",
}

// A tally counts the answers, and what was left out and why.
type tally struct {
	answered int
	left     map[string]int
}

// leave reports that an answer may be left out.
func (c *tally) leave(t *testing.T, err error) bool {
	var m oracle.Missing
	if !errors.As(err, &m) {
		return false
	}
	if !slices.ContainsFunc(missing, func(s string) bool { return strings.HasPrefix(string(m), s) }) {
		t.Errorf("left out, though not listed: %s", string(m))
	}
	c.left[string(m)]++
	return true
}

func (c *tally) report(t *testing.T) {
	t.Logf("%d answers", c.answered)
	for _, reason := range slices.Sorted(maps.Keys(c.left)) {
		t.Logf("%5d left out: %s", c.left[reason], reason)
	}
	if c.answered < 100 {
		t.Error("SQLite was hardly asked")
	}
}

// The result of every query of the test files is SQLite's, after every change.
func TestFiles(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/sql/*.test")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	c := &tally{left: map[string]int{}}
	judge := sqltest.PlanJudge("SQLite", func(ctx context.Context, n logical.Node, tables naive.Tables, _ int64) ([]naive.Row, error) {
		rows, err := oracle.Answer(ctx, n, tables)
		if c.leave(t, err) {
			return nil, sqltest.ErrNoOpinion
		}
		if err != nil {
			t.Error(err)
		}
		c.answered++
		return rows, err
	})
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script, err := sqltest.Parse(path, string(data))
		if err != nil {
			t.Fatal(err)
		}
		r, err := script.Run(t.Context(), sqltest.Variation{Name: "written", Judges: []sqltest.Judge{judge}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Failures {
			t.Errorf("%s:%d: %s", path, f.Line, f.Text)
		}
	}
	c.report(t)
}

// Of random queries SQLite says what the naive evaluator says, which the engine is
// compared with.
func TestRandomQueries(t *testing.T) {
	c := &tally{left: map[string]int{}}
	for seed := *first; seed < *first+*count; seed++ {
		random := randsql.NewCase(seed)
		if err := compare(t, c, random); err != nil {
			small := randsql.Shrink(random, 3000, func(s randsql.Case) bool { return compare(t, &tally{left: map[string]int{}}, s) != nil })
			t.Errorf("seed %d: %v\n%s", seed, compare(t, c, small), small)
		}
	}
	c.report(t)
}

// compare compares the final results. Of a query that fails as written nothing is asked.
func compare(t *testing.T, c *tally, random randsql.Case) error {
	p := plantest.New()
	if err := plantest.Define(p, randsql.DDL); err != nil {
		t.Fatal(err)
	}
	parsed, err := plantest.Parse(random.Query)
	if err != nil {
		return nil
	}
	n, err := p.Bind().Query(parsed)
	if err != nil {
		return nil
	}
	tables := naive.Tables{}
	for _, name := range []string{"t", "u", "w"} {
		e, _ := p.Catalog.Lookup(name)
		b := zset.NewBuilder(e.Schema)
		for _, epoch := range random.Epochs {
			d, err := zset.Parse(e.Schema, strings.Join(epoch[name], "\n"))
			if err != nil {
				t.Fatal(err)
			}
			b.Append(d, nil)
		}
		tables[name] = naive.RowsOf(zset.Consolidate(b.Build()))
	}
	want, err := naive.Answer(n, tables, 0)
	if err != nil {
		return nil
	}
	got, err := oracle.Answer(t.Context(), n, tables)
	if c.leave(t, err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.answered++
	if a, b := keys(want), keys(got); a != b {
		return fmt.Errorf("the naive evaluator says\n%s, SQLite\n%s", a, b)
	}
	return nil
}

func keys(rows []naive.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, "  "+naive.Key(r)+"\n")
	}
	slices.Sort(out)
	return strings.Join(out, "")
}
