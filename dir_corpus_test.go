package sqlstream_test

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
)

var writeCorpus = flag.Bool("write-corpus", false, "write the directory of queries of this version of the state's format anew; do so before it is released only")

const queriesOfV1 = "testdata/state/v1/queries"

// A directory of queries of every operator that an earlier version has left is opened, and each
// query goes on with what it remembers: whoever changes what an operator keeps is told here.
func TestQueriesOfEarlierVersionsGoOn(t *testing.T) {
	if *writeCorpus {
		writeQueries(t)
	}
	dir := filepath.Join(t.TempDir(), "dir")
	kept, err := zip.OpenReader(filepath.Join(queriesOfV1, "dir.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := os.CopyFS(dir, kept); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	db := opened(t, sqlstream.WithDir(dir), probe.KeepSelects().(sqlstream.Option))
	views := regexp.MustCompile(`(?m)^CREATE MATERIALIZED VIEW (\w+) AS (.*);$`).FindAllStringSubmatch(corpusFile(t, "before.sql"), -1)
	check := func(when string) {
		for _, q := range db.Queries() {
			if st, err := q.Status(); st != sqlstream.Running {
				t.Fatalf("%s query %s is %s: %v", when, q.Name(), st, err)
			}
			if _, ok := q.Resumed(); !ok {
				t.Errorf("query %s has begun anew", q.Name())
			}
		}
		for _, v := range views {
			if got, want := sortedLines(ask(t, db, "SELECT * FROM "+v[1])), sortedLines(ask(t, db, v[2])); got != want {
				t.Errorf("%s %s is\n%s\nand not\n%s", when, v[1], got, want)
			}
		}
	}
	if len(views) < 40 {
		t.Fatalf("%d views", len(views))
	}
	check("as found")
	exec(t, db, corpusFile(t, "after.sql"))
	check("then")
	finals := statements(t, "finals.sql")
	for i := 0; i < len(finals); i += 2 {
		q, ok := queryNamed(db, finalName(i))
		if !ok {
			t.Fatalf("%s is gone", finalName(i))
		}
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := q.Result(t.Context())
		if got, want := sortedLines(text(t, rows, err)), sortedLines(ask(t, db, finals[i+1])); got != want {
			t.Errorf("%s is\n%s\nand not\n%s", finals[i], got, want)
		}
	}
}

func finalName(i int) string { return fmt.Sprint("final", i/2) }

// writeQueries makes the directory: queries that have come to some state, and are stopped with
// the process.
func writeQueries(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	db := opened(t, sqlstream.WithDir(dir), sqlstream.WithParallelism(2), probe.KeepSelects().(sqlstream.Option))
	exec(t, db, corpusFile(t, "before.sql"))
	for i, sql := range statements(t, "finals.sql") {
		if i%2 == 0 {
			start(t, db, sql, sqlstream.WithName(finalName(i)), sqlstream.WithResult())
		}
	}
	for _, q := range db.Queries() {
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(queriesOfV1, "dir.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	if err := errors.Join(z.AddFS(os.DirFS(dir)), z.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func corpusFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(queriesOfV1, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func statements(t *testing.T, name string) []string {
	t.Helper()
	return strings.Split(strings.TrimSuffix(strings.TrimSpace(corpusFile(t, name)), ";"), ";\n")
}
