package sqlstream_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/sample"
)

// changingTable is a table whose records change its rows.
func changingTable(name, topic, addr, columns, options string) string {
	return fmt.Sprintf(`CREATE TABLE %s (%s) WITH (connector = 'kafka', topic = '%s', 'bootstrap.servers' = '%s', %s);`, name, columns, topic, addr, options)
}

// readyTopic makes a topic that every broker knows of.
func readyTopic(t *testing.T, c *kgo.Client, partitions int) string {
	t.Helper()
	name := topic(t, c, int32(partitions))
	for {
		req := kmsg.NewPtrMetadataRequest()
		rt := kmsg.NewMetadataRequestTopic()
		rt.Topic = &name
		req.Topics = append(req.Topics, rt)
		res, err := req.RequestWith(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Topics[0].Partitions) == partitions {
			return name
		}
	}
}

// send writes records, "key|value" each, where a value "-" is none, into the partition
// that their key says.
func send(t *testing.T, c *kgo.Client, topic string, partitions int, records ...string) {
	t.Helper()
	var rs []*kgo.Record
	for _, text := range records {
		key, value, _ := strings.Cut(text, "|")
		r := &kgo.Record{Topic: topic, Partition: int32(len(key)+int(key[len(key)-1])) % int32(partitions)}
		if key != "-" {
			r.Key = []byte(key)
		}
		if value != "-" {
			r.Value = []byte(value)
		}
		rs = append(rs, r)
	}
	if err := c.ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// settled is the result of a query that has read everything.
func settled(t *testing.T, q *sqlstream.Query) string {
	t.Helper()
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := q.Result(t.Context())
	return text(t, rows, err)
}

// A table with a PRIMARY KEY is the last record of each key: later ones replace it, and
// one without a value takes it away.
func TestKafkaUpsertSource(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := readyTopic(t, c, 2)
		db := opened(t, sqlstream.WithParallelism(2))
		exec(t, db, strings.Replace(changingTable("u", name, addr, "id INT, name VARCHAR, n INT, PRIMARY KEY (id) NOT ENFORCED", "'value.format' = 'json'"), "'kafka'", "'upsert-kafka'", 1))
		rows := start(t, db, `SELECT id, name, n FROM u EMIT UPDATE`)
		sums := start(t, db, `SELECT COUNT(*) AS c, SUM(n) AS s, MAX(name) AS m FROM u EMIT UPDATE`)
		names := start(t, db, `SELECT name FROM u EMIT UPDATE`) // not the key
		check := func(all, sum, some string) {
			t.Helper()
			equal(t, settled(t, rows), all)
			equal(t, settled(t, sums), sum)
			equal(t, settled(t, names), some)
			equal(t, ask(t, db, `SELECT * FROM u`), all)
		}
		send(t, c, name, 2, `{"id":1}|{"id":1,"name":"ann","n":1}`, `{"id":2}|{"id":2,"name":"bob","n":2}`)
		check("+1 1 ann 1\n+1 2 bob 2\n", "+1 2 3 bob\n", "+1 ann\n+1 bob\n")
		send(t, c, name, 2, `{"id":1}|{"id":1,"name":"bob","n":5}`, `{"id":2}|-`, `{"id":3}|{"name":"cyd"}`, `{"id":9}|-`)
		check("+1 1 bob 5\n+1 3 cyd NULL\n", "+1 2 5 cyd\n", "+1 bob\n+1 cyd\n")
		if n := rows.Progress().IgnoredDeletes; n != 1 {
			t.Errorf("%d deletes of unknown keys, want 1", n)
		}
		send(t, c, name, 2, `{"id":1}|-`, `{"id":3}|-`)
		check("", "+1 0 NULL NULL\n", "")
	})
}

// However records are cut into epochs and whoever works, the table is the last record of
// each key, also in front of a join with itself.
func TestKafkaUpsertAddsUp(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		for seed := range uint64(3) {
			r := sample.Rand(seed)
			const partitions = 3
			name := readyTopic(t, c, partitions)
			db := opened(t, sqlstream.WithParallelism(1+int(seed)))
			exec(t, db, "SET max_rows_per_trigger = 7;"+changingTable("u", name, addr, "id INT PRIMARY KEY NOT ENFORCED, v INT", "format = 'json'"))
			q := start(t, db, `SELECT id, v FROM u EMIT UPDATE`)
			j := start(t, db, `SELECT a.id, b.id AS other FROM u a JOIN u b ON a.v = b.v AND a.id < b.id EMIT UPDATE`)
			last := map[int]int{}
			for range 4 {
				var records []string
				for range 60 {
					id, v := 100+r.IntN(15), r.IntN(8)
					if r.IntN(4) == 0 {
						records = append(records, fmt.Sprintf(`{"id":%d}|-`, id))
						delete(last, id)
						continue
					}
					records = append(records, fmt.Sprintf(`{"id":%d}|{"id":%d,"v":%d}`, id, id, v))
					last[id] = v
				}
				send(t, c, name, partitions, records...)
				equal(t, settled(t, q), lastRows(last))
				equal(t, settled(t, j), pairs(last))
				equal(t, ask(t, db, `SELECT id, v FROM u`), lastRows(last))
			}
		}
	})
}

func lastRows(last map[int]int) string {
	out := ""
	for _, id := range slices.Sorted(maps.Keys(last)) {
		out += fmt.Sprintf("+1 %d %d\n", id, last[id])
	}
	return out
}

func pairs(last map[int]int) string {
	out := ""
	ids := slices.Sorted(maps.Keys(last))
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			if last[a] == last[b] {
				out += fmt.Sprintf("+1 %d %d\n", a, b)
			}
		}
	}
	return out
}

// Debezium's events say what was changed in a database: by key, or by whole rows.
func TestKafkaDebeziumSource(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := readyTopic(t, c, 2)
		db := opened(t, sqlstream.WithParallelism(2))
		exec(t, db, changingTable("k", name, addr, "id INT PRIMARY KEY NOT ENFORCED, name VARCHAR", "format = 'debezium-json'"))
		exec(t, db, changingTable("w", name, addr, "id INT, name VARCHAR", "format = 'debezium-json', on_error = 'skip'"))
		keyed := start(t, db, `SELECT id, name FROM k EMIT UPDATE`)
		whole := start(t, db, `SELECT name, COUNT(*) AS c FROM w GROUP BY name EMIT UPDATE`)
		send(t, c, name, 2,
			`{"id":1}|{"op":"r","before":null,"after":{"id":1,"name":"ann"}}`,
			`{"id":2}|{"op":"c","before":null,"after":{"id":2,"name":"ann"}}`,
			`{"id":3}|{"schema":{},"payload":{"op":"c","before":null,"after":{"id":3,"name":"bob"}}}`)
		equal(t, settled(t, keyed), "+1 1 ann\n+1 2 ann\n+1 3 bob\n")
		equal(t, settled(t, whole), "+1 ann 2\n+1 bob 1\n")
		send(t, c, name, 2,
			`{"id":1}|{"op":"u","before":{"id":1,"name":"ann"},"after":{"id":1,"name":"eve"}}`,
			`{"id":3}|{"op":"d","before":{"id":3,"name":"bob"},"after":null}`,
			`{"id":3}|-`)
		equal(t, settled(t, keyed), "+1 1 eve\n+1 2 ann\n")
		equal(t, settled(t, whole), "+1 ann 1\n+1 eve 1\n")
		// What was never added cannot be taken back, and what is taken back first is not
		// added later.
		send(t, c, name, 2,
			`{"id":7}|{"op":"d","before":{"id":7,"name":"gil"},"after":null}`,
			`{"id":7}|{"op":"d","before":{"id":7,"name":"ann"},"after":null}`,
			`{"id":2}|{"op":"u","before":null,"after":{"id":2,"name":"new"}}`) // whole rows: skipped
		equal(t, settled(t, keyed), "+1 1 eve\n+1 2 new\n")
		equal(t, settled(t, whole), "+1 ann 1\n+1 eve 1\n")
		equal(t, ask(t, db, `SELECT COUNT(*) AS n FROM w`), "+1 2\n")
	})
}

// A changelog that one query writes is the table that another one reads, by whole rows
// as by key.
func TestKafkaChangelogThere(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		db := opened(t)
		exec(t, db, `CREATE TABLE m (id INT PRIMARY KEY, user VARCHAR, n INT) WITH (connector = 'memory');`)
		kinds := []struct{ name, key, options string }{
			{"retracted", "", "format = 'json', changelog = 'retract'"},
			{"retracted_by_key", ", PRIMARY KEY (user) NOT ENFORCED", "format = 'json', changelog = 'retract'"},
			{"upserted", ", PRIMARY KEY (user) NOT ENFORCED", "format = 'json'"},
			{"debezium", ", PRIMARY KEY (user) NOT ENFORCED", "format = 'debezium-json'"},
			{"debezium_whole", "", "format = 'debezium-json'"},
		}
		var readers []*sqlstream.Query
		for _, k := range kinds {
			name := readyTopic(t, c, 3)
			exec(t, db, changingTable(k.name, name, addr, "user VARCHAR, c BIGINT, s DECIMAL(38,0)"+k.key, k.options))
			exec(t, db, fmt.Sprintf(`INSERT INTO %s SELECT user, COUNT(*), SUM(n) FROM m GROUP BY user EMIT UPDATE`, k.name))
			readers = append(readers, start(t, db, fmt.Sprintf(`SELECT user, c, s FROM %s EMIT UPDATE`, k.name)))
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 12 {
			for range 5 {
				switch id := r.IntN(10); r.IntN(3) {
				case 0:
					exec(t, db, fmt.Sprintf(`DELETE FROM m WHERE id = %d`, id))
				default:
					exec(t, db, fmt.Sprintf(`REPLACE INTO m VALUES (%d, 'user%d', %d)`, id, r.IntN(4), r.IntN(100)))
				}
			}
			want := ask(t, db, `SELECT user, COUNT(*) AS c, SUM(n) AS s FROM m GROUP BY user`)
			for i, q := range readers {
				if got := settled(t, q); got != want {
					t.Fatalf("%s has\n%swant\n%s", kinds[i].name, got, want)
				}
			}
		}
	})
}

// A PRIMARY KEY that the query does not tell to hold is looked after: an epoch that would
// leave two rows for one key fails, and nothing of it is written.
func TestKafkaDeclaredKey(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		db := opened(t)
		exec(t, db, `CREATE TABLE m (id INT PRIMARY KEY, user VARCHAR) WITH (connector = 'memory');`)
		name := readyTopic(t, c, 1)
		exec(t, db, changingTable("k", name, addr, "user VARCHAR PRIMARY KEY NOT ENFORCED, id INT", "format = 'json'"))
		exec(t, db, `CREATE QUERY q AS INSERT INTO k SELECT user, id FROM m EMIT UPDATE`)
		exec(t, db, `INSERT INTO m VALUES (1, 'ann'), (2, 'bob')`)
		exec(t, db, `UPDATE m SET user = IF(id = 1, 'bob', 'ann')`) // two rows of a key on the way only
		equal(t, ask(t, db, `SELECT user, id FROM k`), "+1 ann 2\n+1 bob 1\n")
		fails := func(statement, want string) {
			t.Helper()
			err := db.Exec(t.Context(), statement)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", statement, err, want)
			}
		}
		fails(`INSERT INTO m VALUES (3, 'cyd'), (4, 'ann')`, "k: the query gives two rows for user = ann, the PRIMARY KEY, of which the table could hold only one")
		equal(t, ask(t, db, `SELECT user, id FROM k`), "+1 ann 2\n+1 bob 1\n")
		fails(`INSERT INTO k VALUES ('x', 1), ('x', 2)`, "two rows for user = x")
		fails(`INSERT INTO k SELECT user, MAX(id) FROM m GROUP BY user, id`, "two rows for user = ann")
		exec(t, db, `INSERT INTO k SELECT 'dan', id FROM m ORDER BY id DESC LIMIT 1`) // only what is written counts
		exec(t, db, `INSERT INTO k VALUES ('dan', NULL)`)
		exec(t, db, `INSERT INTO k VALUES ('bob', 9)`) // by another statement it is replaced
		equal(t, ask(t, db, `SELECT user, id FROM k`), "+1 ann 2\n+1 bob 9\n+1 dan NULL\n")
	})
}

// What a query counts once, without EMIT, is added to a changelog as rows.
func TestKafkaChangelogCopied(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		db := opened(t)
		exec(t, db, `CREATE TABLE m (user VARCHAR) WITH (connector = 'memory'); INSERT INTO m VALUES ('ann'), ('bob'), ('ann')`)
		for i, options := range []string{"format = 'json', changelog = 'retract'", "format = 'debezium-json'"} {
			exec(t, db, changingTable(fmt.Sprintf("k%d", i), readyTopic(t, c, 1), addr, "user VARCHAR, n BIGINT", options))
			exec(t, db, fmt.Sprintf(`INSERT INTO k%d SELECT user, COUNT(*) FROM m GROUP BY user`, i))
			equal(t, ask(t, db, fmt.Sprintf(`SELECT user, n FROM k%d`, i)), "+1 ann 2\n+1 bob 1\n")
		}
	})
}

// Change events stand in files, too; records of files have no keys, so that a PRIMARY KEY
// over others means nothing and is refused where it is read.
func TestFileDebeziumSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.json")
	events := `{"op":"c","after":{"id":1,"name":"ann"}}
{"op":"c","after":{"id":2,"name":"bob"}}
{"op":"u","before":{"id":1,"name":"ann"},"after":{"id":1,"name":"eve"}}
{"op":"d","before":{"id":2,"name":"bob"}}
`
	if err := os.WriteFile(path, []byte(events), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2} {
		db := opened(t, sqlstream.WithParallelism(workers))
		for name, columns := range map[string]string{"keyed": "id INT PRIMARY KEY, name VARCHAR", "whole": "id INT, name VARCHAR"} {
			exec(t, db, fmt.Sprintf(`CREATE TABLE %s (%s) WITH (connector = 'file', path = '%s', format = 'debezium-json')`, name, columns, path))
			equal(t, ask(t, db, `SELECT id, name FROM `+name), "+1 1 eve\n")
			equal(t, ask(t, db, `SELECT COUNT(*) AS n FROM `+name), "+1 1\n")
		}
		for statement, want := range map[string]string{
			`INSERT INTO whole VALUES (1, 'x')`: "format 'debezium-json' cannot be written into files",
			`CREATE TABLE json (id INT PRIMARY KEY) WITH (connector = 'file', path = '` + path + `', format = 'json'); SELECT id FROM json`: "records of connector 'file' have no keys",
		} {
			if err := db.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", statement, err, want)
			}
		}
	}
}
