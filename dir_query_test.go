package sqlstream_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
)

// A disk is a directory in memory that a database is opened on again and again.
type disk struct {
	t  *testing.T
	fs vfs.FS
	db *sqlstream.DB
}

func newDisk(t *testing.T) *disk { return &disk{t: t, fs: vfs.NewMem()} }

// open opens the directory, after whatever had it is closed.
func (d *disk) open(options ...sqlstream.Option) *sqlstream.DB {
	d.t.Helper()
	if d.db != nil {
		if err := d.db.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	d.db = opened(d.t, append(options, sqlstream.WithDir("dir"), probe.On(d.fs).(sqlstream.Option))...)
	return d.db
}

// queries tells of each query its status, and from where it goes on.
func (d *disk) queries() string {
	var out []string
	for _, q := range d.db.Queries() {
		status, err := q.Status()
		line := q.Name() + " " + status.String()
		if at, ok := q.Resumed(); ok {
			line += fmt.Sprint(" ", at)
		}
		if err != nil {
			line += ": " + err.Error()
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// A materialized view goes on where it was, over a table whose rows are kept, too.
func TestDirectoryKeepsMaterializedViews(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
INSERT INTO clicks VALUES ('ann', '/'), ('bob', '/'), ('ann', '/pay')`)
	for range 3 {
		db = d.open()
		if got := ask(t, db, "SELECT user, n FROM counts"); got != "+1 ann 2\n+1 bob 1\n" {
			t.Errorf("got %s", got)
		}
		if got := d.queries(); !strings.HasPrefix(got, "counts RUNNING ") {
			t.Errorf("queries: %s", got)
		}
	}
	exec(t, db, `INSERT INTO clicks VALUES ('bob', '/x'); DELETE FROM clicks WHERE page = '/pay'`)
	db = d.open()
	if got := ask(t, db, "SELECT user, n FROM counts"); got != "+1 ann 1\n+1 bob 2\n" {
		t.Errorf("got %s", got)
	}
	exec(t, db, "DROP MATERIALIZED VIEW counts; DROP TABLE clicks")
	d.open()
	if got := d.queries(); got != "" {
		t.Errorf("after DROP: %s", got)
	}
}

const pipeline = `CREATE TABLE nums (n BIGINT, d BIGINT) WITH (connector = 'memory');
CREATE TABLE shares (n BIGINT, share BIGINT) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW big AS SELECT n, d FROM nums WHERE n > 10;
INSERT INTO shares SELECT n, n DIV d FROM big WHERE d > 0 EMIT UPDATE;
CREATE QUERY extra AS INSERT INTO shares SELECT n, CAST(0 AS SIGNED) FROM nums WHERE n < 0 EMIT UPDATE;`

// The same file can be run again and again: what is there stays, what ran goes on, and
// nothing is started twice or put out twice.
func TestDirectoryRunsTheSameFileAgain(t *testing.T) {
	d := newDisk(t)
	for i := range 3 {
		db := d.open()
		var said []string
		for r, err := range db.Run(t.Context(), "file.sql", pipeline) {
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, r.Message)
		}
		if i > 0 && strings.Join(said, "; ") != "table nums exists already; table shares exists already; materialized view big exists already; query shares runs already; query extra runs already" {
			t.Errorf("said %q", said)
		}
		exec(t, db, fmt.Sprintf("INSERT INTO nums VALUES (%d, 2), (-%d, 1)", 20+i, i+1))
	}
	db := d.open()
	if got := ask(t, db, "SELECT n, share FROM shares"); got != "+1 -3 0\n+1 -2 0\n+1 -1 0\n+1 20 10\n+1 21 10\n+1 22 11\n" {
		t.Errorf("got %s", got)
	}
	err := db.Exec(t.Context(), "INSERT INTO shares SELECT n, d FROM big EMIT UPDATE")
	if err == nil || !strings.Contains(err.Error(), "CREATE OR REPLACE QUERY shares") {
		t.Errorf("another text: %v", err)
	}
}

// A query that was stopped stays so, with its state; RESUME QUERY and its own statement let
// it go on from there, in the same session and in another.
func TestDirectoryStopsAndResumes(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, pipeline+"INSERT INTO nums VALUES (20, 2); STOP QUERY shares; INSERT INTO nums VALUES (30, 3); RESUME QUERY shares")
	const first = "+1 20 10\n+1 30 10\n"
	settle(t, db, "shares")
	if got := ask(t, db, "SELECT n, share FROM shares"); got != first {
		t.Errorf("resumed in the same session: %s", got)
	}
	exec(t, db, "STOP QUERY shares; INSERT INTO nums VALUES (40, 4)")
	db = d.open()
	if got := d.queries(); !strings.Contains(got, "shares STOPPED") {
		t.Errorf("queries: %s", got)
	}
	exec(t, db, "INSERT INTO nums VALUES (50, 5)")
	if got := ask(t, db, "SELECT n, share FROM shares"); got != first {
		t.Errorf("while it is stopped: %s", got)
	}
	db = d.open()
	for _, statement := range []string{"RESUME QUERY shares", "INSERT INTO shares SELECT n, n DIV d FROM big WHERE d > 0 EMIT UPDATE"} {
		exec(t, db, statement+"; STOP QUERY extra")
		settle(t, db, "shares")
		if got := ask(t, db, "SELECT n, share FROM shares"); got != first+"+1 40 10\n+1 50 10\n" {
			t.Errorf("after %s: %s", statement, got)
		}
		exec(t, db, "STOP QUERY shares")
		db = d.open()
	}
	exec(t, db, "DROP QUERY shares")
	d.open()
	if got := d.queries(); strings.Contains(got, "shares") {
		t.Errorf("after DROP: %s", got)
	}
}

func settle(t *testing.T, db *sqlstream.DB, name string) {
	t.Helper()
	for _, q := range db.Queries() {
		if q.Name() == name {
			if err := q.ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A query that has failed shows its error, also when the directory is opened again, and can
// go on under another eval_error.
func TestDirectoryKeepsFailures(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE texts (t VARCHAR) WITH (connector = 'memory');
CREATE TABLE numbers (n BIGINT) WITH (connector = 'memory');
INSERT INTO numbers SELECT CAST(t AS SIGNED) FROM texts EMIT;
INSERT INTO texts VALUES ('1')`)
	if err := db.Exec(t.Context(), "INSERT INTO texts VALUES ('x')"); err == nil {
		t.Fatal("the query does not fail")
	}
	const failed = "numbers FAILED: "
	if got := d.queries(); !strings.HasPrefix(got, failed) {
		t.Fatalf("queries: %s", got)
	}
	before := d.queries()
	db = d.open()
	if got := d.queries(); got != before {
		t.Errorf("queries: %s, before %s", got, before)
	}
	exec(t, db, "SET eval_error = 'null'; RESUME QUERY numbers")
	settle(t, db, "numbers")
	if got := ask(t, db, "SELECT n FROM numbers"); got != "+1 NULL\n+1 1\n" {
		t.Errorf("got %s", got)
	}
	db = d.open()
	exec(t, db, "INSERT INTO texts VALUES ('y'), ('2')")
	if got := ask(t, db, "SELECT n FROM numbers"); got != "+2 NULL\n+1 1\n+1 2\n" {
		t.Errorf("the setting is kept: %s", got)
	}
}

// CREATE OR REPLACE puts another query in the place of one, with state of its own.
func TestDirectoryReplacesQueries(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, pipeline+"INSERT INTO nums VALUES (20, 2)")
	exec(t, db, "CREATE OR REPLACE QUERY shares AS INSERT INTO shares SELECT n, d FROM big EMIT UPDATE")
	settle(t, db, "shares")
	db = d.open()
	settle(t, db, "shares")
	if got := ask(t, db, "SELECT n, share FROM shares"); got != "+1 20 2\n+1 20 10\n" {
		t.Errorf("got %s", got)
	}
	exec(t, db, "DROP QUERY shares; CREATE OR REPLACE MATERIALIZED VIEW big AS SELECT n + 1 AS n, d FROM nums")
	db = d.open()
	if got := ask(t, db, "SELECT n, d FROM big"); got != "+1 21 2\n" {
		t.Errorf("got %s", got)
	}
}

// A query that began over a table from which rows had gone, and was cut off before it had
// read them, begins with the rows that it would have begun with.
func TestDirectoryBeginsWithTheSameRows(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE stock (id INT, n INT) WITH (connector = 'memory');
INSERT INTO stock VALUES (1, 5), (2, 3), (2, 3); UPDATE stock SET n = n + 1 WHERE id = 2;
CREATE TABLE copy (id INT, n INT) WITH (connector = 'memory');
INSERT INTO copy SELECT * FROM stock EMIT UPDATE`)
	for range 3 {
		db = d.open()
	}
	settle(t, db, "copy")
	if got := ask(t, db, "SELECT * FROM copy"); got != "+1 1 5\n+2 2 4\n" {
		t.Errorf("got %s", got)
	}
}

// A complete result takes the place of the one before, also where another process has
// written that.
func TestDirectoryReplacesACompleteResult(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE t (k VARCHAR) WITH (connector = 'memory'); CREATE TABLE copy (k VARCHAR, n BIGINT) WITH (connector = 'memory');
INSERT INTO t VALUES ('x'), ('y'); INSERT INTO copy VALUES ('mine', 0);
INSERT INTO copy SELECT k, COUNT(*) FROM t GROUP BY k EMIT COMPLETE`)
	settle(t, db, "copy")
	db = d.open()
	exec(t, db, "INSERT INTO t VALUES ('y')")
	if got := ask(t, db, "SELECT * FROM copy"); got != "+1 mine 0\n+1 x 1\n+1 y 2\n" {
		t.Errorf("got %s", got)
	}
}

// A query whose state memory had no room for is stopped, and goes on in the same process
// with all of it.
func TestDirectoryResumesWhatWasBeyondMemory(t *testing.T) {
	d := newDisk(t)
	db := d.open(sqlstream.WithMemory("64 KiB"))
	exec(t, db, `CREATE TABLE nums (n BIGINT) WITH (connector = 'memory'); CREATE TABLE sums (k BIGINT, c BIGINT, PRIMARY KEY (k)) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT n % 5000 AS k, COUNT(*) AS c FROM nums GROUP BY n % 5000;
INSERT INTO nums SELECT * FROM generate_series(1, 10000)`)
	for range 2 {
		exec(t, db, "STOP QUERY counts; INSERT INTO nums VALUES (3), (7); RESUME QUERY counts")
		settle(t, db, "counts")
	}
	if got := ask(t, db, "SELECT COUNT(*) AS keys_, SUM(c) AS c FROM counts"); got != "+1 5000 10004\n" {
		t.Errorf("got %s", got)
	}
}

// What was left of a table that was replaced, or whose DROP was cut off, is removed when the
// directory is opened, and said; what is no journal stays, and so do the tables that are.
func TestDirectoryForgetsTablesThatAreNoMore(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE t (v INT) WITH (connector = 'memory'); INSERT INTO t VALUES (1);
CREATE OR REPLACE TABLE t (v INT) WITH (connector = 'memory'); INSERT INTO t VALUES (2)`)
	if err := d.fs.MkdirAll("dir/tables/notes", 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := d.fs.Create("dir/tables/notes/mine", vfs.WriteCategoryUnspecified)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	var told []string
	note := sqlstream.WithNotice(func(text string) { told = append(told, text) })
	for range 2 {
		db = d.open(note)
		if got := ask(t, db, "SELECT v FROM t"); got != "+1 2\n" {
			t.Errorf("got %s", got)
		}
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "dir/tables/") || !strings.HasSuffix(told[0], " was of a table that is no more, and is removed") {
		t.Errorf("told %q", told)
	}
	names, err := d.fs.List("dir/tables")
	if err != nil || len(names) != 2 || !slices.Contains(names, "notes") {
		t.Errorf("left are %v, %v", names, err)
	}
}

// A directory whose catalog was lost is not taken for a new one, whose flows and tables
// nobody knows.
func TestDirectoryWithoutItsCatalog(t *testing.T) {
	for what, text := range map[string]string{
		"dir/tables/": `CREATE TABLE t (v INT) WITH (connector = 'memory'); INSERT INTO t VALUES (1)`,
		"dir/flows/":  `CREATE TABLE t (v INT) WITH (connector = 'memory'); CREATE MATERIALIZED VIEW m AS SELECT v FROM t`,
	} {
		d := newDisk(t)
		exec(t, d.open(), text)
		if err := errors.Join(d.db.Close(), d.fs.Rename("dir/catalog", "catalog")); err != nil {
			t.Fatal(err)
		}
		on := probe.On(d.fs).(sqlstream.Option)
		_, err := sqlstream.Open(t.Context(), sqlstream.WithDir("dir"), on)
		if err == nil || !strings.HasPrefix(err.Error(), "dir/catalog is missing, but there is "+what) {
			t.Errorf("%s: %v", what, err)
		}
		if err := d.fs.Rename("catalog", "dir/catalog"); err != nil {
			t.Fatal(err)
		}
		d.open()
	}
}

// The progress of a query says how large its last checkpoint was.
func TestDirectoryTellsTheSizeOfCheckpoints(t *testing.T) {
	var mu sync.Mutex
	var most int64
	d := newDisk(t)
	db := d.open(sqlstream.WithProgress(func(p sqlstream.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Checkpoint != nil {
			most = max(most, p.Checkpoint.Bytes)
		}
	}))
	exec(t, db, `CREATE TABLE t (v INT) WITH (connector = 'memory'); CREATE TABLE copy (v INT) WITH (connector = 'memory');
INSERT INTO t SELECT * FROM generate_series(1, 1000); CREATE QUERY q AS INSERT INTO copy SELECT DISTINCT v FROM t EMIT UPDATE`)
	settle(t, db, "q")
	exec(t, db, "INSERT INTO t VALUES (1)")
	settle(t, db, "q")
	mu.Lock()
	defer mu.Unlock()
	if most < 4000 || most > 100_000 {
		t.Errorf("the largest checkpoint of 1000 numbers has %d bytes", most)
	}
}

// A view that was stopped, or has ended by itself, can be read after a restart: as it was,
// whether others of its dataflow run on or not, and also while it is resumed.
func TestDirectoryShowsViewsAtRest(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE t (i INT) WITH (connector = 'memory'); INSERT INTO t VALUES (1), (2);
CREATE MATERIALIZED VIEW base AS SELECT i, i * i AS square FROM t;
CREATE MATERIALIZED VIEW top AS SELECT SUM(square) AS s FROM base;
CREATE MATERIALIZED VIEW alone AS SELECT COUNT(*) AS n FROM t;
CREATE MATERIALIZED VIEW once AS SELECT i FROM t ORDER BY i DESC EMIT TRIGGER AVAILABLE NOW;
STOP QUERY top; STOP QUERY alone; INSERT INTO t VALUES (3)`)
	check := func() {
		t.Helper()
		equal(t, ask(t, db, `SELECT * FROM top`), "+1 5\n")
		equal(t, ask(t, db, `SELECT n FROM alone`), "+1 2\n")
		equal(t, ask(t, db, `SELECT COUNT(*) FROM once`), "+1 2\n")
		equal(t, ask(t, db, `SELECT t.s + a.n FROM top t, alone a`), "+1 7\n")
	}
	check()
	db = d.open()
	check()
	exec(t, db, `STOP QUERY base`)
	db = d.open()
	check()
	equal(t, ask(t, db, `SELECT * FROM base`), "+1 1 1\n+1 2 4\n+1 3 9\n")
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 10 {
				rows, err := db.Query(t.Context(), `SELECT SUM(square) FROM base`)
				if err == nil {
					err = rows.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	exec(t, db, `RESUME QUERY base; RESUME QUERY top; RESUME QUERY alone`)
	readers.Wait()
	exec(t, db, `INSERT INTO t VALUES (4)`)
	processed(t, db)
	equal(t, ask(t, db, `SELECT * FROM top`), "+1 30\n")
	equal(t, ask(t, db, `SELECT n FROM alone`), "+1 4\n")
}
