package planner_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/randsql"
	"github.com/sqlstream/sqlstream/internal/tpch"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/types"
)

// lasts plans a query and checks that it survives being stored: read again it prints the same, has
// the same fingerprints and properties node for node, and runs by the same plan with state of the
// same names. A query that is not to be planned is no matter here.
func lasts(t *testing.T, p *planner.Planner, text string) bool {
	t.Helper()
	parsed, err := plantest.Parse(text)
	if err != nil {
		return false
	}
	q, err := p.Plan(parsed)
	if err != nil {
		return false
	}
	if err := p.Lasts(q); err != nil {
		t.Errorf("%s\n%v", text, err)
	}
	return true
}

// Random queries survive being stored.
func TestRandomPlansLast(t *testing.T) {
	planned := 0
	for seed := range uint64(500) {
		p := plantest.New()
		p.Workers = 1 + int(seed%2)
		p.NoRules = seed%5 == 0
		if seed%3 == 0 {
			p.Zone, _ = types.LoadZone(randsql.Zone)
		}
		define(t, p, randsql.DDL)
		if lasts(t, p, randsql.Query(seed)) {
			planned++
		}
	}
	if planned < 470 {
		t.Errorf("%d of 500 random queries have a plan", planned)
	}
}

// Those of TPC-H do.
func TestPlansOfTPCHLast(t *testing.T) {
	p := plantest.New()
	for _, name := range tpch.Tables {
		define(t, p, fmt.Sprintf("CREATE TABLE %s (%s)", name, tpch.Columns[name]))
	}
	for n := 1; n <= 22; n++ {
		if !lasts(t, p, tpch.Query(n)) {
			t.Errorf("query %d has no plan", n)
		}
	}
}

// All queries in the tests of rules, of properties and of EXPLAIN do.
func TestPlansOfTestsLast(t *testing.T) {
	planned := 0
	for _, dir := range []string{"rule/testdata", "testdata/explain", "testdata/properties"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".test") {
				return err
			}
			p := plantest.New()
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd == "ddl" {
					define(t, p, d.Input)
				} else if lasts(t, p, d.Input) {
					planned++
				}
				return d.Expected
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if planned < 250 {
		t.Errorf("%d queries have a plan", planned)
	}
}
