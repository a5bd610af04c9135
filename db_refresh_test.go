package sqlstream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// rereading is a database with a file that is read anew every minute.
type rereading struct {
	t    *testing.T
	db   *sqlstream.DB
	path string
	now  atomic.Int64
}

func newRereading(t *testing.T, workers int) *rereading {
	r := &rereading{t: t, path: filepath.Join(t.TempDir(), "items.csv")}
	r.now.Store(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC).Unix())
	r.db = opened(t, sqlstream.WithClock(func() time.Time { return time.Unix(r.now.Load(), 0) }), sqlstream.WithParallelism(workers))
	r.write("1,tea\n2,jam\n2,jam\n")
	exec(t, r.db, fmt.Sprintf(`
		CREATE TABLE items (item INT, name VARCHAR) WITH (connector = 'file', path = '%s', format = 'csv', refresh = '1 minute');
		CREATE TABLE bids (no INT, item INT) WITH (connector = 'memory', append_only = 'true')`, r.path))
	return r
}

func (r *rereading) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rereading) results(queries ...*sqlstream.Query) string {
	r.t.Helper()
	var out strings.Builder
	for _, q := range queries {
		if err := q.ProcessAllAvailable(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		rows, err := q.Result(r.t.Context())
		fmt.Fprintf(&out, "%s\n%s", q.Name(), text(r.t, rows, err))
	}
	return out.String()
}

// A file that is read anew when it changes is a table whose rows come and go: what leaves
// the file leaves every result, once the file is looked at again. A join as of PROCTIME()
// keeps what it gave.
func TestFileThatIsReadAgain(t *testing.T) {
	for workers := 1; workers <= 2; workers++ {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			r := newRereading(t, workers)
			q := []*sqlstream.Query{
				start(t, r.db, "SELECT name, COUNT(*) AS n FROM items GROUP BY name EMIT UPDATE", sqlstream.WithName("counts"), sqlstream.WithResult()),
				start(t, r.db, "SELECT no, name FROM bids LEFT JOIN items FOR SYSTEM_TIME AS OF PROCTIME() AS i ON bids.item = i.item EMIT APPEND",
					sqlstream.WithName("lookups"), sqlstream.WithResult()),
			}
			exec(t, r.db, "INSERT INTO bids VALUES (1, 1), (2, 2), (3, 3)")
			equal(t, r.results(q...), `counts
+1 jam 2
+1 tea 1
lookups
+1 1 tea
+2 2 jam
+1 3 NULL
`)
			r.write("2,jam\n3,oil") // a last line without an end counts
			exec(t, r.db, "INSERT INTO bids VALUES (4, 3)")
			r.now.Add(59)
			equal(t, r.results(q[1]), `lookups
+1 1 tea
+2 2 jam
+1 3 NULL
+1 4 NULL
`)
			r.now.Add(1)
			if err := q[1].ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(t, r.db, "INSERT INTO bids VALUES (5, 3), (6, 1)")
			equal(t, r.results(q...), `counts
+1 jam 1
+1 oil 1
lookups
+1 1 tea
+2 2 jam
+1 3 NULL
+1 4 NULL
+1 5 oil
+1 6 NULL
`)
			r.write("")
			r.now.Add(60)
			equal(t, r.results(q[0]), "counts\n")
			equal(t, ask(t, r.db, "SELECT COUNT(*) AS n FROM items"), "+1 0\n")
		})
	}
}

// Queries of one dataflow that begin at different times read the same versions.
func TestReadersOfAFileThatIsReadAgain(t *testing.T) {
	r := newRereading(t, 2)
	exec(t, r.db, "CREATE MATERIALIZED VIEW names AS SELECT DISTINCT name FROM items")
	r.write("1,oil\n")
	r.now.Add(60)
	exec(t, r.db, "CREATE MATERIALIZED VIEW both_ AS SELECT n.name, i.item FROM names n JOIN items i ON n.name = i.name")
	q := r.db.Queries()
	equal(t, r.results(q...), "names\n+1 oil\nboth_\n+1 oil 1\n")
	r.write("1,tea\n2,oil\n")
	r.now.Add(60)
	equal(t, r.results(q...), "names\n+1 oil\n+1 tea\nboth_\n+1 oil 2\n+1 tea 1\n")
}

func TestRefreshThatIsRefused(t *testing.T) {
	r := newRereading(t, 1)
	for with, want := range map[string]string{
		"refresh = '1 ms'": "option 'refresh' is 1 second or more",
		"refresh = 'now'":  "option 'refresh'",
		"refresh = '1 minute', scan_startup = 'latest'": "option 'refresh' reads all that the files hold",
	} {
		err := r.db.Exec(t.Context(), fmt.Sprintf("CREATE TABLE x (item INT) WITH (connector = 'file', path = '%s', format = 'csv', %s)", r.path, with))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", with, err)
		}
	}
	err := r.db.Exec(t.Context(), fmt.Sprintf("CREATE TABLE x (ts TIMESTAMP, WATERMARK FOR ts AS ts) WITH (connector = 'file', path = '%s', format = 'csv', refresh = '1 minute')", r.path))
	if err == nil || !strings.Contains(err.Error(), "may change rows below the watermark") {
		t.Error(err)
	}
}
