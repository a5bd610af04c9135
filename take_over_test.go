package sqlstream_test

import (
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/broker"
)

// Views that take the place of others begin with what these remember: the answer is that
// over all rows, before and after further ones and restarts.
func TestTakenOverView(t *testing.T) {
	const join = "FROM orders o JOIN users u ON o.user = u.user"
	for _, c := range []struct{ name, before, after, kept string }{
		{"aggregate over a join", "SELECT u.city, COUNT(*) AS n, MAX(o.price) AS m " + join + " GROUP BY u.city", "SELECT u.city, MIN(o.price) AS m, COUNT(DISTINCT o.price) AS d " + join + " GROUP BY u.city", "Join"},
		{"join that becomes one row", "SELECT o.price, u.city " + join, "SELECT SUM(o.price) AS s, MAX(u.city) AS c " + join, "Join"},
		{"semi join", "SELECT u.city, u.user FROM users u WHERE u.user IN (SELECT user FROM orders)", "SELECT u.city, u.user FROM users u WHERE u.user IN (SELECT user FROM orders) AND u.city > 'b'", ""},
		{"condition over groups", "SELECT user, COUNT(*) AS n, SUM(price) AS s, COUNT(DISTINCT price) AS d, MAX(price) AS m FROM orders GROUP BY user", "SELECT user, n FROM (SELECT user, COUNT(*) AS n, SUM(price) AS s, COUNT(DISTINCT price) AS d, MAX(price) AS m FROM orders GROUP BY user) x WHERE s > 5 AND d > 0 AND m > 0", "Aggregate"},
		{"groups of groups", "SELECT user, COUNT(*) AS n FROM orders GROUP BY user", "SELECT n, COUNT(*) AS users FROM (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) x GROUP BY n", "Aggregate"},
		{"groups and their groups", "SELECT user, COUNT(*) AS n FROM orders GROUP BY user", "WITH c AS (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) SELECT a.user, b.n AS other FROM c a JOIN c b ON a.n = b.n", "Aggregate"},
		{"texts in order", "SELECT user, GROUP_CONCAT(price ORDER BY price DESC) AS p FROM orders GROUP BY user", "SELECT p, COUNT(*) AS n FROM (SELECT user, GROUP_CONCAT(price ORDER BY price DESC) AS p FROM orders GROUP BY user) x GROUP BY p", "Aggregate"},
		{"another table", "SELECT user, COUNT(*) AS n FROM orders GROUP BY user", "SELECT c.n, u.city FROM (SELECT user, COUNT(*) AS n FROM orders GROUP BY user) c JOIN users u ON c.user = u.user", "Aggregate"},
		{"intersection", "SELECT user FROM orders INTERSECT SELECT user FROM users", "SELECT COUNT(*) AS n FROM (SELECT user FROM orders INTERSECT SELECT user FROM users) x", "Intersect"},
		{"distinct", "SELECT DISTINCT user FROM orders", "SELECT COUNT(*) AS n FROM (SELECT DISTINCT user FROM orders) x", "Distinct"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDisk(t)
			db := d.open()
			exec(t, db, `CREATE TABLE orders (id INT PRIMARY KEY, user VARCHAR, price INT) WITH (connector = 'memory');
CREATE TABLE users (user VARCHAR, city VARCHAR) WITH (connector = 'memory');
INSERT INTO orders VALUES (1, 'ann', 3), (2, 'bob', 5), (3, 'ann', 4), (4, NULL, 9), (5, 'cid', 1), (6, 'ann', 3);
INSERT INTO users VALUES ('ann', 'bonn'), ('bob', 'rome'), (NULL, 'oslo'), ('ann', 'bonn');
CREATE MATERIALIZED VIEW v AS `+c.before)
			db = d.open()
			said := notes(t, db, "CREATE OR REPLACE MATERIALIZED VIEW v AS "+c.after)
			if c.kept != "" && !strings.Contains(said, "kept: "+c.kept) {
				t.Errorf("notes: %s", said)
			}
			check := func() {
				t.Helper()
				equal(t, ask(t, db, "SELECT * FROM v"), ask(t, db, c.after))
			}
			check()
			exec(t, db, `INSERT INTO orders VALUES (7, 'bob', 2), (8, 'dan', 7); DELETE FROM orders WHERE id IN (1, 5);
INSERT INTO users VALUES ('dan', 'rome'), ('cid', 'wien'); DELETE FROM users WHERE city = 'oslo'`)
			check()
			db = d.open()
			check()
			exec(t, db, "UPDATE orders SET price = price + 1 WHERE user = 'ann'; DELETE FROM users WHERE user = 'ann'")
			check()
			if got := d.queries(); !strings.HasPrefix(got, "v RUNNING ") || strings.Count(got, "\n") > 1 {
				t.Errorf("queries: %s", got)
			}
		})
	}
}

// Where the rows of a table are gone, what is remembered of them serves; what needs the others
// is refused, and the old view runs on.
func TestTakenOverViewReadsNothingAgain(t *testing.T) {
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := client(t, b.Addr())
	name := topic(t, c, 1)
	produce(t, c, name, 1, 0, 9)
	d := newDisk(t)
	db := d.open()
	exec(t, db, kafkaTable("n", name, b.Addr(), "i BIGINT")+`CREATE TABLE kinds (r BIGINT, kind VARCHAR) WITH (connector = 'memory');
INSERT INTO kinds VALUES (0, 'even'), (1, 'odd');
CREATE MATERIALIZED VIEW v AS SELECT k.kind, n.i FROM n JOIN kinds k ON n.i % 2 = k.r`)
	await := func(want string) {
		t.Helper()
		processed(t, db)
		equal(t, ask(t, db, "SELECT * FROM v"), want)
	}
	await("+1 even 0\n+1 even 2\n+1 even 4\n+1 even 6\n+1 even 8\n+1 odd 1\n+1 odd 3\n+1 odd 5\n+1 odd 7\n")
	deleteRecords(t, c, name, 7)
	const sums = "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT k.kind, SUM(n.i) AS s FROM n JOIN kinds k ON n.i % 2 = k.r GROUP BY k.kind"
	said := notes(t, db, sums)
	if !strings.Contains(said, "kept: Join ON (i % 2) = r; filled from it: Aggregate sum(i) BY kind; nothing is read again") {
		t.Errorf("notes: %s", said)
	}
	await("+1 even 20\n+1 odd 16\n")
	produce(t, c, name, 1, 9, 12)
	await("+1 even 30\n+1 odd 36\n")
	err = db.Exec(t.Context(), "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT MAX(i) AS m FROM n")
	if err == nil || !strings.Contains(err.Error(), "Aggregate max(i) is new and is made of all rows of table n, of which ") {
		t.Errorf("got %v", err)
	}
	db = d.open()
	await("+1 even 30\n+1 odd 36\n")
	exec(t, db, "STOP QUERY v")
	if err := db.Exec(t.Context(), "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT MAX(i) AS m FROM n"); err == nil {
		t.Error("no error")
	}
	if got := d.queries(); !strings.HasPrefix(got, "v STOPPED ") {
		t.Errorf("a view that was stopped, and for which another was refused: %s", got)
	}
	produce(t, c, name, 1, 12, 13)
	exec(t, db, strings.ReplaceAll(sums, "SUM", "MAX"))
	await("+1 even 12\n+1 odd 11\n")
	db = d.open()
	await("+1 even 12\n+1 odd 11\n")
}

// Without a directory a view is taken over, too. One that cannot be computed leaves the old one
// as it was.
func TestTakenOverViewInMemory(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE orders (user VARCHAR, price INT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL 1 SECOND) WITH (connector = 'memory', append_only = 'true');
CREATE MATERIALIZED VIEW v AS SELECT user, SUM(price) AS s FROM orders GROUP BY user;
INSERT INTO orders VALUES ('ann', 3, '2026-01-01 00:00:10'), ('bob', 0, '2026-01-01 00:00:20')`)
	err := db.Exec(t.Context(), "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT user, CAST(CONCAT(user, s) AS BIGINT) AS n FROM (SELECT user, SUM(price) AS s FROM orders GROUP BY user) x")
	if err == nil {
		t.Error("no error")
	}
	equal(t, ask(t, db, "SELECT * FROM v"), "+1 ann 3\n+1 bob 0\n")
	said := notes(t, db, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT COUNT(*) AS users, MAX(s) AS most FROM (SELECT user, SUM(price) AS s FROM orders GROUP BY user) x")
	if !strings.Contains(said, "nothing is read again") {
		t.Errorf("notes: %s", said)
	}
	exec(t, db, "INSERT INTO orders VALUES ('late', 9, '2026-01-01 00:00:05'), ('ann', 4, '2026-01-01 00:00:21')")
	equal(t, ask(t, db, "SELECT * FROM v"), "+1 2 7\n")
}

// processed waits until every query has taken in what there is.
func processed(t *testing.T, db *sqlstream.DB) {
	t.Helper()
	for _, q := range db.Queries() {
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// notes runs a statement and returns what is said beside its result.
func notes(t *testing.T, db *sqlstream.DB, text string) string {
	t.Helper()
	var out []string
	for r, err := range db.Run(t.Context(), "", text) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Notes...)
	}
	return strings.Join(out, "\n")
}
