package sqlstream_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// The examples of docs/sql.md under Constructs run, asked once and as continuous queries.
func TestConstructs(t *testing.T) {
	ctx := context.Background()
	page, err := os.ReadFile("docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(page), "\n### Constructs\n")
	part, _, ends := strings.Cut(part, "\n### ")
	if !found || !ends {
		t.Fatal("docs/sql.md has no section Constructs")
	}
	db, err := sqlstream.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(part, -1)
	for i, b := range blocks {
		for _, st := range strings.Split(strings.TrimSpace(b[1]), ";\n") {
			st = strings.TrimSuffix(st, ";")
			if i == 0 {
				if err := db.Exec(ctx, st); err != nil {
					t.Fatalf("%s: %v", st, err)
				}
				continue
			}
			if n := countRows(t, db, st); n == 0 {
				t.Errorf("no rows: %s", st)
			}
			q, err := db.Start(ctx, st+" EMIT UPDATE")
			if err != nil {
				t.Errorf("%s: %v", st, err)
				continue
			}
			if err := q.ProcessAllAvailable(ctx); err != nil {
				t.Errorf("%s: %v", st, err)
			}
		}
	}
	if len(blocks) < 8 {
		t.Errorf("only %d examples", len(blocks))
	}
}

func countRows(t *testing.T, db *sqlstream.DB, query string) int {
	rows, err := db.Query(context.Background(), query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return 1
	}
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", query, err)
	}
	return n
}

// The query of examples/wordcount counts words.
func TestWordCount(t *testing.T) {
	ctx := context.Background()
	text, err := os.ReadFile("examples/wordcount/wordcount.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlstream.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table, query, _ := strings.Cut(strings.Replace(string(text), "text.txt", "examples/wordcount/text.txt", 1), ";")
	if err := db.Exec(ctx, table); err != nil {
		t.Fatal(err)
	}
	q, err := db.Start(ctx, strings.TrimSuffix(strings.TrimSpace(query), ";"))
	if err != nil {
		t.Fatal(err)
	}
	<-q.Done()
	rows, err := q.Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for b, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		got += b.String()
	}
	if want := "+1 to 4\n+1 the 3\n+1 be 2\n+1 of 2\n+1 or 2\n"; got != want {
		t.Errorf("it counts %q, not %q", got, want)
	}
}

// Every failure of docs/operations.md has a test that there is.
func TestFailuresHaveTests(t *testing.T) {
	page, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| shown by |\n|---|---|---|---|\n")
	table, _, found := strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		names := regexp.MustCompile(`\| (Test\w+(, Test\w+)*) \|\n?$`).FindStringSubmatch(row)
		if names == nil {
			t.Errorf("no test shows %s", row)
			continue
		}
		for _, name := range strings.Split(names[1], ", ") {
			if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if !found || strings.Count(table, "\n") < 20 {
		t.Error("the table of failures is not found")
	}
}
