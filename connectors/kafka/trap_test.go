package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// Only committed records are read: those of aborted transactions, control records
// and what is behind the first open transaction are not, wherever a range is cut.
func TestTransactions(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("txn", 1, nil)
		a, b := w.begin(), w.begin()
		a.put(topic, 0, values("a0", "a1")) // 0 1
		b.put(topic, 0, values("b0"))       // 2
		a.put(topic, 0, values("a2"))       // 3
		b.end(false, topic, 0)              // 4
		a.end(true, topic, 0)               // 5
		b.put(topic, 0, values("b1", "b2")) // 6 7
		b.end(true, topic, 0)               // 8
		w.put(topic, 0, values("plain"))    // 9
		a.put(topic, 0, values("open"))     // 10
		w.put(topic, 0, values("behind"))   // 11

		s := open(t, w.table(topic))
		split := splitName(topic, 0)
		name := func(lines ...string) []string {
			for i, l := range lines {
				lines[i] = string(split) + "@" + l
			}
			return lines
		}
		same(t, everything(t, s), name("0 a0", "1 a1", "3 a2", "6 b1", "7 b2", "9 plain")...)
		end, err := s.Latest(t.Context(), []connectors.Split{split})
		if err != nil || end[split] != 10 {
			t.Errorf("the end is %d, %v; want 10, where the open transaction begins", end[split], err)
		}
		for _, c := range []struct {
			from, to connectors.Offset
			want     []string
		}{
			{1, 4, []string{"1 a1", "3 a2"}},
			{2, 3, nil}, // aborted
			{4, 6, nil}, // control records
			{5, 9, []string{"6 b1", "7 b2"}},
			{7, 8, []string{"7 b2"}},
			{8, 10, []string{"9 plain"}},
		} {
			got, err := read(t.Context(), s, connectors.Range{Split: split, From: c.from, To: c.to})
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, name(c.want...)...)
		}
		all := everything(t, open(t, w.table(topic, "isolation.level", "read_uncommitted")))
		same(t, all, name("0 a0", "1 a1", "2 b0", "3 a2", "6 b1", "7 b2", "9 plain", "10 open", "11 behind")...)

		a.end(false, topic, 0)
		same(t, everything(t, s), name("0 a0", "1 a1", "3 a2", "6 b1", "7 b2", "9 plain", "11 behind")...)
	})
}

// While a transaction is open the end does not move, and waiting for it to move
// ends when it is decided.
func TestWaitForTransaction(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("wait", 1, nil)
		split := splitName(topic, 0)
		x := w.begin()
		x.put(topic, 0, values("a"))
		w.put(topic, 0, values("behind"))
		s := open(t, w.table(topic))
		done := make(chan error)
		go func() { done <- s.Wait(t.Context(), connectors.Offsets{split: 0}) }()
		select {
		case err := <-done:
			t.Fatalf("nothing can be read yet, and Wait returned %v", err)
		case <-time.After(2 * longestWait):
		}
		x.end(true, topic, 0)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		same(t, everything(t, s), string(split)+"@0 a", string(split)+"@1 behind")
	})
}

// The answer to a fetch ends where it is full, which may be in the middle of a
// batch: no record is lost there, none comes twice, and a batch larger than the
// answer may be comes whole.
func TestHalfBatches(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("half", 1, nil)
		const perBatch = 200
		n := 0
		for range 60 {
			w.put(topic, 0, values(numbered(n, perBatch, 100)...))
			n += perBatch
		}
		for _, fetch := range []string{"1", "30000", "100000", "1048576"} {
			s := open(t, w.table(topic, "kafka.max.partition.fetch.bytes", fetch))
			for i, got := range everything(t, s) {
				if want := fmt.Sprintf("%s/0@%d %0100d", topic, i, i); got != want {
					t.Fatalf("fetching %s bytes: record %d is %q", fetch, i, got)
				}
				n--
			}
			if n != 0 {
				t.Fatalf("fetching %s bytes: %d records are missing", fetch, n)
			}
			n = 60 * perBatch
		}
	})
}

// Every codec is read, and written, with keys, headers and times.
func TestCodecs(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
			for _, partitions := range []int32{1, 8} {
				topic := w.topic("codec-"+codec, partitions, nil)
				table := w.table(topic, "compression", codec, "key.fields", "id")
				var lines []string
				for i := range 3000 {
					lines = append(lines, fmt.Sprintf("%d %s", i, strings.Repeat("tweet ", i%40)))
				}
				put(t, table, connectors.Append, rows(table, lines[:1000]...), rows(table, lines[1000:]...))
				got := everything(t, open(t, table))
				if len(got) != len(lines) {
					t.Fatalf("%s: %d records of %d", codec, len(got), len(lines))
				}
				seen := map[string]bool{}
				for _, l := range got {
					_, record, _ := strings.Cut(l, " ")
					seen[record] = true
				}
				for i, l := range lines {
					_, body, _ := strings.Cut(l, " ")
					if want := fmt.Sprintf(`{"id":%d}={"id":%d,"body":"%s"}`, i, i, body); !seen[want] {
						t.Fatalf("%s: %s is missing", codec, want)
					}
				}
			}
		}
	})
}

// Batches that compaction has thinned out or emptied are passed over.
func TestCompaction(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("compact", 1, map[string]string{
			"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
			"min.compaction.lag.ms": "0", "max.compaction.lag.ms": "200", "delete.retention.ms": "0",
		})
		split := splitName(topic, 0)
		keyed := func(i int, values ...string) *sarama.RecordBatch {
			var ms []*message
			for j, v := range values {
				ms = append(ms, &message{key: fmt.Appendf(nil, "k%d", j), value: []byte(v)})
			}
			b := batchOf(ms, sarama.CompressionNone, 1_700_000_000_000+int64(i))
			b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
			return b
		}
		for i := range 8 {
			x := w.begin()
			for j := range 5 {
				x.put(topic, 0, keyed(i, fmt.Sprintf("%d-%d-0", i, j), fmt.Sprintf("%d-%d-1", i, j)))
			}
			x.end(i%3 != 2, topic, 0)
		}
		s := open(t, w.table(topic))
		before := everything(t, s)
		if len(before) != 60 {
			t.Fatalf("%d committed records, want 60", len(before))
		}
		if c, ok := fakes.Load(w.addr); ok {
			c.(compactor).Compact()
		} else {
			w.cleaned(t, s, topic)
		}
		// What is left is some of what was there before, and every cut of the log
		// reads as the whole does. The cleaner may come between two looks.
		was := map[string]bool{}
		for _, l := range before {
			was[l] = true
		}
		after := everything(t, s)
		for {
			pieces := w.pieces(s, split)
			now := everything(t, s)
			if slices.Equal(after, now) {
				same(t, pieces, after...)
				break
			}
			after = now
		}
		if len(after) >= len(before) {
			t.Fatalf("nothing was compacted: %d records", len(after))
		}
		for _, l := range after {
			if !was[l] && !strings.HasSuffix(l, "last") {
				t.Errorf("%s was not there before", l)
			}
		}
	})
}

// pieces reads a split in ranges of three offsets.
func (w *writer) pieces(s *source, split connectors.Split) []string {
	w.t.Helper()
	ctx := w.t.Context()
	end, err := s.Latest(ctx, []connectors.Split{split})
	w.must(err)
	start, err := s.Start(ctx, []connectors.Split{split})
	w.must(err)
	var out []string
	for at := start[split]; at < end[split]; at += 3 {
		got, err := read(ctx, s, connectors.Range{Split: split, From: at, To: min(at+3, end[split])})
		w.must(err)
		out = append(out, got...)
	}
	return out
}

type compactor interface{ Compact() }

// cleaned writes until the log has a new segment and the cleaner has been there.
func (w *writer) cleaned(t *testing.T, s *source, topic string) {
	deadline := time.Now().Add(2 * time.Minute)
	for i := 0; time.Now().Before(deadline); i++ {
		m := []*message{{key: []byte("last"), value: []byte("last")}}
		b := batchOf(m, sarama.CompressionNone, time.Now().UnixMilli())
		b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
		w.put(topic, 0, b)
		n := 0
		for _, l := range everything(t, s) {
			if !strings.HasSuffix(l, "last") {
				n++
			}
		}
		if n <= 10 {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("the cleaner did not come within two minutes")
}

// Where the broker sets the time, it is the batch's for each record. The broker in
// the process never does.
func TestTimestamps(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		kinds := []string{"CreateTime", "LogAppendTime"}
		if _, fake := fakes.Load(w.addr); fake {
			kinds = kinds[:1]
		}
		for _, kind := range kinds {
			topic := w.topic("time", 1, map[string]string{"message.timestamp.type": kind})
			before := time.Now().Add(-time.Second).UnixMicro()
			b := batchOf([]*message{{value: []byte("a"), millis: 1_700_000_000_005}, {value: []byte("b"), millis: 1_700_000_000_001}}, sarama.CompressionNone, 0)
			b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
			w.put(topic, 0, b)
			rd, err := open(t, w.table(topic)).Open(t.Context(), connectors.Range{Split: splitName(topic, 0), To: 2})
			w.must(err)
			buf := make([]connectors.Record, 2)
			if n, err := rd.Next(t.Context(), buf); n != 2 || err != nil {
				t.Fatal(n, err)
			}
			switch {
			case kind == "CreateTime":
				if buf[0].Timestamp != 1_700_000_000_005_000 || buf[1].Timestamp != 1_700_000_000_001_000 || buf[0].TimestampType != connectors.CreateTime {
					t.Errorf("times %d %d of type %d", buf[0].Timestamp, buf[1].Timestamp, buf[0].TimestampType)
				}
			case buf[0].Timestamp < before || buf[1].Timestamp != buf[0].Timestamp || buf[0].TimestampType != connectors.LogAppendTime:
				t.Errorf("times %d %d of type %d, after %d", buf[0].Timestamp, buf[1].Timestamp, buf[0].TimestampType, before)
			}
			w.must(rd.Close())
		}
	})
}

// A topic that is dropped and made again is not taken for the old one, although it
// answers to the same name and offsets.
func TestTopicMadeAgain(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("again", 1, nil)
		w.put(topic, 0, values("old 0", "old 1"))
		for _, bigger := range []bool{false, true} {
			s := open(t, w.table(topic, "scan.discovery.interval", "1ms"))
			everything(t, s)
			w.drop(topic)
			w.create(topic, 1, nil)
			w.put(topic, 0, values("new"))
			if bigger {
				w.put(topic, 0, values("new", "new", "new"))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for {
				_, err := s.Splits(ctx)
				if err == nil {
					_, err = s.Latest(ctx, []connectors.Split{splitName(topic, 0)})
				}
				if err == nil {
					continue
				}
				if !strings.Contains(err.Error(), "was dropped and made again while it was used") {
					t.Fatal(err)
				}
				break
			}
		}
	})
}

// Records that were deleted before they were read are an error that says which and
// what to do, or with on_data_loss = 'skip' a notice.
func TestDataLoss(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("loss", 1, nil)
		split := splitName(topic, 0)
		w.put(topic, 0, values("0", "1"))
		w.put(topic, 0, values("2", "3", "4"))
		w.must(w.a.DeleteRecords(topic, map[int32]int64{0: 3}))

		_, err := read(t.Context(), open(t, w.table(topic)), connectors.Range{Split: split, From: 1, To: 5})
		want := string(split) + ": the records at offsets 1 to 2 are gone, it starts at 3 now: retention or DeleteRecords was faster than the query; set on_data_loss = 'skip' to go on without them"
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
		n := newNotices()
		s := openWith(t, w.table(topic, "on_data_loss", "skip"), n.env())
		got, err := read(t.Context(), s, connectors.Range{Split: split, From: 1, To: 5})
		w.must(err)
		same(t, got, string(split)+"@3 3", string(split)+"@4 4")
		got, err = read(t.Context(), s, connectors.Range{Split: split, From: 0, To: 2})
		w.must(err)
		same(t, got)
		n.await(t, "the records at offsets 1 to 2 are gone")
		n.await(t, "the records at offsets 0 to 1 are gone")
		same(t, everything(t, s), string(split)+"@3 3", string(split)+"@4 4")
	})
}
