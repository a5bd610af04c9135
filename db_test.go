package sqlstream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// opened is a database that ends with the test.
func opened(t *testing.T, options ...sqlstream.Option) *sqlstream.DB {
	t.Helper()
	db, err := sqlstream.Open(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// raced is how much of something there is: as much as usual, or less where the race detector
// watches, which takes ten times as long and needs no more to see two goroutines meet.
func raced[N int | uint64](usual, less N) N {
	if testing.Short() {
		return less
	}
	return usual
}

func exec(t *testing.T, db *sqlstream.DB, text string) {
	t.Helper()
	if err := db.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, db *sqlstream.DB, text string, options ...sqlstream.QueryOption) *sqlstream.Query {
	t.Helper()
	q, err := db.Start(t.Context(), text, options...)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// text is a bounded answer, a row a line.
func text(t *testing.T, rows *sqlstream.Rows, err error) string {
	t.Helper()
	var out strings.Builder
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(b.String())
	}
	return out.String()
}

func ask(t *testing.T, db *sqlstream.DB, query string) string {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	return text(t, rows, err)
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

// An epoch takes in no more rows than allowed, and the whole is read all the same.
func TestMaxRowsPerTrigger(t *testing.T) {
	var mu sync.Mutex
	var most, epochs int64
	db := opened(t, sqlstream.WithProgress(func(p sqlstream.Progress) {
		mu.Lock()
		defer mu.Unlock()
		most = max(most, p.NumInputRows)
		epochs++
	}))
	exec(t, db, memoryNumbers(1000)+`; SET max_rows_per_trigger = 100`)
	q := start(t, db, `SELECT COUNT(*), SUM(i) FROM n EMIT UPDATE TRIGGER AVAILABLE NOW`)
	if err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := q.Result(t.Context())
	equal(t, text(t, rows, err), "+1 1000 499500\n")
	mu.Lock()
	defer mu.Unlock()
	if most > 100 || epochs < 10 {
		t.Errorf("an epoch took %d rows; there were %d epochs", most, epochs)
	}
}

// memoryNumbers makes a table n of 0 … count-1.
func memoryNumbers(count int) string {
	var b strings.Builder
	b.WriteString(`CREATE TABLE n (i BIGINT) WITH (connector = 'memory'); INSERT INTO n VALUES (0)`)
	for i := 1; i < count; i++ {
		fmt.Fprintf(&b, ",(%d)", i)
	}
	return b.String()
}

// A query whose changes nobody reads can be stopped, however far it has run ahead.
func TestStopWithLaggingReader(t *testing.T) {
	ahead, epochs := make(chan struct{}), 0
	db := opened(t, sqlstream.WithProgress(func(p sqlstream.Progress) {
		if p.Name != "lagging" {
			return
		}
		if epochs++; epochs == 64 {
			close(ahead)
		}
	}))
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory', 'append.only' = 'true')`)
	q := start(t, db, `SELECT i FROM n EMIT APPEND`, sqlstream.WithName("lagging"))
	feeding, stop := context.WithCancel(t.Context())
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for i := 0; feeding.Err() == nil; i++ { // each waits for its epoch, in the end for ever
			_ = db.Exec(feeding, fmt.Sprintf("INSERT INTO n VALUES (%d)", i))
		}
	}()
	<-ahead
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	<-fed
}

// A query that ends by itself takes a materialized view as it is, and does not wait
// for a view that never ends.
func TestTriggerOnceOverView(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(10)+`;
		CREATE MATERIALIZED VIEW even AS SELECT i FROM n WHERE i % 2 = 0;
		CREATE TABLE target (i BIGINT) WITH (connector = 'memory')`)
	q := start(t, db, `INSERT INTO target SELECT i FROM even EMIT UPDATE TRIGGER ONCE`)
	if err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, ask(t, db, `SELECT COUNT(*), SUM(i) FROM target`), "+1 5 20\n")
}

// A table that a query reads twice is read to one end.
func TestTableReadTwice(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(100))
	equal(t, ask(t, db, `SELECT SUM(x) FROM (SELECT i AS x FROM n UNION ALL SELECT -i FROM n) u`), "+1 0\n")
	q := start(t, db, `SELECT SUM(x) AS s FROM (SELECT i AS x FROM n UNION ALL SELECT -i FROM n) u EMIT UPDATE`)
	exec(t, db, `INSERT INTO n VALUES (1000)`)
	rows, err := q.Result(t.Context())
	equal(t, text(t, rows, err), "+1 0\n")
	if n := len(q.Progress().Sources); n != 1 {
		t.Errorf("the table is read %d times", n)
	}
}

// An error while evaluating stops the query and says why; the others go on.
func TestFailedQuery(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE s (x VARCHAR) WITH (connector = 'memory')`)
	bad := start(t, db, `SELECT CAST(x AS SIGNED) AS i FROM s EMIT UPDATE`)
	good := start(t, db, `SELECT COUNT(*) AS n FROM s EMIT UPDATE`)
	err := db.Exec(t.Context(), `INSERT INTO s VALUES ('7'), ('seven')`)
	if err == nil || !strings.Contains(err.Error(), "seven") {
		t.Errorf("the error does not name the value: %v", err)
	}
	if status, err := bad.Status(); status != sqlstream.Failed || err == nil {
		t.Errorf("%v, %v", status, err)
	}
	if err := good.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := good.Result(t.Context())
	equal(t, text(t, rows, err), "+1 2\n")
}

// eval_error = 'null' makes the value NULL instead.
func TestEvalErrorNull(t *testing.T) {
	db := opened(t)
	exec(t, db, `SET eval_error = 'null'; CREATE TABLE s (x VARCHAR) WITH (connector = 'memory'); INSERT INTO s VALUES ('7'), ('seven')`)
	equal(t, ask(t, db, `SELECT CAST(x AS SIGNED) AS i FROM s ORDER BY i`), "+1 NULL\n+1 7\n")
}

// Closing the database ends every query, and nothing starts any more.
func TestClosed(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(1))
	q := start(t, db, `SELECT i FROM n EMIT`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := q.Wait(t.Context()); err != nil {
		t.Errorf("a stopped query has failed: %v", err)
	}
	if _, err := db.Start(t.Context(), `SELECT i FROM n EMIT`); err == nil {
		t.Error("a query started in a closed database")
	}
}

// A context that ends while rows are read ends the query, too.
func TestCanceled(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(1))
	ctx, cancel := context.WithCancel(t.Context())
	q := start(t, db, `SELECT i FROM n EMIT`)
	cancel()
	var last error
	for _, err := range q.Changes(ctx) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v", last)
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Many goroutines write, ask, start and stop at once; every answer is of a whole epoch.
func TestConcurrentUse(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(2))
	exec(t, db, `CREATE TABLE pairs (k BIGINT, v BIGINT) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW sums AS SELECT k % 7 AS g, SUM(v) AS s FROM pairs GROUP BY k % 7;
		CREATE MATERIALIZED VIEW total AS SELECT SUM(s) AS t FROM sums`)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				k := w*100 + i
				// the two values of a statement are always visible together
				if err := db.Exec(t.Context(), fmt.Sprintf(`INSERT INTO pairs VALUES (%d, 5), (%d, -5)`, k, k+1)); err != nil {
					t.Error(err)
				}
				rows, err := db.Query(t.Context(), `SELECT t FROM total`)
				if got := text(t, rows, err); got != "+1 0\n" {
					t.Errorf("half a statement was seen: %s", got)
				}
			}
		})
	}
	wg.Go(func() {
		for range 10 {
			q, err := db.Start(t.Context(), `SELECT g, s FROM sums EMIT UPDATE`)
			if err != nil {
				t.Error(err)
				return
			}
			if err := q.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

// A query that joins a running dataflow begins with what is there.
func TestJoinRunning(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(10)+`; CREATE MATERIALIZED VIEW v AS SELECT i % 3 AS g, COUNT(*) AS c FROM n GROUP BY i % 3`)
	exec(t, db, `CREATE MATERIALIZED VIEW w AS SELECT MAX(c) AS m FROM v`)
	equal(t, ask(t, db, `SELECT m FROM w`), "+1 4\n")
	exec(t, db, `INSERT INTO n VALUES (12), (15), (18)`)
	equal(t, ask(t, db, `SELECT m FROM w`), "+1 7\n")
}

// EVERY starts epochs at multiples of its span; nothing is lost between them.
func TestTriggerEvery(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(3))
	q := start(t, db, `SELECT SUM(i) AS s FROM n EMIT UPDATE TRIGGER EVERY 20 MILLISECOND`)
	for i := range 5 {
		exec(t, db, fmt.Sprintf(`INSERT INTO n VALUES (%d)`, 10*i))
	}
	rows, err := q.Result(t.Context())
	equal(t, text(t, rows, err), "+1 103\n")
	equal(t, q.Trigger()+"\n", "EVERY 20 MILLISECOND\n")
}

// Views over one another see one epoch, whatever their depth, and a view that is read
// cannot go.
func TestViewsOfViews(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(8)+`;
		CREATE MATERIALIZED VIEW a AS SELECT i, i % 2 AS odd FROM n;
		CREATE MATERIALIZED VIEW b AS SELECT odd, COUNT(*) AS c FROM a GROUP BY odd;
		CREATE MATERIALIZED VIEW c AS SELECT SUM(c) AS n FROM b`)
	for i := 8; i < 12; i++ {
		exec(t, db, fmt.Sprintf(`INSERT INTO n VALUES (%d)`, i))
		equal(t, ask(t, db, `SELECT n FROM c`), fmt.Sprintf("+1 %d\n", i+1))
	}
	if err := db.Exec(t.Context(), `DROP MATERIALIZED VIEW b`); err == nil {
		t.Error("a view that is read was dropped")
	}
	exec(t, db, `DROP MATERIALIZED VIEW c; DROP MATERIALIZED VIEW b; DROP MATERIALIZED VIEW a; DROP TABLE n`)
}

// A second start of the same statement attaches; another text under the name is refused.
func TestAttach(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(3)+`; CREATE TABLE sink (i BIGINT) WITH (connector = 'memory')`)
	first := start(t, db, `INSERT INTO sink SELECT i FROM n EMIT UPDATE`)
	again := start(t, db, `INSERT INTO sink SELECT i FROM n EMIT UPDATE`)
	if first != again {
		t.Error("a second copy was started")
	}
	if _, err := db.Start(t.Context(), `INSERT INTO sink SELECT i + 1 FROM n EMIT UPDATE`); err == nil || !strings.Contains(err.Error(), "CREATE OR REPLACE QUERY") {
		t.Errorf("got %v", err)
	}
	exec(t, db, `CREATE QUERY other AS INSERT INTO sink SELECT i + 100 FROM n EMIT UPDATE`)
	if n := len(db.Queries()); n != 2 {
		t.Errorf("%d queries run", n)
	}
}
