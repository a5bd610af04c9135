package sqlstream_test

import (
	"errors"
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
