package bind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/sql"
)

// Whatever can be parsed is bound or refused with a place in the text, and never
// ends in a panic.
func FuzzBind(f *testing.F) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(raw), "\n") {
			if strings.HasPrefix(line, "SELECT ") || strings.HasPrefix(line, "WITH ") || strings.HasPrefix(line, "VALUES ") {
				f.Add(line)
			}
		}
	}
	for _, s := range []string{
		"SELECT l[1], k['x'], (r).y[1], t.r.x, CARDINALITY(l), ARRAY[a, 1], MAP['a', a], ROW(a, s) FROM t",
		"SELECT * FROM t, UNNEST(l) WITH ORDINALITY AS u (v, i), UNNEST((r).y) AS w WHERE l = ARRAY[1, NULL] ORDER BY r, l",
		"SELECT l, COUNT(*) FROM t GROUP BY l, r UNION ALL SELECT CAST('[1]' AS ARRAY<INT>), 1",
		"(VALUES())",
	} {
		f.Add(s)
	}
	p := plantest.New()
	ddl := `CREATE TABLE t (a INT, b BIGINT, c INT, s VARCHAR, d DATE, ts TIMESTAMP(3), j JSON, x DOUBLE, n DECIMAL(10,2), bin BINARY, l ARRAY<INT>, k MAP<VARCHAR, INT>, r ROW<x INT, y ARRAY<VARCHAR>>);
		CREATE TABLE u (a INT, c INT); CREATE VIEW v AS SELECT a, count(*) AS n FROM t GROUP BY a`
	if err := plantest.Define(p, ddl); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := sql.ParseOne("", text)
		if err != nil {
			return
		}
		s, ok := st.(*sql.Select)
		if !ok {
			return
		}
		n, err := p.Bind().Query(s.Query)
		if err == nil {
			n.Schema()
			return
		}
		e, ok := sql.AsError(err)
		if !ok {
			t.Fatalf("%q: the error %v has no place", text, err)
		}
		if e.Offset < 0 || e.Offset > len(e.Source.Text) {
			t.Fatalf("%q: %d is outside of the text", text, e.Offset)
		}
	})
}
