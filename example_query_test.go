package sqlstream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// background is the context of the examples that have none of their own.
var background = context.Background()

// counting starts a count of clicks per user over one click of ann's and two of bob's.
func counting(db *sqlstream.DB) *sqlstream.Query {
	q := must1(db.Start(background, `SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE`, sqlstream.WithName("per_user")))
	must(db.Exec(background, `INSERT INTO clicks VALUES ('ann', '/home'), ('bob', '/'), ('bob', '/pay')`))
	return q
}

// A query is looked at while it runs.
func ExampleQuery() {
	db := open()
	defer db.Close()
	q := counting(db)
	fmt.Println(q.Name(), q.Kind(), q.Mode())
	for b, err := range must1(q.Result(background)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output:
	// per_user SELECT UPDATE
	// +1 ann 1
	// +1 bob 2
}

func ExampleQuery_Name() {
	db := open()
	defer db.Close()
	fmt.Println(counting(db).Name())
	fmt.Println(must1(db.Start(background, `SELECT user FROM clicks EMIT`)).Name())
	// Output:
	// per_user
	// select_2
}

func ExampleQuery_Kind() {
	db := open()
	defer db.Close()
	fmt.Println(counting(db).Kind())
	fmt.Println(must1(db.Start(background, `CREATE MATERIALIZED VIEW pages AS SELECT DISTINCT page FROM clicks`)).Kind())
	// Output:
	// SELECT
	// MATERIALIZED VIEW
}

func ExampleQuery_Text() {
	db := open()
	defer db.Close()
	fmt.Println(counting(db).Text())
	// Output: SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE
}

func ExampleQuery_Trigger() {
	db := open()
	defer db.Close()
	q := must1(db.Start(background, `SELECT user FROM clicks EMIT TRIGGER EVERY 500 MILLISECOND`))
	fmt.Println(q.Trigger())
	// Output: EVERY 500 MILLISECOND
}

func ExampleQuery_Schema() {
	db := open()
	defer db.Close()
	fmt.Println(counting(db).Schema())
	// Output: (user VARCHAR, n BIGINT)
}

// A group's columns are a key of its result: a receiver that keeps the latest row of
// each key has the result.
func ExampleQuery_Key() {
	db := open()
	defer db.Close()
	fmt.Println(counting(db).Key())
	// Output: [0]
}

// A query over rows that are never taken back only adds rows itself.
func ExampleQuery_AppendOnly() {
	db := open()
	defer db.Close()
	must(db.Exec(background, `CREATE TABLE log (line VARCHAR) WITH (connector = 'memory', append.only = 'true')`))
	q := must1(db.Start(background, `SELECT UPPER(line) FROM log EMIT`))
	fmt.Println(q.Mode(), q.AppendOnly(), counting(db).AppendOnly())
	// Output: APPEND true false
}

func ExampleQuery_Mode() {
	db := open()
	defer db.Close()
	fmt.Println(must1(db.Start(background, `SELECT COUNT(*) FROM clicks EMIT COMPLETE`)).Mode())
	// Output: COMPLETE
}

// What reads only memory changes by statements and by Table alone.
func ExampleQuery_ReadsOutside() {
	db := open()
	defer db.Close()
	must(db.Exec(background, `CREATE TABLE made_up (id BIGINT) WITH (connector = 'datagen')`))
	q := must1(db.Start(background, `SELECT id FROM made_up EMIT`))
	fmt.Println(q.ReadsOutside(), counting(db).ReadsOutside())
	// Output: true false
}

func ExampleQuery_Status() {
	db := open()
	defer db.Close()
	q := counting(db)
	fmt.Println(q.Status())
	must(q.Stop(background))
	fmt.Println(q.Status())
	// Output:
	// RUNNING <nil>
	// STOPPED <nil>
}

func ExampleStatus() {
	db := open()
	defer db.Close()
	must(db.Exec(background, `INSERT INTO clicks VALUES ('seven', '/')`))
	q := must1(db.Start(background, `SELECT CAST(user AS INT) AS n FROM clicks EMIT`))
	err := q.Wait(background)
	status, _ := q.Status()
	fmt.Println(status == sqlstream.Failed, err != nil)
	// Output: true true
}

func ExampleQuery_Done() {
	db := open()
	defer db.Close()
	q := must1(db.Start(background, `SELECT user FROM clicks EMIT TRIGGER ONCE`))
	<-q.Done()
	fmt.Println(q.Status())
	// Output: FINISHED <nil>
}

func ExampleQuery_Wait() {
	db := open()
	defer db.Close()
	q := must1(db.Start(background, `SELECT user FROM clicks EMIT TRIGGER AVAILABLE NOW`))
	fmt.Println(q.Wait(background))
	// Output: <nil>
}

// Tests feed a table, let the query take it in, and look at the result.
func ExampleQuery_ProcessAllAvailable() {
	db := open()
	defer db.Close()
	q := counting(db)
	must(q.ProcessAllAvailable(background))
	fmt.Println(q.Progress().NumInputRows)
	// Output: 3
}

func ExampleQuery_Progress() {
	db := open()
	defer db.Close()
	p := counting(db).Progress()
	fmt.Println(p.Name, p.NumInputRows, p.Sources[0].Description, len(p.StateOperators) > 0)
	// Output: per_user 3 clicks true
}

// Progress prints itself as JSON, in Spark's words.
func ExampleProgress() {
	text := sqlstream.Progress{Name: "per_user", NumInputRows: 3}.String()
	fmt.Println(strings.Contains(text, `"numInputRows":3`))
	// Output: true
}

// A change is what one epoch added and took back.
func ExampleChange() {
	db := open()
	defer db.Close()
	q := counting(db)
	for change, err := range q.Changes(background) {
		must(err)
		fmt.Println(rowsIn(change))
		break
	}
	// Output: 2
}

func rowsIn(c sqlstream.Change) int { return c.Delta.Len }

func ExampleMode() {
	for _, m := range []sqlstream.Mode{sqlstream.Append, sqlstream.Update, sqlstream.Complete} {
		fmt.Println(m)
	}
	// Output:
	// APPEND
	// UPDATE
	// COMPLETE
}

func ExampleQueryOption() {
	db := open()
	defer db.Close()
	options := []sqlstream.QueryOption{sqlstream.WithName("users")}
	fmt.Println(must1(db.Start(background, `SELECT user FROM clicks EMIT`, options...)).Name())
	// Output: users
}

func ExampleWithName() {
	db := open()
	defer db.Close()
	must1(db.Start(background, `SELECT user FROM clicks EMIT`, sqlstream.WithName("users")))
	_, err := db.Start(background, `SELECT page FROM clicks EMIT`, sqlstream.WithName("users"))
	fmt.Println(err != nil)
	// Output: true
}

// A query that only adds rows keeps no result, unless it is asked to.
func ExampleWithResult() {
	db := open()
	defer db.Close()
	must(db.Exec(background, `CREATE TABLE log (line VARCHAR) WITH (connector = 'memory', append.only = 'true')`))
	_, err := must1(db.Start(background, `SELECT line FROM log EMIT`)).Result(background)
	fmt.Println(errors.Is(err, sqlstream.ErrNoResult))

	q := must1(db.Start(background, `SELECT line FROM log EMIT`, sqlstream.WithResult()))
	must(db.Exec(background, `INSERT INTO log VALUES ('hello')`))
	for b, err := range must1(q.Result(background)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output:
	// true
	// +1 hello
}

func ExampleTable_Append() {
	db := open()
	defer db.Close()
	clicks := must1(db.Table("clicks"))
	must(clicks.Append(background, "ann", nil))
	fmt.Println(clicks.Append(background, "ann"))
	// Output: table clicks: 1 values for 2 columns
}

// A batch changes a table at once.
func ExampleTable_Apply() {
	db := open()
	defer db.Close()
	clicks := must1(db.Table("clicks"))
	must(clicks.Append(background, "ann", "/home"))
	must(clicks.Apply(background, must1(zset.Parse(clicks.Schema(), `
		-1 ann /home
		+1 ann /pay`))))
	for b, err := range must1(db.Query(background, `SELECT * FROM clicks`)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output: +1 ann /pay
}

func ExampleTable_Name() {
	db := open()
	defer db.Close()
	fmt.Println(must1(db.Table("CLICKS")).Name())
	// Output: clicks
}

func ExampleTable_Schema() {
	db := open()
	defer db.Close()
	fmt.Println(must1(db.Table("clicks")).Schema())
	// Output: (user VARCHAR, page VARCHAR)
}

func ExampleTable() {
	db := must1(sqlstream.Open(background))
	defer db.Close()
	var temps *sqlstream.Table = must1(db.RegisterTable(background, "temps", "room VARCHAR NOT NULL, t DOUBLE"))
	must(temps.Append(background, "hall", 18.5))
	for b, err := range must1(db.Query(background, `SELECT room, t FROM temps`)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output: +1 hall 18.5
}
