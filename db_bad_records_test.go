package sqlstream_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/sqlstream/sqlstream"
)

// spoilt writes n records into partition 0 of a topic, every third of which is no JSON and
// has a key and a header of bytes that are no text.
func spoilt(t *testing.T, c *kgo.Client, topic string, from, n int) {
	t.Helper()
	var records []*kgo.Record
	for i := from; i < from+n; i++ {
		r := &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, `{"i": %d}`, i)}
		if i%3 == 2 {
			r.Value = fmt.Appendf(nil, "{\"i\": \xff%d", i)
			r.Key = []byte{0, 0xfe, byte(i)}
			r.Headers = []kgo.RecordHeader{{Key: "trace", Value: []byte{0xff, 0}}, {Key: "none"}, {Key: "trace", Value: []byte{}}}
		}
		records = append(records, r)
	}
	if err := c.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// deadTable is a table of numbers whose bad records go to another topic.
func deadTable(topic, dead, addr string, more ...string) string {
	return fmt.Sprintf(`CREATE TABLE n (i BIGINT) WITH (connector = 'kafka', bootstrap_servers = '%s', topic = '%s', format = 'json',
on_error = 'dead_letter', dead_letter = '%s'%s);`, addr, topic, dead, strings.Join(more, ""))
}

// running is the query of that name.
func running(t *testing.T, db *sqlstream.DB, name string) *sqlstream.Query {
	t.Helper()
	for _, q := range db.Queries() {
		if q.Name() == name {
			return q
		}
	}
	t.Fatalf("there is no query %s", name)
	return nil
}

// committed returns the committed records of a topic, of which there are n: it writes one
// behind them, and reads up to that.
func committed(t *testing.T, addr, topic string, n int) []*kgo.Record {
	t.Helper()
	c := client(t, addr, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	const end = "the end"
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(end)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var out []*kgo.Record
	for len(out) == 0 || string(out[len(out)-1].Key) != end {
		f := c.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatalf("after %d records of %d: %v", len(out), n, err)
		}
		out = append(out, f.Records()...)
	}
	if out = out[:len(out)-1]; len(out) != n {
		t.Fatalf("%s has %d records, not %d", topic, len(out), n)
	}
	return out
}

// A dead letter is the record that came, byte by byte, with four headers more; each is there
// once, also when the query goes on in another process.
func TestDeadLettersAreTheRecordsAsTheyCame(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		from, dead, to := topic(t, c, 1), topic(t, c, 1), topic(t, c, 1)
		dir := t.TempDir()
		const rows = 30
		for life := range 3 {
			db := opened(t, sqlstream.WithDir(dir))
			spoilt(t, c, from, life*rows, rows)
			exec(t, db, deadTable(from, dead, addr)+kafkaTable("o", to, addr, "i BIGINT")+
				`CREATE QUERY q AS INSERT INTO o SELECT i FROM n EMIT APPEND`)
			q := running(t, db, "q")
			if err := q.ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		want := client(t, addr, kgo.ConsumeTopics(from), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		byOffset := map[int64]*kgo.Record{}
		for len(byOffset) < 3*rows {
			for _, r := range want.PollFetches(t.Context()).Records() {
				byOffset[r.Offset] = r
			}
		}
		letters := committed(t, addr, dead, rows)
		for k, letter := range letters {
			headers := map[string]string{}
			for _, h := range letter.Headers[3:] {
				headers[h.Key] = string(h.Value)
			}
			offset, _ := strconv.ParseInt(headers["sqlstream.offset"], 10, 64)
			was := byOffset[offset]
			if offset != int64(3*k+2) || headers["sqlstream.topic"] != from || headers["sqlstream.partition"] != "0" || headers["sqlstream.reason"] == "" {
				t.Fatalf("letter %d has headers %v", k, headers)
			}
			same := slices.EqualFunc(letter.Headers[:3], was.Headers, func(a, b kgo.RecordHeader) bool {
				return a.Key == b.Key && string(a.Value) == string(b.Value) && (a.Value == nil) == (b.Value == nil)
			})
			if string(letter.Value) != string(was.Value) || string(letter.Key) != string(was.Key) || !same {
				t.Errorf("letter %d is %q %q %v, and was %q %q %v", k, letter.Key, letter.Value, letter.Headers, was.Key, was.Value, was.Headers)
			}
		}
		committed(t, addr, to, 2*rows)
	})
}

// What a query reads is what its ERRORS are held against; they are rows like others, as a
// stream and at once.
func TestErrorsOfATopicAreRows(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		from, dead := topic(t, c, 1), topic(t, c, 1)
		spoilt(t, c, from, 0, 6)
		db := opened(t)
		exec(t, db, deadTable(from, dead, addr))
		want := fmt.Sprintf("+1 %[1]s/0 2 0x00FE02 true\n+1 %[1]s/0 5 0x00FE05 true\n", from)
		const what = `SELECT split, "offset", HEX("key"), LENGTH("value") > 6 FROM ERRORS(n)`
		query := strings.ReplaceAll(what, `"`, "`")
		want = strings.ReplaceAll(want, "0x", "")
		equal(t, ask(t, db, query), want)
		q := start(t, db, query+` EMIT UPDATE`)
		spoilt(t, c, from, 6, 3)
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "CREATE MATERIALIZED VIEW e AS SELECT COUNT(*) AS n, MAX(`offset`) AS last FROM ERRORS(n)")
		view := running(t, db, "e")
		if err := view.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, ask(t, db, `SELECT * FROM e`), "+1 3 8\n")
	})
}

// A query that has met more bad records than it may fails, and says which was the last; that
// counts over all its processes.
func TestTooManyBadRecords(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		from, dead := topic(t, c, 1), topic(t, c, 1)
		dir := t.TempDir()
		for life := range 3 {
			db := opened(t, sqlstream.WithDir(dir))
			spoilt(t, c, from, life*3, 3)
			exec(t, db, deadTable(from, dead, addr, ", max_bad_records = '2'")+`CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM n`)
			q := running(t, db, "v")
			err := q.ProcessAllAvailable(t.Context())
			if life < 2 && err != nil {
				t.Fatal(err)
			}
			const text = "3 of its records could not be read, more than max_bad_records (2); the last: "
			if life == 2 && (err == nil || !strings.Contains(err.Error(), text+from+"/0 at offset 8: ")) {
				t.Errorf("it has failed with %v", err)
			}
			if life < 2 && q.Progress().Sources[0].BadRecords != int64(life+1) {
				t.Errorf("%d bad records are counted", q.Progress().Sources[0].BadRecords)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		committed(t, addr, dead, 2)
	})
}
