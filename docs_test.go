package sqlstream_test

import (
	"context"
	"os"
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
