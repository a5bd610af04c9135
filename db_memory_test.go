package sqlstream_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// outOfMemory fails unless an error says who holds most and what to do.
func outOfMemory(t *testing.T, err error, operator, way string) {
	t.Helper()
	if err == nil {
		t.Fatal("memory_limit stops nothing")
	}
	for _, part := range []string{operator, "memory_limit", way} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
}

// A query whose state outgrows memory_limit stops with an error that names the operator;
// one that holds less goes on.
func TestStateOutgrowsTheMemoryLimit(t *testing.T) {
	for _, workers := range []int{1, 2} {
		db := opened(t, sqlstream.WithParallelism(workers))
		exec(t, db, `SET memory_limit = '8 MiB'; CREATE TABLE n (i BIGINT) WITH (connector = 'memory')`)
		small := start(t, db, `SELECT i % 10 AS k, COUNT(*) AS c FROM n GROUP BY i % 10 EMIT UPDATE`)
		large := start(t, db, `SELECT i, COUNT(*) AS c FROM n GROUP BY i HAVING c > 9 EMIT UPDATE`)
		exec(t, db, `INSERT INTO n SELECT * FROM GENERATE_SERIES(1, 1000)`)
		if st, err := large.Status(); st != sqlstream.Running {
			t.Fatalf("stopped below the limit: %v", err)
		}
		err := db.Exec(t.Context(), `INSERT INTO n SELECT * FROM GENERATE_SERIES(1, 200000)`)
		if err == nil {
			err = large.Wait(t.Context())
		}
		outOfMemory(t, err, "Aggregate count(*) BY i", "--dir")
		if st, err := small.Status(); st != sqlstream.Running {
			t.Errorf("the query that holds little has stopped, too: %v", err)
		}
		shown := ask(t, db, `SHOW STATE`)
		if !strings.Contains(shown, "result") || strings.Contains(shown, "select_2") {
			t.Errorf("SHOW STATE:\n%s", shown)
		}
	}
}

// A bounded query takes in everything in one epoch; it is stopped within it.
func TestBoundedQueryOutgrowsTheMemoryLimit(t *testing.T) {
	db := opened(t)
	exec(t, db, `SET memory_limit = '8 MiB'; CREATE TABLE n (i BIGINT) WITH (connector = 'memory'); INSERT INTO n SELECT * FROM GENERATE_SERIES(1, 1000000)`)
	for _, from := range []string{`n`, `GENERATE_SERIES(1, 1000000) AS n(i)`} {
		_, err := db.Query(t.Context(), `SELECT COUNT(*) FROM (SELECT DISTINCT i FROM `+from+`) AS d`)
		outOfMemory(t, err, "i", "--dir")
		equal(t, ask(t, db, `SELECT COUNT(*) FROM `+from), "+1 1000000\n")
	}
}

// A join puts out more than there is room for, from input that is small: 10^10 rows.
func TestCrossJoinOutgrowsTheMemoryLimit(t *testing.T) {
	for _, sql := range []string{
		`SELECT a.i, b.i FROM GENERATE_SERIES(1, 100000) AS a(i), GENERATE_SERIES(1, 100000) AS b(i)`,
		`SELECT a.i, b.i FROM GENERATE_SERIES(1, 100000) AS a(i), GENERATE_SERIES(1, 100000) AS b(i) ORDER BY a.i + b.i`,
	} {
		db := opened(t)
		exec(t, db, `SET memory_limit = '64 MiB'`)
		rows, err := db.Query(t.Context(), sql)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			err = errors.Join(err, rows.Close())
		}
		outOfMemory(t, err, "puts out in one epoch", "max_rows_per_trigger")
	}
}

// With a directory state that memory has no room for goes there: a query goes on and is
// right. A bounded query has one epoch; the error says how to have more.
func TestStateBeyondMemory(t *testing.T) {
	dir := t.TempDir()
	const rows = 200_000
	var lines []byte
	for i := range rows {
		lines = fmt.Appendf(lines, "{\"i\": %d}\n", i*7919%(rows/2))
	}
	if err := os.WriteFile(filepath.Join(dir, "n.json"), lines, 0o600); err != nil {
		t.Fatal(err)
	}
	db := opened(t, sqlstream.WithDir(filepath.Join(dir, "state")), sqlstream.WithMemory("8 MiB"), sqlstream.WithParallelism(2))
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'file', format = 'json', path = '`+filepath.Join(dir, "n.json")+`')`)
	q := start(t, db, `SELECT i, COUNT(*) AS c FROM n GROUP BY i EMIT UPDATE`)
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := ask(t, db, `SHOW STATE`)
	beyond := int64(0)
	for _, o := range q.Progress().StateOperators {
		beyond += o.SpilledBytes
	}
	if beyond == 0 {
		t.Errorf("nothing is beyond memory:\n%s", shown)
	}
	b, err := q.Result(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for b.Next() {
		var i, c int64
		if err := b.Scan(&i, &c); err != nil || c != 2 {
			t.Fatalf("%d has %d rows: %v", i, c, err)
		}
		n++
	}
	if n != rows/2 {
		t.Errorf("%d groups, want %d", n, rows/2)
	}
	_, err = db.Query(t.Context(), `SELECT COUNT(*) FROM (SELECT DISTINCT a.i, b.i AS j FROM GENERATE_SERIES(1, 1000) AS a(i), GENERATE_SERIES(1, 1000) AS b(i)) AS d`)
	outOfMemory(t, err, "i", "EMIT TRIGGER AVAILABLE NOW")
	equal(t, ask(t, db, `SELECT COUNT(*) FROM (SELECT DISTINCT i FROM n) AS d`), fmt.Sprintf("+1 %d\n", rows/2))
}
