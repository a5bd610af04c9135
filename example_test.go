package sqlstream_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// open makes a database with a table of clicks.
func open(options ...sqlstream.Option) *sqlstream.DB {
	db, err := sqlstream.Open(context.Background(), options...)
	if err != nil {
		log.Fatal(err)
	}
	must(db.Exec(context.Background(), `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory')`))
	return db
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must1[T any](v T, err error) T {
	must(err)
	return v
}

// A continuous query is kept up to date as rows arrive.
func Example() {
	ctx := context.Background()
	db := must1(sqlstream.Open(ctx))
	defer db.Close()

	must(db.Exec(ctx, `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory')`))
	q := must1(db.Start(ctx, `SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE`))
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home'), ('bob', '/'), ('ann', '/pay')`))

	rows := must1(q.Result(ctx))
	for rows.Next() {
		var user string
		var n int
		must(rows.Scan(&user, &n))
		fmt.Println(user, n)
	}
	must(rows.Err())
	// Output:
	// ann 2
	// bob 1
}

func ExampleOpen() {
	db, err := sqlstream.Open(context.Background(), sqlstream.WithParallelism(1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Close())
	// Output: <nil>
}

func ExampleDB_Exec() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home'); DELETE FROM clicks WHERE user = 'ann'`))
	fmt.Println(db.Exec(ctx, `INSERT INTO click VALUES ('ann', '/home')`))
	// Output:
	// SQL:1:13: there is no table click
	//   INSERT INTO click VALUES ('ann', '/home')
	//               ^
	// hint: did you mean clicks?
}

func ExampleDB_Query() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home'), ('bob', NULL)`))
	rows := must1(db.Query(ctx, `SELECT user, page FROM clicks ORDER BY user`))
	fmt.Println(rows.Columns())
	for rows.Next() {
		fmt.Println(rows.Value(0), rows.Value(1))
	}
	must(rows.Err())
	// Output:
	// [user page]
	// ann /home
	// bob <nil>
}

func ExampleDB_Run() {
	db := open()
	defer db.Close()
	text := `INSERT INTO clicks VALUES ('ann', '/home'); SELECT COUNT(*) FROM clicks`
	for r, err := range db.Run(context.Background(), "clicks.sql", text) {
		must(err)
		fmt.Println(r.Message)
		for r.Rows != nil && r.Rows.Next() {
			n, _ := r.Rows.Text(0)
			fmt.Println(n)
		}
	}
	// Output:
	// 1 row inserted
	//
	// 1
}

func ExampleDB_Start() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home'), ('bob', '/')`))
	q := must1(db.Start(ctx, `SELECT user FROM clicks EMIT TRIGGER AVAILABLE NOW`, sqlstream.WithName("users")))
	must(q.Wait(ctx))
	status, err := q.Status()
	fmt.Println(q.Name(), q.Kind(), q.Mode(), status, err, q.Progress().NumInputRows)
	// Output: users SELECT UPDATE FINISHED <nil> 2
}

// Changes tell what each epoch added and took back.
func ExampleQuery_Changes() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	q := must1(db.Start(ctx, `SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE`))
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home')`))
	epochs := 0
	for change, err := range q.Changes(ctx) {
		must(err)
		fmt.Print(change.Delta)
		if epochs++; epochs == 2 {
			break
		}
		must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/pay')`))
	}
	// Output:
	// +1 ann 1
	// -1 ann 1
	// +1 ann 2
}

func ExampleQuery_Result() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	q := must1(db.Start(ctx, `SELECT page, COUNT(*) AS n FROM clicks GROUP BY page ORDER BY n DESC LIMIT 1 EMIT COMPLETE`))
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/pay'), ('bob', '/pay'), ('bob', '/')`))
	must(q.ProcessAllAvailable(ctx))
	for b, err := range must1(q.Result(ctx)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output: +1 /pay 2
}

func ExampleQuery_Stop() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	q := must1(db.Start(ctx, `SELECT user FROM clicks EMIT`))
	must(q.Stop(ctx))
	<-q.Done()
	fmt.Println(q.Status())
	// Output: STOPPED <nil>
}

func ExampleDB_RegisterTable() {
	ctx := context.Background()
	db := must1(sqlstream.Open(ctx))
	defer db.Close()
	clicks := must1(db.RegisterTable(ctx, "clicks", "user VARCHAR, at TIMESTAMP(0)"))
	q := must1(db.Start(ctx, `SELECT user, MAX(at) AS last FROM clicks GROUP BY user EMIT UPDATE`))

	must(clicks.Append(ctx, "ann", time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)))
	must(clicks.Append(ctx, "ann", "2026-01-01 10:00:00"))
	// A batch may take rows back, too.
	must(clicks.Apply(ctx, must1(zset.Parse(clicks.Schema(), `
		-1 ann "2026-01-01 10:00:00"
		+1 bob "2026-01-01 11:00:00"`))))
	for b, err := range must1(q.Result(ctx)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output:
	// +1 ann "2026-01-01 09:00:00"
	// +1 bob "2026-01-01 11:00:00"
}

func ExampleDB_Table() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	clicks := must1(db.Table("clicks"))
	must(clicks.Append(ctx, "ann", "/home"))
	rows := must1(db.Query(ctx, `SELECT * FROM clicks`))
	for rows.Next() {
		fmt.Println(rows.Value(0), rows.Value(1))
	}
	// Output: ann /home
}

func ExampleDB_RegisterScalar() {
	ctx := context.Background()
	db := must1(sqlstream.Open(ctx))
	defer db.Close()
	must(db.RegisterScalar("shout", func(s string) string { return strings.ToUpper(s) + "!" }))
	rows := must1(db.Query(ctx, `SELECT shout('hello'), shout(NULL)`))
	for rows.Next() {
		fmt.Println(rows.Value(0), rows.Value(1))
	}
	// Output: HELLO! <nil>
}

func ExampleDB_RegisterAggregate() {
	ctx := context.Background()
	db := must1(sqlstream.Open(ctx))
	defer db.Close()
	must(db.RegisterAggregate("spread", func(values []float64) float64 { return slices.Max(values) - slices.Min(values) }))
	temps := must1(db.RegisterTable(ctx, "temps", "room VARCHAR, t DOUBLE"))
	q := must1(db.Start(ctx, `SELECT room, spread(t) AS s FROM temps GROUP BY room EMIT UPDATE`))
	must(temps.Append(ctx, "hall", 18.5))
	must(temps.Append(ctx, "hall", 21.0))
	for b, err := range must1(q.Result(ctx)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output: +1 hall 2.5
}

func ExampleDB_Explain() {
	db := open()
	defer db.Close()
	text := must1(db.Explain(context.Background(), `SELECT page FROM clicks WHERE user = 'ann'`))
	_, physical, _ := strings.Cut(text, "Physical plan\n")
	physical, _, _ = strings.Cut(physical, "\n\n")
	fmt.Println(physical)
	// Output:
	//   Project page
	//   └─ Filter user = 'ann'
	//      └─ Scan clicks [user, page]
}

// The console connector prints each epoch.
func ExampleWithOutput() {
	db := open(sqlstream.WithOutput(os.Stdout))
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `
		INSERT INTO clicks VALUES ('ann', '/home');
		CREATE TABLE screen (user VARCHAR) WITH (connector = 'console', print = 'ndjson');
		INSERT INTO screen SELECT user FROM clicks`))
	// Output: {"user":"ann"}
}

// Progress is told after each epoch, in the words of Spark's StreamingQueryProgress.
func ExampleWithProgress() {
	var rows int64
	db := open(sqlstream.WithParallelism(1), sqlstream.WithProgress(func(p sqlstream.Progress) { rows += p.NumInputRows }))
	ctx := context.Background()
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home')`))
	q := must1(db.Start(ctx, `SELECT user FROM clicks EMIT TRIGGER ONCE`))
	must(q.Wait(ctx))
	must(db.Close())
	fmt.Println(rows)
	// Output: 1
}

// What needs no answer is told by notices: here of a record that a table leaves out.
func ExampleWithNotice() {
	dir := must1(os.MkdirTemp("", "notice"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "clicks.json")
	must(os.WriteFile(path, []byte("{\"page\": \"/home\"}\n{\"page\n"), 0o600))
	db := must1(sqlstream.Open(context.Background(), sqlstream.WithNotice(func(text string) {
		fmt.Println(strings.ReplaceAll(text, dir+string(filepath.Separator), ""))
	})))
	defer db.Close()
	must(db.Exec(context.Background(), fmt.Sprintf(
		`CREATE TABLE pages (page VARCHAR) WITH (connector = 'file', path = '%s', format = 'json', on_error = 'skip'); SELECT page FROM pages`, path)))
	// Output: table pages: bad record clicks.json at offset 1: the JSON ends too early, at byte 6 (1 so far)
}

// A clock of one's own makes NOW() repeatable.
func ExampleWithClock() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	db := open(sqlstream.WithClock(func() time.Time { return noon }))
	defer db.Close()
	rows := must1(db.Query(context.Background(), `SELECT NOW()`))
	for rows.Next() {
		fmt.Println(rows.Text(0))
	}
	// Output: 2026-01-01 12:00:00 true
}

// A test of a query that knows of time moves a clock of its own: no row comes for a minute,
// so that the table counts as idle, its watermark goes with the clock, and the window closes.
func ExampleWithClock_windows() {
	var passed atomic.Int64
	db := open(sqlstream.WithClock(func() time.Time {
		return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(passed.Load()))
	}))
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `CREATE TABLE visits (page VARCHAR, ts TIMESTAMP(0), WATERMARK FOR ts AS ts - INTERVAL 5 SECOND)
		WITH (connector = 'memory', append_only = 'true', idle_timeout = '1 minute', watermark_idle_advance = 'true')`))
	q := must1(db.Start(ctx, `SELECT window_end, COUNT(*) FROM TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL 1 MINUTE)
		GROUP BY window_start, window_end EMIT APPEND`, sqlstream.WithResult()))
	must(db.Exec(ctx, `INSERT INTO visits VALUES ('/', '2026-01-01 12:00:10'), ('/pay', '2026-01-01 12:00:30')`))
	for _, d := range []time.Duration{0, 59 * time.Second, 10 * time.Second} {
		passed.Add(int64(d))
		must(q.ProcessAllAvailable(ctx))
		rows := must1(q.Result(ctx))
		fmt.Println(passed.Load()/int64(time.Second), "seconds later:")
		for rows.Next() {
			fmt.Println(rows.Value(0), rows.Value(1))
		}
	}
	// Output:
	// 0 seconds later:
	// 59 seconds later:
	// 69 seconds later:
	// 2026-01-01 12:01:00 +0000 UTC 2
}

// A query means the same with and without the optional rules.
func ExampleWithoutRules() {
	db := open(sqlstream.WithoutRules())
	defer db.Close()
	rows := must1(db.Query(context.Background(), `SELECT 1 + 1`))
	for rows.Next() {
		fmt.Println(rows.Value(0))
	}
	// Output: 2
}

func ExampleDB_Queries() {
	db := open()
	defer db.Close()
	ctx := context.Background()
	must(db.Exec(ctx, `CREATE MATERIALIZED VIEW pages AS SELECT DISTINCT page FROM clicks`))
	for _, q := range db.Queries() {
		fmt.Println(q.Name(), q.Kind(), q.Mode(), q.AppendOnly(), q.Schema(), q.Trigger())
		fmt.Println(q.Text())
	}
	// Output:
	// pages MATERIALIZED VIEW UPDATE false (page VARCHAR) as soon as there is data
	// CREATE MATERIALIZED VIEW pages AS SELECT DISTINCT page FROM clicks
}

func ExampleRows_Scan() {
	db := open()
	defer db.Close()
	rows := must1(db.Query(context.Background(), `SELECT 7, 'x', CAST(NULL AS SIGNED), 0.5e0`))
	defer rows.Close()
	for rows.Next() {
		var (
			n    int64
			text string
			none *int64
			half float64
		)
		must(rows.Scan(&n, &text, &none, &half))
		fmt.Println(n, text, none, half)
	}
	// Output: 7 x <nil> 0.5
}
