package sqlstream_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// stateful are queries of 100,000 rows over t and sink whose state takes more than 4 MiB, and
// what the operator is called that holds most of it.
var stateful = []struct{ name, operator, query string }{
	{"join", "Join", `SELECT a.i AS x FROM t a JOIN t b ON a.i = b.i + 1`},
	{"aggregate", "Aggregate", `SELECT COUNT(*) AS x FROM t GROUP BY i`},
	{"aggregate of distinct values", "Aggregate", `SELECT COUNT(DISTINCT i) AS x FROM t`},
	{"aggregate in order", "Aggregate", `SELECT LENGTH(GROUP_CONCAT(i ORDER BY i)) AS x FROM t GROUP BY i % 10000`},
	{"distinct", "Aggregate", `SELECT DISTINCT i AS x FROM t`},
	{"window", "Window", `SELECT SUM(i) OVER (PARTITION BY i % 10000 ORDER BY i) AS x FROM t`},
	{"top n", "Top 3", `SELECT i AS x FROM (SELECT i, ROW_NUMBER() OVER (PARTITION BY i % 25000 ORDER BY i) AS n FROM t) AS q WHERE n <= 3`},
	{"session", "Session", `SELECT i AS x FROM SESSION(TABLE t PARTITION BY i, DESCRIPTOR(ts), INTERVAL 1 SECOND)`},
	{"asof join", "Asof join", `SELECT a.i AS x FROM t a ASOF JOIN t b MATCH_CONDITION (a.ts >= b.ts) ON a.i = b.i`},
	{"lookup", "Lookup", `SELECT a.i + MINUTE(b.ts) AS x FROM t a JOIN t FOR SYSTEM_TIME AS OF PROCTIME() AS b ON a.i = b.i`},
	{"intersect", "Intersect", `SELECT i AS x FROM t INTERSECT SELECT i + 1 FROM t`},
	{"except", "Except", `SELECT i AS x FROM t EXCEPT SELECT i + 1000000 FROM t`},
	{"recursion", "Recursive", `WITH RECURSIVE r AS (SELECT i AS x FROM t UNION SELECT x - 1 FROM r WHERE x < 0) SELECT x FROM r`},
	{"filter by the clock", "Time filter", `SELECT i AS x FROM t WHERE ts > NOW() - INTERVAL 1000 DAY`},
}

// statefulTables makes the tables of stateful.
const statefulTables = `CREATE TABLE t (i BIGINT, ts AS TIMESTAMP '2026-01-01 00:00:00' + INTERVAL i * 10 SECOND) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '100000', 'fields.i.kind' = 'sequence');
	CREATE TABLE sink (x BIGINT) WITH (connector = 'discard')`

// Every kind of state that outgrows memory_limit without a directory ends its query with an
// error that names the operator, the setting, and what to do.
func TestEveryStateOutgrowsTheMemoryLimit(t *testing.T) {
	for _, c := range stateful {
		t.Run(c.name, func(t *testing.T) {
			db := opened(t, sqlstream.WithMemory("4 MiB"), sqlstream.WithParallelism(1))
			exec(t, db, statefulTables)
			q := start(t, db, `INSERT INTO sink `+c.query+` EMIT UPDATE TRIGGER AVAILABLE NOW`)
			outOfMemory(t, q.Wait(t.Context()), c.operator, "--dir")
		})
	}
}

// With a directory every kind of state goes there.
func TestEveryStateBeyondMemory(t *testing.T) {
	for _, c := range stateful[:raced(len(stateful), 2)] {
		t.Run(c.name, func(t *testing.T) {
			spilled := false
			db := opened(t, sqlstream.WithMemory("4 MiB"), sqlstream.WithParallelism(1), sqlstream.WithDir(filepath.Join(t.TempDir(), "dir")), sqlstream.WithProgress(func(p sqlstream.Progress) {
				for _, o := range p.StateOperators {
					spilled = spilled || o.SpilledBytes > 0
				}
			}))
			exec(t, db, statefulTables)
			q := start(t, db, `INSERT INTO sink `+c.query+` EMIT UPDATE TRIGGER AVAILABLE NOW`)
			if err := q.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !spilled {
				t.Error("nothing is beyond memory")
			}
		})
	}
}

// A recursion that doubles its rows each round does so within an epoch, and is stopped there.
func TestRecursionOutgrowsTheMemoryLimit(t *testing.T) {
	db := opened(t, sqlstream.WithMemory("64 MiB"))
	_, err := db.Query(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT 2 * i + x FROM n, (VALUES ROW(0), ROW(1)) AS v(x) WHERE i < 1000000000000) SELECT COUNT(*) FROM n`)
	outOfMemory(t, err, "Recursive", "--dir")
}

// Back-pressure: an epoch's input is bounded, and what a join makes of it goes on to the sink
// as it comes. A row that meets 500,000 puts out 500 MB, which are never there at a time.
func TestJoinOfOneRowWithMany(t *testing.T) {
	const rows = 500_000
	for _, workers := range []int{1, 2} {
		db := opened(t, sqlstream.WithMemory("256 MiB"), sqlstream.WithParallelism(workers))
		exec(t, db, `CREATE TABLE one (k BIGINT) WITH (connector = 'memory', 'append.only' = 'true');
			CREATE TABLE many (i BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '500000', 'fields.i.kind' = 'sequence');
			CREATE TABLE sink (x VARCHAR) WITH (connector = 'discard')`)
		q := start(t, db, `INSERT INTO sink SELECT REPEAT('wide', 250) AS x FROM one JOIN many ON i * 0 = k EMIT APPEND`)
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `INSERT INTO one VALUES (0)`)
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p := q.Progress(); p.Sink[0].NumOutputRows != rows || p.MemoryUsedBytes > 256<<20 {
			t.Errorf("%d workers: %d rows in %d bytes, want %d", workers, p.Sink[0].NumOutputRows, p.MemoryUsedBytes, rows)
		}
	}
}

// A query that has ended keeps its result and nothing of what it has made that of: the next
// one has room for as much.
func TestEndedQueryGivesBackItsState(t *testing.T) {
	db := opened(t, sqlstream.WithMemory("24 MiB"), sqlstream.WithParallelism(1))
	exec(t, db, `CREATE TABLE t (i BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '200000', 'fields.i.kind' = 'sequence')`)
	for _, v := range []string{"a", "b", "c", "d"} {
		exec(t, db, `CREATE MATERIALIZED VIEW `+v+` AS SELECT COUNT(*) AS n FROM (SELECT DISTINCT i FROM t) AS x EMIT TRIGGER AVAILABLE NOW`)
		for _, q := range db.Queries() {
			if err := q.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, ask(t, db, `SELECT n FROM `+v), "+1 200000\n")
	}
}

// Of the least text of a group, and of what stands beside the least value, one value a group is
// kept where rows only come.
func TestOneValueAGroupIsKept(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(1))
	exec(t, db, `CREATE TABLE t (i BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '20000', 'fields.i.kind' = 'sequence');
		SET max_rows_per_trigger = 3000`)
	q := start(t, db, `SELECT i % 10 AS g, MAX(CONCAT('v', LPAD(i, 6, '0'))) AS most, ARG_MAX(i, LPAD(i * 7919 % 20000, 6, '0')) AS beside FROM t GROUP BY i % 10 EMIT UPDATE`)
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range q.Progress().StateOperators {
		if o.OperatorName != "result" && o.NumRowsTotal > 30 {
			t.Errorf("%s keeps %d rows of 10 groups", o.OperatorName, o.NumRowsTotal)
		}
	}
	var want []string
	for g := range int64(10) {
		most, beside := int64(0), int64(0)
		for i := g; i < 20000; i += 10 {
			most = i
			if i*7919%20000 > beside*7919%20000 {
				beside = i
			}
		}
		want = append(want, fmt.Sprintf("+1 %d v%06d %d", g, most, beside))
	}
	equal(t, sortedLines(settled(t, q)), sortedLines(strings.Join(want, "\n")+"\n"))
}
