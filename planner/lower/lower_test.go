package lower_test

import (
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
)

// states lists the names of a plan's state tables, what reads before what is read.
func states(t *testing.T, p *planner.Planner, text string) []string {
	t.Helper()
	parsed, err := plantest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q, err := p.Plan(parsed)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	seen := map[exec.Plan]bool{}
	var walk func(exec.Plan)
	walk = func(n exec.Plan) {
		if seen[n] {
			return
		}
		seen[n] = true
		if named, ok := n.(*exec.Named); ok {
			out = append(out, named.Name)
		}
		for _, in := range n.Inputs() {
			walk(in)
		}
	}
	walk(q.Physical)
	return out
}

const ddl = `CREATE TABLE t (a INT, b BIGINT, s VARCHAR) WITH (append_only = 'true')`

func newPlanner(t *testing.T, ddl string) *planner.Planner {
	t.Helper()
	p := plantest.New()
	if err := plantest.Define(p, ddl); err != nil {
		t.Fatal(err)
	}
	return p
}

// State is found again after a restart: its name says what is computed, and neither
// where in a plan it stands nor how many workers there are.
func TestStateNamesLast(t *testing.T) {
	const counts = "SELECT a, count(*) AS n FROM t GROUP BY a"
	first := states(t, newPlanner(t, ddl), counts)
	if len(first) != 1 {
		t.Fatalf("state tables %v", first)
	}
	if again := states(t, newPlanner(t, ddl), counts); !slices.Equal(again, first) {
		t.Errorf("planned again the state is %v, not %v", again, first)
	}
	inside := states(t, newPlanner(t, ddl), "SELECT max(n) FROM ("+counts+") x UNION ALL SELECT count(*) FROM t")
	if !slices.Contains(inside, first[0]) {
		t.Errorf("inside another query the state %v is not among %v", first, inside)
	}
	p := newPlanner(t, ddl)
	p.Workers = 4
	if four := states(t, p, counts); !slices.Contains(four, first[0]) {
		t.Errorf("with four workers the state %v is not among %v", first, four)
	}
}

// What computes something else, or on columns of other types, has state of its own.
func TestStateNamesDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, q := range []struct{ ddl, text string }{
		{ddl, "SELECT a, count(*) FROM t GROUP BY a"},
		{ddl, "SELECT b, count(*) FROM t GROUP BY b"},
		{ddl, "SELECT a, count(*), sum(b) FROM t GROUP BY a"},
		{ddl, "SELECT a, count(*) FROM t WHERE b > 1 GROUP BY a"},
		{ddl, "SELECT DISTINCT a FROM t"},
		{`CREATE TABLE t (a VARCHAR, b BIGINT)`, "SELECT a, count(*) FROM t GROUP BY a"},
	} {
		name := states(t, newPlanner(t, q.ddl), q.text)[0]
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s share the state %s", q.text, other, name)
		}
		seen[name] = q.text
	}
}

// Equal parts of a plan are one and have one state, a WITH query that draws lots among
// them; parts that each draw lots are each their own, under names of their own.
func TestEqualPartsAreOne(t *testing.T) {
	p := newPlanner(t, ddl)
	twice := "SELECT a, count(*) FROM t GROUP BY a UNION ALL SELECT a, count(*) FROM t GROUP BY a"
	if got := states(t, p, twice); len(got) != 1 {
		t.Errorf("state tables %v for one aggregate that is read twice", got)
	}
	lots := "SELECT count(r) FROM (SELECT rand() AS r FROM t) x UNION ALL SELECT count(r) FROM (SELECT rand() AS r FROM t) y"
	got := states(t, p, lots)
	if len(got) != 2 || got[0] == got[1] {
		t.Errorf("state tables %v for two aggregates over what is drawn twice", got)
	}
	once := "WITH x AS (SELECT count(r) AS n FROM (SELECT rand() AS r FROM t) y) SELECT n FROM x UNION ALL SELECT n FROM x"
	if got := states(t, p, once); len(got) != 1 {
		t.Errorf("state tables %v for one WITH query that is read twice", got)
	}
}
