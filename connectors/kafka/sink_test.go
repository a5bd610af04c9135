package kafka

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

func appendRow(b *zset.Builder, id int64, body string) {
	vec.Append(b.Cols[0], id)
	b.Cols[1].AppendString(body)
}

// keyed gives a table a primary key.
func keyed(t *connectors.Table) *connectors.Table {
	t.PrimaryKey = []int{0}
	t.Columns[0].NotNull = true
	return t
}

// wrote reads a topic without its name in front of every record.
func wrote(t testing.TB, table *connectors.Table) []string {
	t.Helper()
	lines := everything(t, open(t, table))
	for i, l := range lines {
		_, lines[i], _ = strings.Cut(l, "/")
	}
	return lines
}

// The laws of every sink.
func TestSinkLaws(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		connectortest.Sink(t, connectortest.SinkCase{
			New: func(t *testing.T) (func(t *testing.T) connectors.Sink, func(t *testing.T) []string) {
				table := w.table(w.topic("sink", 1, nil))
				open := func(t *testing.T) connectors.Sink {
					s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
					if err != nil {
						t.Fatal(err)
					}
					return s
				}
				visible := func(t *testing.T) []string {
					lines := wrote(t, table)
					for i, l := range lines {
						_, lines[i], _ = strings.Cut(l, " ")
					}
					return lines
				}
				return open, visible
			},
			Schema: tweets("127.0.0.1:1", "t").Schema(),
			Rows:   []string{"+1 1 a", "+1 2 b", "+1 3 c", "+1 4 d"},
			Shown:  []string{`{"id":1,"body":"a"}`, `{"id":2,"body":"b"}`, `{"id":3,"body":"c"}`, `{"id":4,"body":"d"}`},
		})
	})
}

// What each mode writes of the same two epochs: rows 1 and 2, then 1 changed, 2 gone
// and 3 new.
func TestModes(t *testing.T) {
	addr := fake(t).ListenAddrs()[0]
	for _, c := range []struct {
		law     string
		mode    connectors.Mode
		key     bool
		options string
		second  []string
		want    []string
	}{
		{
			"without a key an added row is a record, as often as it was added", connectors.Append, false, "",
			[]string{"3 c"},
			[]string{`0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":3,"body":"c"}`},
		},
		{
			"without a key a complete result is written again", connectors.Complete, false, "",
			[]string{"1 A", "3 c"},
			[]string{`0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":1,"body":"A"}`, `0@3 {"id":3,"body":"c"}`},
		},
		{
			"deletes = 'ignore' writes new values only", connectors.Update, false, "deletes=ignore",
			[]string{"-1 a", "1 A", "-2 b", "3 c"},
			[]string{`0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":1,"body":"A"}`, `0@3 {"id":3,"body":"c"}`},
		},
		{
			"changelog = 'retract' writes every change, what goes before what comes", connectors.Update, false, "changelog=retract",
			[]string{"1 A", "-1 a", "-2 b", "3 c"},
			[]string{
				`0@0 {"op":"+I","id":1,"body":"a"}`, `0@1 {"op":"+I","id":2,"body":"b"}`,
				`0@2 {"op":"-D","id":1,"body":"a"}`, `0@3 {"op":"-D","id":2,"body":"b"}`,
				`0@4 {"op":"+I","id":1,"body":"A"}`, `0@5 {"op":"+I","id":3,"body":"c"}`,
			},
		},
		{
			"with a key the last change counts: a new value, or a record without one", connectors.Update, true, "",
			[]string{"1 A", "-1 a", "-2 b", "3 c"},
			[]string{
				`0@0 {"id":1}={"id":1,"body":"a"}`, `0@1 {"id":2}={"id":2,"body":"b"}`,
				`0@2 {"id":1}={"id":1,"body":"A"}`, `0@3 {"id":2}=nothing`, `0@4 {"id":3}={"id":3,"body":"c"}`,
			},
		},
		{
			"with a key a complete result deletes what it has no longer", connectors.Complete, true, "",
			[]string{"1 A", "3 c"},
			[]string{
				`0@0 {"id":1}={"id":1,"body":"a"}`, `0@1 {"id":2}={"id":2,"body":"b"}`,
				`0@2 {"id":1}={"id":1,"body":"A"}`, `0@3 {"id":3}={"id":3,"body":"c"}`, `0@4 {"id":2}=nothing`,
			},
		},
		{
			"with a key of rows that are only added the last one counts", connectors.Append, true, "",
			[]string{"1 A", "1 B"},
			[]string{`0@0 {"id":1}={"id":1,"body":"a"}`, `0@1 {"id":2}={"id":2,"body":"b"}`, `0@2 {"id":1}={"id":1,"body":"B"}`},
		},
		{
			"key.format = 'raw' is the column as text, and 'except-key' leaves it out of the value", connectors.Update, true,
			"key.format=raw value.fields.include=except-key",
			[]string{"-1 a"},
			[]string{`0@0 1={"body":"a"}`, `0@1 2={"body":"b"}`, `0@2 1=nothing`},
		},
		{
			"change events say what was there and what is, and a tombstone follows the end of a key", connectors.Update, true, "format=debezium-json",
			[]string{"1 A", "-1 a", "-2 b", "3 c"},
			[]string{
				`0@0 {"id":1}={"before":null,"after":{"id":1,"body":"a"},"op":"c","source":{"epoch":1}}`,
				`0@1 {"id":2}={"before":null,"after":{"id":2,"body":"b"},"op":"c","source":{"epoch":1}}`,
				`0@2 {"id":1}={"before":{"id":1,"body":"a"},"after":{"id":1,"body":"A"},"op":"u","source":{"epoch":2}}`,
				`0@3 {"id":2}={"before":{"id":2,"body":"b"},"after":null,"op":"d","source":{"epoch":2}}`,
				`0@4 {"id":2}=nothing`,
				`0@5 {"id":3}={"before":null,"after":{"id":3,"body":"c"},"op":"c","source":{"epoch":2}}`,
			},
		},
		{
			"changelog = 'retract' with a key takes back the old row of each before the new one comes", connectors.Update, true, "changelog=retract",
			[]string{"1 A", "-1 a", "-2 b", "3 c"},
			[]string{
				`0@0 {"id":1}={"op":"+I","id":1,"body":"a"}`, `0@1 {"id":2}={"op":"+I","id":2,"body":"b"}`,
				`0@2 {"id":1}={"op":"-U","id":1,"body":"a"}`, `0@3 {"id":1}={"op":"+U","id":1,"body":"A"}`,
				`0@4 {"id":2}={"op":"-D","id":2,"body":"b"}`, `0@5 {"id":3}={"op":"+I","id":3,"body":"c"}`,
			},
		},
		{
			"without a key rows go before others come", connectors.Update, false, "format=debezium-json",
			[]string{"1 A", "-1 a"},
			[]string{
				`0@0 {"before":null,"after":{"id":1,"body":"a"},"op":"c","source":{"epoch":1}}`,
				`0@1 {"before":null,"after":{"id":2,"body":"b"},"op":"c","source":{"epoch":1}}`,
				`0@2 {"before":{"id":1,"body":"a"},"after":null,"op":"d","source":{"epoch":2}}`,
				`0@3 {"before":null,"after":{"id":1,"body":"A"},"op":"c","source":{"epoch":2}}`,
			},
		},
		{
			"key.fields makes the record's key without any meaning for changes", connectors.Append, false, "key.fields=body key.format=raw",
			[]string{"3 a"},
			[]string{`0@0 a={"id":1,"body":"a"}`, `0@1 b={"id":2,"body":"b"}`, `0@2 a={"id":3,"body":"a"}`},
		},
	} {
		t.Run(c.law, func(t *testing.T) {
			table := tweets(addr, freshTopic(t, "modes"), "auto.create", "true")
			if c.key {
				keyed(table)
			}
			for o := range strings.FieldsSeq(c.options) {
				name, value, _ := strings.Cut(o, "=")
				table.Options[name] = value
			}
			if err := modes(table)(c.mode); err != nil {
				t.Fatal(err)
			}
			put(t, table, c.mode, rows(table, "1 a", "2 b"), rows(table, c.second...))
			same(t, wrote(t, table), c.want...)
		})
	}
}

// What cannot be written is refused, with the ways out.
func TestSinkRefused(t *testing.T) {
	if err := modes(tweets("b:1", "t"))(connectors.Update); err == nil || err.Error() !=
		"kafka table tweets has no PRIMARY KEY, so a changed row could not replace the one before; declare PRIMARY KEY (…) NOT ENFORCED, "+
			"or set deletes = 'ignore' to write new values only, or changelog = 'retract' to write every change with a member op" {
		t.Errorf("update without a key: %v", err)
	}
	with := func(o ...string) *connectors.Table { return tweets("127.0.0.1:1", "t", o...) }
	offset := with()
	offset.Columns[1].Metadata = "offset"
	for _, c := range []struct {
		table *connectors.Table
		want  string
	}{
		{with("topic", "a,b"), "a table with several topics can only be read from; name one topic to write to"},
		{with("changelog", "retract", "deletes", "ignore"), "options 'changelog' and 'deletes' exclude each other"},
		{with("changelog", "retract", "format", "csv"), "option 'changelog' needs format = 'json', which has a place for the member op; 'csv' has none"},
		{
			keyed(with("changelog", "retract", "value.fields.include", "except-key")),
			"option 'changelog' with a PRIMARY KEY: its columns stand in the value, too, so that 'value.fields.include' = 'except-key' is not possible",
		},
		{keyed(with("key.fields", "id")), "option 'key.fields' excludes PRIMARY KEY, whose columns are the record's key"},
		{with("key.fields", "nothing"), "option 'key.fields': there is no column nothing"},
		{with("key.format", "json"), "option 'key.format' needs 'key.fields', which names the columns of the key"},
		{with("key.fields", "id, body", "value.fields.include", "except-key"), "no column is left for the record's value"},
		{with("key.fields", "id, body", "key.format", "raw"), "format 'raw' has one column, not 2"},
		{offset, "column body: metadata 'offset' is set by the broker and cannot be written"},
	} {
		_, err := openSink(t.Context(), c.table, connectors.Append, c.table.Schema(), connectors.Env{})
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

// Metadata columns that are written become the record's own key, headers, time and
// partition.
func TestWriteMetadata(t *testing.T) {
	addr := fake(t, kfake.SeedTopics(2, "t")).ListenAddrs()[0]
	table := tweets(addr, "t")
	for _, c := range []struct {
		name string
		typ  types.Type
	}{
		{"key", types.Of(types.Varchar)}, {"headers", types.Of(types.JSON)}, {"timestamp", types.TimestampOf(3)}, {"partition", types.Of(types.Int)},
	} {
		table.Columns = append(table.Columns, connectors.Column{Field: types.Field{Name: "m_" + c.name, Type: c.typ}, Metadata: c.name})
	}
	b := zset.NewBuilder(table.Schema())
	appendRow(b, 1, "a")
	b.Cols[2].AppendString("k")
	b.Cols[3].AppendString(`{"b":"2","a":null,"b":"3"}`)
	vec.Append(b.Cols[4], int64(1_700_000_000_123_000))
	vec.Append(b.Cols[5], int32(1))
	b.EndRow()
	put(t, table, connectors.Append, b.Build())
	rd, err := open(t, table).Open(t.Context(), connectors.Range{Split: "t/1", To: 1})
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]connectors.Record, 1)
	if n, err := rd.Next(t.Context(), buf); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	got := fmt.Sprintf("%s %s %d", line(buf[0]), buf[0].Headers, buf[0].Timestamp)
	if want := `t/1@0 k={"id":1,"body":"a"} [{b 2} {a } {b 3}] 1700000000123000`; got != want || buf[0].Headers[1].Value != nil {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Keys go where Kafka's own clients send them.
func TestPartitioner(t *testing.T) {
	// From org.apache.kafka.common.utils.UtilsTest.testMurmur2.
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%s) = %d, want %d", key, got, want)
		}
	}
	addr := fake(t, kfake.SeedTopics(8, "t")).ListenAddrs()[0]
	table := tweets(addr, "t", "key.fields", "id", "key.format", "raw")
	put(t, table, connectors.Append, rows(table, "21 a", "7 b"), rows(table, "21 c"))
	same(t, everything(t, open(t, table)),
		fmt.Sprintf(`t/%d@0 7={"id":7,"body":"b"}`, partitionOf([]byte("7"), 8)),
		fmt.Sprintf(`t/%d@0 21={"id":21,"body":"a"}`, partitionOf([]byte("21"), 8)),
		fmt.Sprintf(`t/%d@1 21={"id":21,"body":"c"}`, partitionOf([]byte("21"), 8)))
}

// Rows without a key are spread over the partitions, an epoch or a batch each.
func TestSpread(t *testing.T) {
	addr := fake(t, kfake.SeedTopics(3, "t")).ListenAddrs()[0]
	table := tweets(addr, "t", "kafka.batch.size", "120")
	put(t, table, connectors.Append, rows(table, "1 a"), rows(table, "2 b", "3 c", "4 d", "5 e"))
	same(t, everything(t, open(t, table)),
		`t/0@0 {"id":1,"body":"a"}`, `t/1@0 {"id":2,"body":"b"}`, `t/1@1 {"id":3,"body":"c"}`, `t/2@0 {"id":4,"body":"d"}`, `t/2@1 {"id":5,"body":"e"}`)
}

// An answer that is lost does not make a record appear twice: it is sent again with
// the same sequence number.
func TestLostAnswer(t *testing.T) {
	c, g := gated(t, kfake.SeedTopics(1, "t"))
	table := tweets(c.ListenAddrs()[0], "t")
	s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	commit(t, s, 1, rows(table, "1 a"))
	var produced atomic.Int32
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if produced.Add(1) == 1 {
			g.lose()
		}
		return nil, nil, false
	})
	commit(t, s, 2, rows(table, "2 b", "3 c"))
	commit(t, s, 3, rows(table, "4 d"))
	if n := produced.Load(); n != 3 {
		t.Errorf("%d requests, want 3: one was to be sent again", n)
	}
	same(t, wrote(t, table), `0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":3,"body":"c"}`, `0@3 {"id":4,"body":"d"}`)
}

// A producer that the broker has forgotten goes on as another.
func TestForgottenProducer(t *testing.T) {
	for _, fault := range []*kerr.Error{kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch} {
		c := fake(t, kfake.SeedTopics(1, "t"))
		table := tweets(c.ListenAddrs()[0], "t")
		s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
		if err != nil {
			t.Fatal(err)
		}
		commit(t, s, 1, rows(table, "1 a"))
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: fault, Count: 1})
		commit(t, s, 2, rows(table, "2 b"))
		commit(t, s, 3, rows(table, "3 c"))
		_ = s.Close()
		same(t, wrote(t, table), `0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":3,"body":"c"}`)
	}
}

// A batch that the topic finds too large is sent in pieces, and a record that is too
// large by itself is an error which says so.
func TestTooLarge(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("large", 1, map[string]string{"max.message.bytes": "2000"})
		table := w.table(topic, "compression", "none")
		var lines, want []string
		for i := range 100 {
			lines = append(lines, fmt.Sprintf("%d %0100d", i, i))
			want = append(want, fmt.Sprintf(`0@%d {"id":%d,"body":"%0100d"}`, i, i, i))
		}
		put(t, table, connectors.Append, rows(table, lines...))
		same(t, wrote(t, table), want...)

		s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
		w.must(err)
		defer s.Close()
		prepare(t, s, 1, rows(table, "1 "+strings.Repeat("x", 3000)))
		err = s.Commit(t.Context(), 1)
		if err == nil || !strings.Contains(err.Error(), "topic '"+topic+"': a record of 3042 bytes is larger than the topic takes (max.message.bytes)") {
			t.Errorf("got %v", err)
		}
	})
}

// A partition count that is read once stays what keys are divided by, until the
// cluster says otherwise.
func TestTopicMadeForSink(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := freshTopic(t, "made")
		table := w.table(topic, "auto_create", "true", "partitions", "4")
		put(t, table, connectors.Append, rows(table, "1 a"))
		w.led(topic, 4)
		list, err := listTopics(t.Context(), table, connectors.Env{})
		w.must(err)
		found := false
		for _, info := range list {
			if info.Name == topic {
				found = info.Partitions == 4
			}
			if strings.HasPrefix(info.Name, "__") {
				t.Errorf("topic %s is the cluster's own", info.Name)
			}
		}
		if !found {
			t.Errorf("topic %s with 4 partitions is not listed in %v", topic, list)
		}
	})
}

// Leaders that move while epochs are written cost no record and double none.
func TestLeaderMovesWhileWriting(t *testing.T) {
	c := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(2, "t"))
	c.ControlKey(int16(kmsg.Produce), (&mover{c: c}).now)
	table := tweets(c.ListenAddrs()[0], "t", "key.fields", "id", "key.format", "raw")
	s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const epochs, perEpoch = 100, 5
	for e := range epochs {
		var lines []string
		for i := range perEpoch {
			lines = append(lines, fmt.Sprintf("%d x", e*perEpoch+i))
		}
		commit(t, s, int64(e+1), rows(table, lines...))
	}
	last, n := map[string]int{}, 0
	for _, l := range everything(t, open(t, table)) {
		split, rest, _ := strings.Cut(l, "@")
		var offset, id int
		if _, err := fmt.Sscanf(rest, "%d %d=", &offset, &id); err != nil {
			t.Fatal(l, err)
		}
		if before, ok := last[split]; ok && id <= before {
			t.Errorf("%s comes behind %d", l, before)
		}
		last[split] = id
		n++
	}
	if n != epochs*perEpoch {
		t.Errorf("%d records of %d", n, epochs*perEpoch)
	}
}
