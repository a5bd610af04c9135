package sqltest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sqltest"
)

var (
	rewrite = flag.Bool("rewrite", false, "write what the commands print into the files")
	recut   = flag.Int("recut", 4, "how many seeds every file's rows are cut by")
	product = flag.Bool("all", false, "run every file in all combinations of variations")
	restart = flag.Uint64("restart", 0, "the seed of all variations with restarts, other than their own")
)

func variations() []sqltest.Variation {
	list := sqltest.Variations(*recut)
	if *product {
		list = sqltest.AllVariations(*recut)
	}
	for i := range list {
		if *restart > 0 && list[i].Restart > 0 {
			list[i].Restart = *restart
		}
	}
	return list
}

// Every file holds in every variation: rows cut into epochs at random, with two
// workers, without the optimiser's rules.
func TestFiles(t *testing.T) {
	for _, dir := range []string{"sql", "error"} {
		paths, err := filepath.Glob(filepath.Join("../../testdata", dir, "*.test"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, path := range paths {
			t.Run(dir+"/"+strings.TrimSuffix(filepath.Base(path), ".test"), func(t *testing.T) { runFile(t, path) })
		}
	}
}

func runFile(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script, err := sqltest.Parse(path, string(data))
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		r := run(t, script, sqltest.Variation{Name: "written"})
		if err := os.WriteFile(path, []byte(script.Format(r.Got)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, v := range variations() {
		t.Run(v.Name, func(t *testing.T) {
			for _, f := range run(t, script, v).Failures {
				t.Errorf("%s:%d: %s", path, f.Line, f.Text)
			}
		})
	}
}

func run(t *testing.T, script *sqltest.Script, v sqltest.Variation) sqltest.Report {
	t.Helper()
	r, err := script.Run(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
