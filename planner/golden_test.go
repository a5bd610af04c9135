package planner_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/types"
)

// names are those of a query's state, a line each with the node that it is of.
func names(q *planner.Query) string {
	var b strings.Builder
	for _, s := range q.States {
		b.WriteString(s.Name + " " + strings.Fields(s.Node.String())[0] + "\n")
	}
	return b.String()
}

// corpus calls f for each plan of testdata/stored, with a planner that it is of and the
// text that version 1 has kept of it.
func corpus(t *testing.T, f func(d *datadriven.TestData, p *planner.Planner, kept string) string) {
	p := plantest.New()
	run := func(d *datadriven.TestData) string {
		if d.Cmd == "ddl" {
			if err := plantest.Define(p, d.Input); err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			return ""
		}
		q := *p
		q.NoRules = d.HasArg("no-rules")
		if d.HasArg("berlin") {
			q.Zone, _ = types.LoadZone("Europe/Berlin")
		}
		d.MaybeScanArgs(t, "workers", &q.Workers)
		return f(d, &q, filepath.Join("testdata", "stored", "v1", d.CmdArgs[0].Key+".json"))
	}
	datadriven.RunTest(t, filepath.Join("testdata", "stored", "plans.test"), func(_ *testing.T, d *datadriven.TestData) string { return run(d) })
}

// What a version has kept is read by all later ones, and its state has the names that it had.
// With -rewrite, plans that are new are kept.
func TestOldPlansLast(t *testing.T) {
	corpus(t, func(d *datadriven.TestData, p *planner.Planner, kept string) string {
		parsed, err := plantest.Parse(d.Input)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		planned, err := p.Plan(parsed)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		if d.HasArg("unique") {
			planned = planned.Unique([]int{0}, "results")
		}
		if final, ok := planned.Final(); ok {
			planned = final
		}
		if err := p.Lasts(planned); err != nil {
			t.Errorf("%s: %v", d.Pos, err)
		}
		data, err := os.ReadFile(kept)
		if rewrite := flag.Lookup("rewrite"); errors.Is(err, fs.ErrNotExist) && rewrite != nil && rewrite.Value.String() == "true" {
			if data, err = planned.Stored(); err == nil {
				err = os.WriteFile(kept, data, 0o644)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		q, err := p.FromStored(data)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		if d.HasArg("workers") { // the plan with which they have begun
			return names(q) + q.Explain(planner.Physical)
		}
		return names(q)
	})
}
