package sqlstream_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/internal/broker"
)

// A materialized view that computes what the one before did goes on with its state, under
// its own names, and reads nothing again.
func TestReplacedViewGoesOn(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
INSERT INTO clicks VALUES ('ann', '/'), ('bob', '/'), ('ann', '/pay')`)
	const renamed = "CREATE OR REPLACE MATERIALIZED VIEW counts AS SELECT c.user AS who, COUNT(*) AS total FROM clicks AS c GROUP BY c.user"
	exec(t, db, renamed)
	if got := d.queries(); !strings.HasPrefix(got, "counts RUNNING ") {
		t.Errorf("queries: %s", got)
	}
	equal(t, ask(t, db, "SELECT who, total FROM counts"), "+1 ann 2\n+1 bob 1\n")
	exec(t, db, "INSERT INTO clicks VALUES ('bob', '/x')")
	for range 2 {
		equal(t, ask(t, db, "SELECT * FROM counts WHERE total > 1"), "+1 ann 2\n+1 bob 2\n")
		db = d.open()
	}
	exec(t, db, "STOP QUERY counts; "+strings.Replace(renamed, "total", "hits", 1))
	equal(t, ask(t, db, "SELECT who, hits FROM counts"), "+1 ann 2\n+1 bob 2\n")
}

// One that computes something else is made of all rows that are still there.
func TestReplacedViewIsMadeAnew(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
INSERT INTO clicks VALUES ('ann', '/'), ('bob', '/'), ('ann', '/pay')`)
	db = d.open()
	exec(t, db, "CREATE OR REPLACE MATERIALIZED VIEW counts AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page")
	for range 2 {
		equal(t, ask(t, db, "SELECT * FROM counts"), "+1 / 2\n+1 /pay 1\n")
		db = d.open()
	}
}

// So does one that reads another view, which runs on meanwhile.
func TestReplacedViewOfAView(t *testing.T) {
	d := newDisk(t)
	db := d.open()
	exec(t, db, `CREATE TABLE clicks (user VARCHAR) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
CREATE MATERIALIZED VIEW often AS SELECT n, COUNT(*) AS users FROM counts GROUP BY n;
INSERT INTO clicks VALUES ('ann'), ('bob'), ('ann');
CREATE OR REPLACE MATERIALIZED VIEW often AS SELECT n AS clicks, COUNT(*) AS users FROM counts GROUP BY n`)
	equal(t, ask(t, db, "SELECT clicks, users FROM often"), "+1 1 1\n+1 2 1\n")
	exec(t, db, "INSERT INTO clicks VALUES ('bob')")
	for range 2 {
		equal(t, ask(t, db, "SELECT clicks, users FROM often"), "+1 2 2\n")
		db = d.open()
	}
	exec(t, db, `CREATE OR REPLACE MATERIALIZED VIEW often AS SELECT MAX(n) AS most FROM counts`)
	for range 2 {
		equal(t, ask(t, db, "SELECT * FROM often"), "+1 2\n")
		db = d.open()
	}
}

func deleteRecords(t *testing.T, c *kgo.Client, topic string, before int64) {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Offset = before
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	req.TimeoutMillis = 30_000
	if _, err := req.RequestWith(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// A view that takes the place of another reads from where that began, wherever the table's options
// would have it begin by now; where these rows are gone it is refused, and the old one runs
// on.
func TestReplacedViewReadsTheSameRows(t *testing.T) {
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := client(t, b.Addr())
	name := topic(t, c, 1)
	produce(t, c, name, 1, 0, 5)
	d := newDisk(t)
	db := d.open()
	exec(t, db, strings.Replace(kafkaTable("n", name, b.Addr(), "i BIGINT"), ");", ", 'scan.startup' = 'latest');", 1)+
		"CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS c FROM n")
	await := func(want string) {
		t.Helper()
		processed(t, db)
		equal(t, ask(t, db, "SELECT * FROM v"), want)
	}
	await("+1 0\n")
	produce(t, c, name, 1, 5, 9)
	await("+1 4\n")
	db = d.open()
	if said := notes(t, db, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT COUNT(*) AS c, SUM(i) AS s FROM n"); !strings.Contains(said, "read again, from where the one before began: n") {
		t.Errorf("notes: %s", said)
	}
	await("+1 4 26\n")
	deleteRecords(t, c, name, 7)
	err = db.Exec(t.Context(), "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT MAX(i) AS m FROM n")
	const want = "materialized view v cannot take the place of the one that runs: Aggregate max(i) is new and is made of all rows of table n, of which "
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "/0 has those from offset 7 on by now, and the old one has read it from 5 on") {
		t.Errorf("got %v", err)
	}
	produce(t, c, name, 1, 9, 10)
	await("+1 5 35\n")
	exec(t, db, "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT COUNT(*) AS many, SUM(i) AS total FROM n")
	await("+1 5 35\n")
}
