package sqlstream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/sqlstream/sqlstream"
)

// A row comes into a time filter when its time has come, though nothing else happens.
func TestRowsComeInWithoutInput(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE events (id INT, ts TIMESTAMP(3)) WITH (connector = 'memory')`)
	q, err := db.Start(t.Context(), `SELECT id FROM events WHERE ts <= NOW(3)`)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO events VALUES (1, NOW(3) + INTERVAL 1 SECOND), (2, NOW(3) + INTERVAL 1 DAY)`)
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.Delta.String(), "+1 1\n")
		break
	}
}

// A table as of a time of the left row is the version of the row's key that held then: what
// came late corrects what was put out, and a version is ended by a record without a value.
func TestJoinAsOfTheLeftRowsTime(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := readyTopic(t, c, 2)
		db := opened(t, sqlstream.WithParallelism(2))
		exec(t, db, `CREATE TABLE orders (no INT, cur VARCHAR, at TIMESTAMP(3)) WITH (connector = 'memory', append_only = 'true');`+
			strings.Replace(changingTable("rates", name, addr, "cur VARCHAR, rate INT, since TIMESTAMP(3) METADATA FROM 'timestamp', double_rate INT AS (rate * 2), PRIMARY KEY (cur) NOT ENFORCED", "'value.format' = 'json'"), "'kafka'", "'upsert-kafka'", 1))
		inner := start(t, db, `SELECT no, rate, double_rate FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur EMIT UPDATE`)
		left := start(t, db, `SELECT no, rate FROM orders LEFT JOIN rates FOR SYSTEM_TIME AS OF at - INTERVAL 1 SECOND AS r USING (cur) WHERE no < 5 EMIT UPDATE`)
		check := func(some, all string) {
			t.Helper()
			equal(t, settled(t, inner), some)
			equal(t, settled(t, left), all)
			equal(t, ask(t, db, `SELECT no, rate, r.double_rate FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON r.cur = o.cur`), some)
		}
		at := func(second int, record string) {
			t.Helper()
			key, value, _ := strings.Cut(record, "|")
			r := &kgo.Record{Topic: name, Partition: 1, Key: []byte(key), Timestamp: time.Date(2026, 1, 1, 10, 0, second, 0, time.UTC)}
			if value != "-" {
				r.Value = []byte(value)
			}
			if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		at(10, `{"cur":"EUR"}|{"cur":"EUR","rate":114}`)
		at(20, `{"cur":"EUR"}|{"cur":"EUR","rate":116}`)
		exec(t, db, `INSERT INTO orders VALUES (1, 'EUR', '2026-01-01 10:00:09'), (2, 'EUR', '2026-01-01 10:00:10'), (3, 'EUR', '2026-01-01 10:00:25'), (4, 'USD', '2026-01-01 10:00:25'), (5, 'EUR', NULL)`)
		check("+1 2 114 228\n+1 3 116 232\n", "+1 1 NULL\n+1 2 NULL\n+1 3 116\n+1 4 NULL\n")
		at(22, `{"cur":"EUR"}|-`)
		check("+1 2 114 228\n", "+1 1 NULL\n+1 2 NULL\n+1 3 NULL\n+1 4 NULL\n")
		at(24, `{"cur":"EUR"}|{"cur":"EUR","rate":119}`)
		at(5, `{"cur":"EUR"}|{"cur":"EUR","rate":110}`)
		check("+1 1 110 220\n+1 2 114 228\n+1 3 119 238\n", "+1 1 110\n+1 2 110\n+1 3 119\n+1 4 NULL\n")
	})
}

// A join as of a time says what it needs.
func TestJoinAsOfWithoutVersions(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := readyTopic(t, c, 1)
		db := opened(t)
		upsert := func(table, columns string) string {
			return strings.Replace(changingTable(table, name, addr, columns+", PRIMARY KEY (cur) NOT ENFORCED", "'value.format' = 'json'"), "'kafka'", "'upsert-kafka'", 1)
		}
		exec(t, db, `CREATE TABLE orders (no INT, cur VARCHAR, at TIMESTAMP(3)) WITH (connector = 'memory');
			CREATE TABLE prices (cur VARCHAR PRIMARY KEY, rate INT) WITH (connector = 'memory');`+
			upsert("rates", "cur VARCHAR, rate INT")+upsert("timed", "cur VARCHAR, rate INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts"))
		for query, want := range map[string]string{
			`JOIN prices FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur`:                  "prices cannot be joined as of a time: it keeps no versions of its rows",
			`JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur`:                   "rates cannot be joined as of a time: no column says from when on a version of a row holds",
			`JOIN timed FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur AND r.rate > 1`:    "a join with timed as of a time looks a row up by its PRIMARY KEY, and its condition is another",
			`JOIN timed FOR SYSTEM_TIME AS OF NOW() AS r ON o.cur = r.cur`:                  "FOR SYSTEM_TIME AS OF takes a time of the row on the left, or PROCTIME()",
			`JOIN timed FOR SYSTEM_TIME AS OF o.no AS r ON o.cur = r.cur`:                   "INT cannot be compared with TIMESTAMP(3)",
			`JOIN nothing FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur`:                 "there is no table or view nothing",
			`FULL JOIN timed FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur`:              "a FULL JOIN cannot be as of a time",
			`JOIN timed FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur AND o.cur = r.cur`: "its condition is another",
			`JOIN timed FOR SYSTEM_TIME AS OF o.missing AS r ON o.cur = r.cur`:              "there is no column missing",
			`JOIN timed FOR SYSTEM_TIME AS OF r.ts AS r ON o.cur = r.cur`:                   "there is no table r here",
		} {
			_, err := db.Query(t.Context(), `SELECT * FROM orders o `+query)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", query, err)
			}
		}
		exec(t, db, `INSERT INTO orders VALUES (1, 'EUR', '2026-01-01 10:00:09')`)
		send(t, c, name, 1, `{"cur":"EUR"}|{"cur":"EUR","rate":1,"ts":"2026-01-01 10:00:00"}`)
		const joined = `SELECT rate FROM orders o JOIN timed FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur`
		equal(t, ask(t, db, joined), "+1 1\n")
		send(t, c, name, 1, `{"cur":"EUR"}|-`)
		rows, err := db.Query(t.Context(), joined)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
		}
		if err == nil || !strings.Contains(err.Error(), "a record takes a row away, and no column says when") {
			t.Errorf("a deletion without a time: %v", err)
		}
	})
}
