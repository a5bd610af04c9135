package sqlstream_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/faultfs"
	"github.com/sqlstream/sqlstream/internal/probe"
)

// A statement that changes what queries there are is done or not, wherever the process dies
// in it: also where a view takes over what another one remembers. What runs afterwards is
// right, and goes on; the same statement can then be run again.
func TestKilledInAStatement(t *testing.T) {
	const view = "CREATE MATERIALIZED VIEW v AS SELECT user, COUNT(*) AS n FROM orders GROUP BY user"
	const setup = `CREATE TABLE orders (id INT PRIMARY KEY, user VARCHAR, price INT) WITH (connector = 'memory');
CREATE TABLE users (user VARCHAR, city VARCHAR) WITH (connector = 'memory');
INSERT INTO orders VALUES (1, 'ann', 3), (2, 'bob', 5), (3, 'ann', 4), (4, NULL, 9);
INSERT INTO users VALUES ('ann', 'bonn'), ('bob', 'rome');
`
	for _, c := range []struct{ name, before, statement string }{
		{"view that takes over", view, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT n, COUNT(*) AS users FROM (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) x GROUP BY n"},
		{"view that takes over and reads more", view, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT c.n, u.city FROM (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) c JOIN users u ON c.user = u.user"},
		{"view that takes over from one at rest", view + "; STOP QUERY v", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT n, COUNT(*) AS users FROM (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) x GROUP BY n"},
		{"view that is renamed", view, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT user AS u, COUNT(*) AS orders FROM orders GROUP BY user"},
		{"view that is another", view, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT city FROM users"},
		{"view over a view", view, "CREATE MATERIALIZED VIEW w AS SELECT MAX(n) AS m FROM v"},
		{"stop", view + "; CREATE MATERIALIZED VIEW w AS SELECT MAX(n) AS m FROM v", "STOP QUERY w"},
		{"resume", view + "; CREATE MATERIALIZED VIEW w AS SELECT MAX(n) AS m FROM v; STOP QUERY w", "RESUME QUERY w"},
		{"drop", view + "; CREATE MATERIALIZED VIEW w AS SELECT MAX(n) AS m FROM v", "DROP MATERIALIZED VIEW w"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for at := 1; ; at += raced(1, 7) {
				k := killed{t: t, at: faultfs.Mishap{Kind: faultfs.Dies, At: at, Kept: 100 * (at % 2)}}
				if !k.run(setup+c.before, c.statement) {
					if at < 5 {
						t.Errorf("the statement makes %d changes of the disk", at-1)
					}
					break
				}
			}
		})
	}
}

// A killed process is one that dies in a statement.
type killed struct {
	t     *testing.T
	at    faultfs.Mishap
	where string
}

// run reports whether the process has died.
func (k *killed) run(before, statement string) bool {
	disk := faultfs.New(vfs.NewCrashableMem(), uint64(k.at.At))
	db := k.open(disk.FS)
	exec(k.t, db, before)
	texts := viewTexts(db)
	disk.Arm(k.at)
	err := db.Exec(k.t.Context(), statement)
	if !disk.Disarm() {
		if err != nil {
			k.t.Fatal(err)
		}
		return false
	}
	k.where = disk.Where()
	_ = db.Close() // nobody hears of it
	left := disk.Left()
	db = k.open(left)
	k.check(db, texts, statement)
	exec(k.t, db, `INSERT INTO orders VALUES (5, 'bob', 2), (6, 'dan', 7); DELETE FROM orders WHERE id = 1; INSERT INTO users VALUES ('dan', 'rome')`)
	k.check(db, texts, statement)
	k.close(db)
	db = k.open(left)
	k.check(db, texts, statement)
	if err := db.Exec(k.t.Context(), statement); err != nil && !strings.Contains(err.Error(), "already") && !strings.Contains(err.Error(), "no ") {
		k.t.Errorf("%s; the statement again: %v", k.where, err)
	}
	exec(k.t, db, `INSERT INTO orders VALUES (7, 'ann', 2)`)
	k.check(db, texts, statement)
	k.close(db)
	return true
}

func (k *killed) open(fs vfs.FS) *sqlstream.DB {
	k.t.Helper()
	db, err := sqlstream.Open(k.t.Context(), sqlstream.WithDir("dir"), probe.On(fs).(sqlstream.Option), sqlstream.WithParallelism(1))
	if err != nil {
		k.t.Fatalf("%s: the directory cannot be opened again: %v", k.where, err)
	}
	return db
}

func (k *killed) close(db *sqlstream.DB) {
	k.t.Helper()
	if err := db.Close(); err != nil {
		k.t.Errorf("%s: %v", k.where, err)
	}
}

// check holds every view to its text, which is one that it had or the one of the statement.
func (k *killed) check(db *sqlstream.DB, texts map[string]string, statement string) {
	k.t.Helper()
	names := map[string]bool{}
	for _, q := range db.Queries() {
		st, err := q.Status()
		if names[q.Name()] || st != sqlstream.Running && st != sqlstream.Stopped || err != nil {
			k.t.Fatalf("%s: query %s is %s: %v", k.where, q.Name(), st, err)
		}
		names[q.Name()] = true
		if q.Text() != texts[q.Name()] && q.Text() != statement {
			k.t.Fatalf("%s: query %s is now %s", k.where, q.Name(), q.Text())
		}
		if st == sqlstream.Stopped {
			continue // it is as it was
		}
		if err := q.ProcessAllAvailable(k.t.Context()); err != nil {
			k.t.Fatalf("%s: %v", k.where, err)
		}
		_, body, _ := strings.Cut(q.Text(), " AS ")
		if got, want := ask(k.t, db, "SELECT * FROM "+q.Name()), ask(k.t, db, body); got != want {
			k.t.Fatalf("%s: view %s is\n%swant\n%s", k.where, q.Name(), got, want)
		}
	}
	for name := range texts {
		if !names[name] && !strings.HasPrefix(statement, "DROP") {
			k.t.Fatalf("%s: view %s is gone", k.where, name)
		}
	}
}

func viewTexts(db *sqlstream.DB) map[string]string {
	texts := map[string]string{}
	for _, q := range db.Queries() {
		texts[q.Name()] = q.Text()
	}
	return texts
}

// A disk that refuses one change, whichever, fails the statement that needed it, and nothing
// else: the same statement is then done.
func TestStatementWhoseDiskRefusesAChange(t *testing.T) {
	for at := 1; ; at++ {
		disk := faultfs.New(vfs.NewCrashableMem(), uint64(at))
		k := killed{t: t}
		db := k.open(disk.FS)
		exec(t, db, "CREATE TABLE orders (id INT PRIMARY KEY, price INT) WITH (connector = 'memory'); INSERT INTO orders VALUES (1, 3), (2, 5)")
		const view = "CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM orders"
		disk.Arm(faultfs.Mishap{Kind: faultfs.Sick, At: at})
		err := db.Exec(t.Context(), view)
		if !disk.Disarm() {
			k.close(db)
			if err != nil || at < 5 {
				t.Errorf("the statement makes %d changes of the disk: %v", at-1, err)
			}
			return
		}
		k.where = disk.Where()
		if err != nil {
			exec(t, db, view)
		}
		k.check(db, map[string]string{"v": view}, view)
		k.close(db)
	}
}
