package sqlstream_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// lines are the rows of an answer in the order of their texts.
func lines(text string) string {
	rows := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(rows)
	return strings.Join(rows, "\n") + "\n"
}

// within fails the test where f hangs: a bug, not a slow machine.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s hangs\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

// A Go function that panics ends its query with an error that says so, and not the
// process; so does one that is asked while planning.
func TestPanicOfAGoFunction(t *testing.T) {
	db := opened(t)
	boom := func(i int64) int64 {
		if i == 13 {
			panic("unlucky")
		}
		return i
	}
	if err := db.RegisterScalar("boom", boom); err != nil {
		t.Fatal(err)
	}
	if err := db.RegisterAggregate("boom_all", func(all []int64) int64 { return boom(all[0]) }); err != nil {
		t.Fatal(err)
	}
	var none func(int64) int64
	if err := db.RegisterScalar("none", none); err == nil {
		t.Error("a nil func was registered")
	}
	if err := db.RegisterAggregate("none", (func([]int64) int64)(nil)); err == nil {
		t.Error("a nil func was registered")
	}
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory'); INSERT INTO n VALUES (1)`)
	scalar := start(t, db, `SELECT boom(i) AS b FROM n EMIT UPDATE`, sqlstream.WithName("scalar"))
	aggregate := start(t, db, `SELECT boom_all(i) AS b FROM n WHERE i > 1 EMIT UPDATE`, sqlstream.WithName("aggregate"))
	_ = db.Exec(t.Context(), `INSERT INTO n VALUES (13)`)
	for _, q := range []*sqlstream.Query{scalar, aggregate} {
		err := q.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the Go function panicked: unlucky") || !strings.Contains(err.Error(), q.Name()) || !strings.Contains(err.Error(), "boom") {
			t.Errorf("got %v", err)
		}
	}
	for _, text := range []string{`SELECT boom(13)`, `SELECT i FROM n WHERE i = boom(13)`} {
		if _, err := db.Start(t.Context(), text); err == nil {
			rows, qerr := db.Query(t.Context(), text)
			if qerr == nil {
				for rows.Next() {
				}
				qerr = rows.Err()
			}
			if qerr == nil || !strings.Contains(qerr.Error(), "unlucky") {
				t.Errorf("%s: got %v", text, qerr)
			}
		}
		if _, err := db.Explain(t.Context(), text); err != nil && !strings.Contains(err.Error(), "unlucky") {
			t.Errorf("%s: got %v", text, err)
		}
	}
	equal(t, ask(t, db, `SELECT COUNT(*) FROM n`), "+1 2\n")
}

// Every call takes a context that has ended already: it returns, and nothing is done by
// halves.
func TestEndedContextAtEveryCall(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(3)+`; CREATE MATERIALIZED VIEW v AS SELECT i FROM n; CREATE TABLE sink (i BIGINT) WITH (connector = 'memory')`)
	table, err := db.Table("n")
	if err != nil {
		t.Fatal(err)
	}
	q := start(t, db, `SELECT COUNT(*) AS c FROM n EMIT UPDATE`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"open":           func() error { _, err := sqlstream.Open(ctx); return err },
		"insert values":  func() error { return db.Exec(ctx, `INSERT INTO n VALUES (100)`) },
		"insert select":  func() error { return db.Exec(ctx, `INSERT INTO sink SELECT i FROM v`) },
		"insert emit":    func() error { return db.Exec(ctx, `INSERT INTO sink SELECT i FROM v EMIT UPDATE`) },
		"update":         func() error { return db.Exec(ctx, `UPDATE n SET i = i + 1`) },
		"delete":         func() error { return db.Exec(ctx, `DELETE FROM n`) },
		"view":           func() error { return db.Exec(ctx, `CREATE MATERIALIZED VIEW w AS SELECT i FROM v`) },
		"own view":       func() error { return db.Exec(ctx, `CREATE MATERIALIZED VIEW w AS SELECT i FROM n`) },
		"drop":           func() error { return db.Exec(ctx, `DROP MATERIALIZED VIEW v`) },
		"query":          func() error { return read(db.Query(ctx, `SELECT i FROM n`)) },
		"ordered query":  func() error { return read(db.Query(ctx, `SELECT i FROM n ORDER BY i`)) },
		"query of views": func() error { return read(db.Query(ctx, `SELECT i FROM v`)) },
		"start":          func() error { _, err := db.Start(ctx, `SELECT i FROM v EMIT`); return err },
		"explain":        func() error { _, err := db.Explain(ctx, `SELECT i FROM n`); return err },
		"table append":   func() error { return table.Append(ctx, 200) },
		"wait":           func() error { return q.Wait(ctx) },
		"stop":           func() error { return q.Stop(ctx) },
		"process":        func() error { return q.ProcessAllAvailable(ctx) },
		"result":         func() error { return read(q.Result(ctx)) },
		"changes": func() error {
			for _, err := range q.Changes(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		within(t, name, func() {
			if err := call(); err != nil && !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "cancel") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	equal(t, lines(ask(t, db, `SELECT i FROM n`)), "+1 0\n+1 1\n+1 2\n")
	equal(t, lines(ask(t, db, `SELECT i FROM v`)), "+1 0\n+1 1\n+1 2\n")
	exec(t, db, `DROP MATERIALIZED VIEW IF EXISTS w; INSERT INTO n VALUES (7)`)
}

func read(rows *sqlstream.Rows, err error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Err()
}

// A statement that waits behind another one gives up with its context.
func TestWaitBehindAStatement(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory', 'append.only' = 'true')`)
	q := start(t, db, `SELECT i FROM n EMIT APPEND`) // nobody reads it
	held, letGo := context.WithCancel(t.Context())
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		for held.Err() == nil {
			_ = db.Exec(held, `INSERT INTO n VALUES (1)`)
		}
	}()
	for q.Progress().BatchID < 64 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	within(t, "an INSERT", func() {
		for ctx.Err() == nil {
			_ = db.Exec(ctx, `INSERT INTO n VALUES (2)`)
		}
	})
	within(t, "Close", func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	letGo()
	<-filled
}

// onlyAdded is memoryNumbers in a table whose rows a bounded query hands out as it
// finds them.
func onlyAdded(count int) string {
	return strings.Replace(memoryNumbers(count), `'memory'`, `'memory', 'append.only' = 'true'`, 1)
}

// Rows that are closed before they are read end their query.
func TestRowsClosedUnread(t *testing.T) {
	db := opened(t)
	exec(t, db, onlyAdded(1000)+`; SET max_rows_per_trigger = 1`)
	before := runtime.NumGoroutine()
	for range 20 {
		rows, err := db.Query(t.Context(), `SELECT i FROM n`)
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Scan(new(int64)); err == nil {
			t.Error("a row was there before Next")
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		if rows.Next() {
			t.Error("a row after Close")
		}
	}
	for n := 0; runtime.NumGoroutine() > before; n++ {
		if runtime.Gosched(); n > 1_000_000 {
			t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-before)
		}
	}
}

// Rows that are cut off by Close are not taken for all of them.
func TestClosedWhileRowsAreRead(t *testing.T) {
	db := opened(t)
	exec(t, db, onlyAdded(1000)+`; SET max_rows_per_trigger = 1`)
	rows, err := db.Query(t.Context(), `SELECT i FROM n`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		if n++; n == 10 {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if n == 1000 || rows.Err() == nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
}

// A SELECT over several views of one dataflow shows one epoch, however fast they run.
func TestViewsAreAskedAtOneEpoch(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(2))
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW base AS SELECT i FROM n;
		CREATE MATERIALIZED VIEW a AS SELECT SUM(i) AS s FROM base;
		CREATE MATERIALIZED VIEW b AS SELECT SUM(-i) AS s FROM base; INSERT INTO n VALUES (0)`)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				_ = db.Exec(ctx, `INSERT INTO n VALUES (1)`)
			}
		})
	}
	for range 200 {
		if got := ask(t, db, `SELECT SUM(s) FROM (SELECT s FROM a UNION ALL SELECT s FROM b) u`); got != "+1 0\n" {
			t.Errorf("two epochs in one answer: %s", got)
			break
		}
	}
	cancel()
	wg.Wait()
}

// No query can take the name of a materialized view, even of one that has stopped: who
// asks the view would get the query's rows.
func TestNameOfAView(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(2)+`; CREATE MATERIALIZED VIEW v AS SELECT i FROM n; STOP QUERY v; CREATE TABLE sink (i BIGINT) WITH (connector = 'memory')`)
	if _, err := db.Start(t.Context(), `SELECT 'x' AS a, 'y' AS b EMIT`, sqlstream.WithName("V")); err == nil || !strings.Contains(err.Error(), "v is a materialized view") {
		t.Errorf("got %v", err)
	}
	if err := db.Exec(t.Context(), `CREATE QUERY v AS INSERT INTO sink SELECT 1 EMIT UPDATE`); err == nil {
		t.Error("a query took the view's name")
	}
	equal(t, lines(ask(t, db, `SELECT i FROM v`)), "+1 0\n+1 1\n")
}

// Of many that start the same query at once one starts it, and all get it.
func TestStartedAtOnce(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(2)+`; CREATE TABLE sink (i BIGINT) WITH (connector = 'memory')`)
	got := make([]*sqlstream.Query, 8)
	var wg sync.WaitGroup
	for k := range got {
		wg.Go(func() {
			q, err := db.Start(t.Context(), `INSERT INTO sink SELECT i FROM n EMIT UPDATE`)
			if err != nil {
				t.Error(err)
			}
			got[k] = q
		})
		wg.Go(func() { // only one of these can be
			_ = db.Exec(t.Context(), `CREATE MATERIALIZED VIEW v AS SELECT i FROM n`)
		})
	}
	wg.Wait()
	for _, q := range got {
		if q != got[0] {
			t.Error("a second copy was started")
		}
	}
	if err := got[0].ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(ask(t, db, `SELECT i FROM sink`)), "+1 0\n+1 1\n")
	if n := len(db.Queries()); n != 2 {
		t.Errorf("%d queries", n)
	}
	exec(t, db, `DROP MATERIALIZED VIEW v; STOP QUERY sink; DROP TABLE n`)
}

// Queries that have ended are not remembered for ever.
func TestEndedQueriesAreForgotten(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(2))
	for range 150 {
		q := start(t, db, `SELECT i FROM n EMIT UPDATE TRIGGER ONCE`)
		if err := q.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		named := start(t, db, `SELECT i FROM n EMIT UPDATE TRIGGER ONCE`, sqlstream.WithName("mine"))
		if err := named.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(db.Queries()); n > 105 {
		t.Errorf("%d queries are remembered", n)
	}
}

// Rows in, out and changed at random, with NULL keys, copies and rows that come and go
// in one statement: after each, every running query shows what asking anew gives, at
// every parallelism.
func TestChangesGiveTheBatchAnswer(t *testing.T) {
	queries := []string{
		`SELECT k, v FROM r WHERE v > 3`,
		`SELECT k, COUNT(*) AS c, COUNT(v) AS cv, SUM(v) AS s, MIN(v) AS a, MAX(t) AS b FROM r GROUP BY k`,
		`SELECT k, t, AVG(v) AS m FROM r GROUP BY k, t HAVING COUNT(*) > 1`,
		`SELECT COUNT(*) AS c, SUM(v) AS s, MAX(v) AS m FROM r`,
		`SELECT DISTINCT k, v IS NULL AS n FROM r`,
		`SELECT k, ANY_VALUE(v) AS d, GROUP_CONCAT(t) AS g FROM r GROUP BY k`,
		`SELECT k, v FROM r UNION ALL SELECT v, k FROM r WHERE t <> 'a'`,
		`SELECT g, COUNT(*) AS c FROM (SELECT k, MAX(v) AS g FROM r GROUP BY k) x GROUP BY g`,
		`SELECT s, COUNT(*) AS c FROM sums GROUP BY s`,
		`SELECT k, s FROM sums UNION ALL SELECT k, -s FROM sums`,
	}
	for _, workers := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("parallelism=", workers), func(t *testing.T) {
			db := opened(t, sqlstream.WithParallelism(workers))
			exec(t, db, `CREATE TABLE r (k BIGINT, v INT, t VARCHAR) WITH (connector = 'memory');
				CREATE MATERIALIZED VIEW sums AS SELECT k, SUM(v) AS s FROM r GROUP BY k`)
			var running []*sqlstream.Query
			for _, text := range queries {
				running = append(running, start(t, db, text+` EMIT UPDATE`))
			}
			table, err := db.Table("r")
			if err != nil {
				t.Fatal(err)
			}
			rnd := rand.New(rand.NewPCG(uint64(workers), 7))
			for step := range raced(60, 15) {
				change(t, db, table, rnd, step)
				for i, q := range running {
					rows, err := q.Result(t.Context())
					got, want := lines(text(t, rows, err)), lines(consolidated(t, db, queries[i]))
					if got != want {
						t.Fatalf("step %d, %s: running:\n%sasked:\n%s", step, queries[i], got, want)
					}
				}
			}
		})
	}
}

// consolidated is a bounded answer with equal rows added up.
func consolidated(t *testing.T, db *sqlstream.DB, query string) string {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var b *zset.Builder
	for part, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			b = zset.NewBuilder(part.Schema)
		}
		b.Append(part, nil)
	}
	if b == nil {
		return ""
	}
	return zset.Consolidate(b.Build()).String()
}

func change(t *testing.T, db *sqlstream.DB, table *sqlstream.Table, rnd *rand.Rand, step int) {
	value := func(n int) string {
		if rnd.IntN(5) == 0 {
			return "NULL"
		}
		return fmt.Sprint(rnd.IntN(n))
	}
	switch rnd.IntN(6) {
	case 0:
		exec(t, db, fmt.Sprintf(`DELETE FROM r WHERE v = %d OR k IS NULL AND v %% 3 = %d`, rnd.IntN(8), rnd.IntN(3)))
	case 1:
		exec(t, db, fmt.Sprintf(`UPDATE r SET k = NULLIF(k + 1, 3), v = v - 1 WHERE v > %d`, rnd.IntN(8)))
	case 2: // nothing but rows that come and go, and copies
		b := zset.NewBuilder(table.Schema())
		for _, w := range []int64{3, 1, -1, -1} {
			vec.Append(b.Cols[0], int64(step%4))
			b.Cols[1].AppendNull()
			b.Cols[2].AppendString("w")
			b.EndRowWeight(w)
		}
		if err := table.Apply(t.Context(), b.Build()); err != nil {
			t.Fatal(err)
		}
	case 3:
		exec(t, db, `DELETE FROM r WHERE 1 = 0; UPDATE r SET v = v WHERE k = 1`)
	default:
		var rows []string
		for range 1 + rnd.IntN(20) {
			rows = append(rows, fmt.Sprintf(`(%s, %s, '%c')`, value(4), value(9), 'a'+rune(rnd.IntN(3))))
		}
		exec(t, db, `INSERT INTO r VALUES `+strings.Join(rows, ", "))
	}
}

// A continuous query over a view that has finished reads its last result and finishes,
// whether it starts before or after the view ends; over one that was stopped it is
// refused with what to do.
func TestQueryOverAnEndedView(t *testing.T) {
	for _, rows := range []int{5, 200_000} {
		db := opened(t)
		exec(t, db, fmt.Sprintf(`CREATE TABLE d (i BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '%d', 'fields.i.kind' = 'sequence');
			SET max_rows_per_trigger = 10000; CREATE TABLE sink (c BIGINT) WITH (connector = 'memory'); CREATE MATERIALIZED VIEW v AS SELECT i FROM d`, rows))
		q := start(t, db, `INSERT INTO sink SELECT COUNT(*) FROM v EMIT UPDATE`)
		within(t, "the query", func() {
			if err := q.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if st, _ := q.Status(); st != sqlstream.Finished {
			t.Errorf("the query is %v", st)
		}
		equal(t, ask(t, db, `SELECT c FROM sink`), fmt.Sprintf("+1 %d\n", rows))
	}
	db := opened(t)
	exec(t, db, memoryNumbers(3)+`; CREATE MATERIALIZED VIEW v AS SELECT i FROM n; STOP QUERY v`)
	if _, err := db.Start(t.Context(), `SELECT i FROM v EMIT`); err == nil || !strings.Contains(err.Error(), "v was stopped") {
		t.Errorf("got %v", err)
	}
	equal(t, ask(t, db, `SELECT COUNT(*) FROM v`), "+1 3\n")
}

// An error while evaluating says where the row came from, as far as that is known, and
// says it once.
func TestEvalErrorNamesTheQuery(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE s (x VARCHAR) WITH (connector = 'memory'); INSERT INTO s VALUES ('seven')`)
	q := start(t, db, `SELECT CAST(x AS SIGNED) AS i FROM s EMIT UPDATE`, sqlstream.WithName("mine"))
	if err := q.Wait(t.Context()); err == nil || err.Error() != "query mine: CAST(x AS BIGINT): 'seven' is not a BIGINT" {
		t.Errorf("got %v", err)
	}
}

// A view that would read itself is refused before the one that it was to replace has
// ended; one whose replacement fails is gone, and its name free.
func TestReplacedViews(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(3)+`; CREATE MATERIALIZED VIEW v AS SELECT i FROM n`)
	if err := db.Exec(t.Context(), `CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT i + 1 AS i FROM v`); err == nil || !strings.Contains(err.Error(), "v would read itself") {
		t.Errorf("got %v", err)
	}
	exec(t, db, `INSERT INTO n VALUES (3)`)
	equal(t, ask(t, db, `SELECT COUNT(*), MAX(i) FROM v`), "+1 4 3\n")
	exec(t, db, `CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT i * 2 AS j FROM n`)
	equal(t, ask(t, db, `SELECT COUNT(*), MAX(j) FROM v`), "+1 4 6\n")
	if err := db.Exec(t.Context(), `CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT CAST(CONCAT('x', i) AS SIGNED) AS j FROM n`); err == nil {
		t.Error("the failing view was created")
	}
	exec(t, db, `CREATE MATERIALIZED VIEW v AS SELECT i FROM n`)
	equal(t, ask(t, db, `SELECT COUNT(*) FROM v`), "+1 4\n")
}

// A trigger is shown as it was written.
func TestTriggerOfMicroseconds(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(1))
	for _, trigger := range []string{"EVERY 1 MICROSECOND", "EVERY 1500 MICROSECOND", "EVERY 2 MILLISECOND", "ONCE"} {
		q := start(t, db, `SELECT i FROM n EMIT UPDATE TRIGGER `+trigger)
		equal(t, q.Trigger(), trigger)
	}
}
