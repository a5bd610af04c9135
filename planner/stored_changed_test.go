package planner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/function"
)

// stored plans a query and keeps its plan.
func stored(t *testing.T, p *planner.Planner, text string) []byte {
	t.Helper()
	parsed, err := plantest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q, err := p.Plan(parsed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := q.Stored()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A plan whose table has changed is refused, and the error names the table and what of it is
// another; what the plan does not rest on may change.
func TestPlansOfChangedTablesAreRefused(t *testing.T) {
	const was = "CREATE TABLE t (a INT NOT NULL, b BIGINT, c BIGINT AS (b + 1), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL 5 SECOND, PRIMARY KEY (a)) WITH (append_only = 'true')"
	p := plantest.New()
	define(t, p, was)
	data := stored(t, p, "SELECT a, c FROM t WHERE b > 1")
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"a INT", "a BIGINT", "table t has changed since the query was created: column 1 was (a INT NOT NULL), and is (a BIGINT NOT NULL)"},
		{"b BIGINT, ", "b BIGINT, d INT, ", "column 3 was (c BIGINT), and is (d INT)"},
		{"(b + 1)", "(b + 2)", "it was declared with c AS (b + 1), WATERMARK FOR ts AS ts - INTERVAL 5 SECOND, and is with c AS (b + 2), WATERMARK"},
		{"INTERVAL 5", "INTERVAL 6", "it was declared with"},
		{"append_only = 'true'", "append_only = 'false'", "its rows may be taken back now"},
		{"append_only = 'true'", "append_only = 'true', rows = '7'", ""},
		{"append_only = 'true'", "append_only = 'true', arrival = 'by key'", "its rows arrive in another way"},
		{", PRIMARY KEY (a)", "", "a is no key any more"},
	} {
		now := plantest.New()
		define(t, now, strings.Replace(was, c.from, c.to, 1))
		_, err := now.FromStored(data)
		if got := errorText(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
			t.Errorf("with %s for %s: %s", c.to, c.from, got)
		}
	}
	if _, err := plantest.New().FromStored(data); !strings.Contains(errorText(err), "there is no table or view t any more") {
		t.Error(err)
	}
	view := plantest.New()
	define(t, view, "CREATE VIEW t AS SELECT 1 AS a")
	if _, err := view.FromStored(data); !strings.Contains(errorText(err), "t is a view by now") {
		t.Error(err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// withFunctions is a planner with functions of the program.
func withFunctions(t *testing.T, scalar, aggregate any) *planner.Planner {
	t.Helper()
	p := plantest.New()
	define(t, p, "CREATE TABLE t (a BIGINT, s VARCHAR)")
	if scalar != nil {
		f, err := function.FromGo("twice", scalar)
		if err := errors.Join(err, p.Functions.AddScalar(f)); err != nil {
			t.Fatal(err)
		}
	}
	if aggregate != nil {
		f, err := function.AggregateFromGo("middle", aggregate)
		if err := errors.Join(err, p.Functions.AddAggregate(f)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// A plan that calls a function of the program needs it to be there as it was.
func TestPlansOfChangedFunctionsAreRefused(t *testing.T) {
	twice, middle := func(n int64) int64 { return 2 * n }, func(v []int64) int64 { return v[len(v)/2] }
	data := stored(t, withFunctions(t, twice, middle), "SELECT middle(twice(a)) FROM t GROUP BY s")
	for _, c := range []struct {
		scalar, aggregate any
		want              string
	}{
		{twice, middle, ""},
		{nil, middle, "there is no function twice any more; one that the program adds must be there before the directory is opened"},
		{twice, nil, "there is no aggregate middle any more"},
		{func(s string) int64 { return 0 }, middle, "there is no twice(BIGINT) any more, but twice(VARCHAR)"},
		{func(n int64) string { return "" }, middle, "twice(a) gives a VARCHAR by now, where the plan has a BIGINT"},
		{twice, func(v []int64) string { return "" }, "middle(BIGINT) gives a VARCHAR by now, where the plan has a BIGINT"},
		{twice, func(v []string) int64 { return 0 }, "middle takes VARCHAR, not BIGINT"},
	} {
		_, err := withFunctions(t, c.scalar, c.aggregate).FromStored(data)
		if got := errorText(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// A plan of a later form, and one whose state this version would call otherwise, is refused: its
// state would not be found.
func TestPlansOfOtherVersionsAreRefused(t *testing.T) {
	p := plantest.New()
	define(t, p, "CREATE TABLE t (a INT)")
	data := string(stored(t, p, "SELECT a, count(*) FROM t GROUP BY a"))
	for _, c := range []struct{ from, to, want string }{
		{`"version":1`, `"version":2`, "it has the form 2, and this version of sqlstream reads those up to 1"},
		{`"states":["`, `"states":["0`, "this version of sqlstream would not find the query's state"},
		{`"is":"Scan"`, `"is":"Scan","sampled":true`, `it has "sampled", which this version of sqlstream does not know`},
		{`"is":"Scan"`, `"is":"Sample"`, `there is no kind "Sample" here`},
		{`}`, ``, "it is damaged"},
	} {
		changed := strings.Replace(data, c.from, c.to, 1)
		if _, err := p.FromStored([]byte(changed)); !strings.Contains(errorText(err), c.want) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}

// Two tables of versions are two, also where their columns are alike.
func TestHistoriesOfTwoTablesAreTwo(t *testing.T) {
	p := plantest.New()
	columns := " (item INT, v INT, at TIMESTAMP(3) NOT NULL METADATA FROM 'timestamp', PRIMARY KEY (item)) WITH (arrival = 'by key')"
	define(t, p, "CREATE TABLE a"+columns+"; CREATE TABLE b"+columns+"; CREATE TABLE t (item INT, ts TIMESTAMP(3)) WITH (append_only = 'true')")
	parsed, err := plantest.Parse("SELECT t.item, a.v, b.v AS w FROM t JOIN a FOR SYSTEM_TIME AS OF t.ts ON a.item = t.item JOIN b FOR SYSTEM_TIME AS OF t.ts ON b.item = t.item")
	if err != nil {
		t.Fatal(err)
	}
	q, err := p.Plan(parsed)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Leaves) != 3 {
		t.Errorf("the plan reads %d tables:\n%s", len(q.Leaves), q.Explain(planner.Physical))
	}
}
