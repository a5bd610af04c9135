package sqlstream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// An editor asks after each line whether there is more to come.
func ExampleIsComplete() {
	fmt.Println(sqlstream.IsComplete("SELECT 'a;"))
	fmt.Println(sqlstream.IsComplete("SELECT 'a;b'"))
	fmt.Println(sqlstream.IsComplete("SELECT 'a;b';"))
	// Output:
	// false
	// false
	// true
}

// An error knows its place in the text.
func ExampleError() {
	db := open()
	defer db.Close()
	err := db.Exec(context.Background(), "SELECT user,\n  pgae FROM clicks")
	var e *sqlstream.Error
	if errors.As(err, &e) {
		line, column := e.Source.LineColumn(e.Offset)
		fmt.Println(line, column, e.Msg, "-", e.Hint)
	}
	// Output:
	// 2 3 there is no column pgae - did you mean page?
}

func ExampleDB_Suggestions() {
	db := open()
	defer db.Close()
	for _, s := range db.Suggestions("cl") {
		fmt.Println(s.Kind, s.Text)
	}
	for _, s := range db.Suggestions("PAG") {
		fmt.Println(s.Kind, s.Text)
	}
	// Output:
	// table clicks
	// column page
}

// A column that two tables have is suggested once.
func TestSuggestionsAreDistinct(t *testing.T) {
	db := open()
	defer db.Close()
	must(db.Exec(t.Context(), `CREATE TABLE visits (user VARCHAR) WITH (connector = 'memory')`))
	n := 0
	for _, s := range db.Suggestions("user") {
		if s == (sqlstream.Suggestion{Text: "user", Kind: "column"}) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("column user was suggested %d times", n)
	}
}

// The first change that a subscriber sees is the result so far, under the epoch that
// it is of: it had the number of the epoch to come.
func TestSnapshotHasItsEpoch(t *testing.T) {
	ctx := t.Context()
	db := open()
	defer db.Close()
	q := must1(db.Start(ctx, `SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE`))
	must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/')`))
	epoch := must1(q.Result(ctx)).Epoch()
	if p := q.Progress(); epoch != p.BatchID {
		t.Errorf("the result is of epoch %d, the progress of %d", epoch, p.BatchID)
	}
	var epochs []int64
	for c, err := range q.Changes(ctx) {
		must(err)
		if epochs = append(epochs, c.Epoch); len(epochs) == 2 {
			break
		}
		must(db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/')`))
	}
	if epochs[0] != epoch || epochs[1] <= epoch {
		t.Errorf("changes of epochs %v after a result of epoch %d", epochs, epoch)
	}
}

// What a query is known by and fed from decides how it is shown and waited for.
func TestKeyAndReadsOutside(t *testing.T) {
	ctx := t.Context()
	db := open()
	defer db.Close()
	must(db.Exec(ctx, `
		CREATE TABLE made (n BIGINT) WITH (connector = 'datagen');
		CREATE TABLE kept (n BIGINT) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW per AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user`))
	for _, c := range []struct {
		sql     string
		key     string
		outside bool
	}{
		{`SELECT n, user FROM per EMIT`, "[1]", false},
		{`SELECT n FROM per EMIT`, "[]", false},
		{`SELECT COUNT(*) AS n FROM clicks EMIT`, "[]", false},
		{`SELECT n FROM made EMIT`, "[]", true},
		{`SELECT n FROM kept EMIT`, "[]", false},
	} {
		q := must1(db.Start(ctx, c.sql))
		if got := fmt.Sprint(q.Key()); got != c.key || q.ReadsOutside() != c.outside {
			t.Errorf("%s: key %s, reads outside %v", c.sql, got, q.ReadsOutside())
		}
	}
	q := must1(db.Start(ctx, `SELECT COUNT(*) AS n FROM clicks EMIT`))
	if q.Key() == nil {
		t.Error("a result of one row has the empty key, not none")
	}

	// A memory table that another query fills from outside is outside's, too.
	must(db.Exec(ctx, `INSERT INTO kept SELECT n FROM made EMIT`))
	if q := must1(db.Start(ctx, `SELECT n FROM kept EMIT`)); !q.ReadsOutside() {
		t.Error("a query over what another one fills from outside waits for nothing")
	}
}
