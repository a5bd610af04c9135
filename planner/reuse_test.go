package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
)

// What is kept of a query by one that takes its place, the queries divided by a line ---: the
// old one as it is read after a restart.
func TestReuse(t *testing.T) {
	p := plantest.New()
	datadriven.RunTest(t, "testdata/reuse.test", func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "ddl" {
			define(t, p, d.Input)
			return ""
		}
		before, after, _ := strings.Cut(d.Input, "\n---\n")
		old, err := p.FromStored(stored(t, p, before))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := plantest.Parse(after)
		if err != nil {
			t.Fatal(err)
		}
		next, err := p.Plan(parsed)
		if err != nil {
			t.Fatal(err)
		}
		r := planner.ReuseOf(old, next)
		var b strings.Builder
		if r.Same {
			b.WriteString("the same\n")
		}
		for _, s := range r.Kept {
			fmt.Fprintf(&b, "keeps %s\n", s.Node)
		}
		for _, f := range r.New {
			fmt.Fprintf(&b, "new %s\n", f)
		}
		return b.String()
	})
}
