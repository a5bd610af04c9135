package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
)

// The laws of every source, on topics of one and of eight partitions.
func TestSourceLaws(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		for _, partitions := range []int32{1, 8} {
			topic := w.topic("laws", partitions, nil)
			for p := range partitions {
				x := w.begin()
				x.put(topic, p, values(numbered(0, 10, 5)...))
				x.end(p%2 == 0, topic, p)
				b := batchOf([]*message{{key: []byte("k"), value: []byte("v")}, {key: []byte("gone")}, {value: []byte{}}}, 0, 1_700_000_000_000)
				b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
				w.put(topic, p, b)
			}
			connectortest.Source(t, connectortest.SourceCase{
				Open: func(t *testing.T) connectors.Source {
					s, err := openSource(t.Context(), w.table(topic), connectors.Env{})
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
				Add: func(*testing.T) { w.put(topic, partitions-1, values("more")) },
			})
		}
	})
}

// Where a query begins and where a bounded table ends is told by options. The
// records are a to f, a second apart, two in each of three batches.
func TestPlaces(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("place", 1, nil)
		split := splitName(topic, 0)
		const t0 = 1_700_000_000_000
		for i := range 3 {
			b := batchOf([]*message{
				{value: []byte{'a' + byte(2*i)}, millis: t0 + int64(2*i)*1000}, {value: []byte{'b' + byte(2*i)}, millis: t0 + int64(2*i+1)*1000},
			}, 0, t0)
			b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
			w.put(topic, 0, b)
		}
		for _, c := range []struct {
			options string
			want    string
		}{
			{"", "abcdef"},
			{"scan.startup=earliest", "abcdef"},
			{"scan.startup=latest", ""},
			{"scan.startup=timestamp scan.startup.timestamp=1700000002500", "def"},
			{"scan.startup=timestamp scan.startup.timestamp=2023-11-14T22:13:23Z", "def"},
			{"scan.startup=timestamp scan.startup.timestamp=1900000000000", ""},
			{"scan.startup=specific-offsets scan.startup.specific_offsets=0:4", "ef"},
			{"scan.startup=specific-offsets scan.startup.specific_offsets=TOPIC/0:6", ""},
			{"scan.startup=specific-offsets scan.startup.specific_offsets=partition:0,offset:2", "cdef"},
			{"scan.bounded=latest", "abcdef."},
			{"scan.bounded=timestamp scan.bounded.timestamp=1700000002500", "abc."},
			{"scan.bounded=specific-offsets scan.bounded.specific_offsets=0:1", "a."},
			{"scan.startup=specific-offsets scan.startup.specific_offsets=0:1 scan.bounded=timestamp scan.bounded.timestamp=1900000000000", "bcdef."},
		} {
			var options []string
			for o := range strings.FieldsSeq(c.options) {
				name, value, _ := strings.Cut(o, "=")
				options = append(options, name, strings.ReplaceAll(value, "TOPIC", topic))
			}
			s := open(t, w.table(topic, options...))
			splits := []connectors.Split{split}
			if _, err := s.Splits(t.Context()); err != nil {
				t.Fatal(err)
			}
			start, err := s.Start(t.Context(), splits)
			w.must(err)
			end, err := s.Latest(t.Context(), splits)
			w.must(err)
			bound, bounded, err := s.End(t.Context(), splits)
			w.must(err)
			if bounded {
				end = bound
			}
			got, err := read(t.Context(), s, connectors.Range{Split: split, From: start[split], To: end[split]})
			w.must(err)
			text := ""
			for _, l := range got {
				text += l[len(l)-1:]
			}
			if bounded {
				text += "."
			}
			if text != c.want {
				t.Errorf("%s: %q, want %q", c.options, text, c.want)
			}
		}
	})
}

// A place that is not there is an error before anything runs.
func TestPlacesRefused(t *testing.T) {
	addr := fake(t, kfake.SeedTopics(2, "t")).ListenAddrs()[0]
	for offsets, want := range map[string]string{
		"0:1": "t/0 ends at offset 0, before 1",
		"5:0": "names a partition that does not exist; there are t/0, t/1",
	} {
		s := open(t, tweets(addr, "t", "scan.startup", "specific-offsets", "scan.startup.specific.offsets", offsets))
		splits, err := s.Splits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Start(t.Context(), splits); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", offsets, err, want)
		}
	}
}

// Topics by list and by pattern, and what is added to them while a query runs, from
// its first record on.
func TestNewPartitionsAndTopics(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		base := freshTopic(t, "many")
		w.create(base+"-a", 1, nil)
		w.create(base+"-b", 2, nil)
		w.create("not-"+base, 1, nil)
		s := open(t, w.table("", "topic.pattern", base+"-.", "scan.startup", "latest", "scan.discovery.interval", "10ms"))
		list := open(t, w.table(base+"-b, "+base+"-a"))
		splits, err := s.Splits(t.Context())
		w.must(err)
		if want := fmt.Sprint([]string{base + "-a/0", base + "-b/0", base + "-b/1"}); fmt.Sprint(splits) != want {
			t.Errorf("splits %v, want %s", splits, want)
		}
		if of, err := list.Splits(t.Context()); err != nil || fmt.Sprint(of) != fmt.Sprint(splits) {
			t.Errorf("splits of the list %v, %v", of, err)
		}
		at, err := s.Start(t.Context(), splits)
		w.must(err)

		w.must(w.a.CreatePartitions(base+"-a", 2, nil, false))
		w.led(base+"-a", 2)
		w.put(base+"-a", 1, values("in a new partition"))
		fresh(t, s, at, base+"-a/1")

		w.create(base+"-c", 1, nil)
		w.put(base+"-c", 0, values("in a new topic"))
		fresh(t, s, at, base+"-c/0")
		same(t, everything(t, s), base+"-a/1@0 in a new partition", base+"-c/0@0 in a new topic")
	})
}

// fresh waits for a split that is not yet in at, and notes it there.
func fresh(t *testing.T, s *source, at connectors.Offsets, want string) {
	t.Helper()
	if err := s.Wait(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	splits, err := s.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range splits {
		if _, known := at[split]; known {
			continue
		}
		if string(split) != want {
			t.Errorf("split %s is new, want %s", split, want)
		}
		start, err := s.Start(t.Context(), []connectors.Split{split})
		if err != nil || start[split] != 0 {
			t.Errorf("it starts at %d, %v; want 0", start[split], err)
		}
		at[split] = 0
	}
}

// A topic that does not exist is an error which names the nearest one, unless it is
// to be made.
func TestMissingTopic(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("tweet", 1, nil)
		_, err := openSource(t.Context(), w.table(topic+"s"), connectors.Env{})
		want := fmt.Sprintf("topic '%ss' does not exist on %s; did you mean '%s'? auto_create = 'true' makes it", topic, w.addr, topic)
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
		_, err = openSource(t.Context(), w.table("zzzzzzzzzzzzzzz"), connectors.Env{})
		want = "topic 'zzzzzzzzzzzzzzz' does not exist on " + w.addr + "; make it, or set auto_create = 'true'"
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
		made := freshTopic(t, "made")
		s := open(t, w.table(made, "auto_create", "true", "partitions", "3", "replication", "1"))
		if splits, err := s.Splits(t.Context()); err != nil || len(splits) != 3 {
			t.Errorf("splits %v, %v", splits, err)
		}
		_, err = openSource(t.Context(), w.table(freshTopic(t, "wide"), "auto_create", "true", "replication", "7"), connectors.Env{})
		if err == nil || !strings.Contains(err.Error(), "make topic 'wide-") {
			t.Errorf("seven replicas on one broker: %v", err)
		}
	})
}

// A partition whose leader moves is read on at the same offset: no record is lost,
// none comes twice.
func TestLeaderMoves(t *testing.T) {
	c := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(2, "t"))
	w := &mover{c: c}
	table := tweets(c.ListenAddrs()[0], "t", "kafka.max.partition.fetch.bytes", "2000")
	const n = 3000
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprintf("%d %0100d", i, i))
	}
	put(t, table, connectors.Append, rows(table, lines[:n/2]...), rows(table, lines[n/2:]...))
	c.ControlKey(int16(kmsg.Fetch), w.now)
	got := everything(t, open(t, table))
	if len(got) != n {
		t.Errorf("%d records of %d", len(got), n)
	}
	at := map[string]int{}
	for _, l := range got {
		split, rest, _ := strings.Cut(l, "@")
		if want := fmt.Sprint(at[split], " "); !strings.HasPrefix(rest, want) {
			t.Fatalf("%s comes where offset %s should", l, want)
		}
		at[split]++
	}
}

// A mover moves the leaders at every tenth fetch.
type mover struct {
	c  *kfake.Cluster
	mu sync.Mutex
	n  int
}

func (m *mover) now(kmsg.Request) (kmsg.Response, error, bool) {
	m.c.KeepControl()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n++; m.n%10 == 0 {
		go m.c.ShufflePartitionLeaders()
	}
	return nil, nil, false
}

// What a broker refuses for a while is asked for again.
func TestPassingFaults(t *testing.T) {
	for _, fault := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition, kerr.ReplicaNotAvailable,
		kerr.KafkaStorageError, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.OffsetNotAvailable,
	} {
		t.Run(fault.Message, func(t *testing.T) {
			c := fake(t, kfake.SeedTopics(1, "t"))
			table := tweets(c.ListenAddrs()[0], "t")
			keys := []kmsg.Key{kmsg.Fetch, kmsg.ListOffsets}
			if fault != kerr.OffsetNotAvailable {
				keys = append(keys, kmsg.Produce)
			}
			for _, key := range keys {
				c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: fault, Count: 3})
			}
			put(t, table, connectors.Append, rows(table, "1 a"))
			same(t, everything(t, open(t, table)), `t/0@0 {"id":1,"body":"a"}`)
		})
	}
}

// A broker that is away is waited for, and the user hears of it once.
func TestBrokerAway(t *testing.T) {
	c, g := gated(t, kfake.SeedTopics(1, "t"))
	table := tweets(c.ListenAddrs()[0], "t", "kafka.reconnect.backoff.max.ms", "20")
	put(t, table, connectors.Append, rows(table, "1 a", "2 b"))

	g.cut(true)
	n := newNotices()
	opened := make(chan *source)
	go func() {
		s, err := openSource(t.Context(), table, n.env())
		if err != nil {
			t.Error(err)
		}
		opened <- s
	}()
	n.await(t, "does not answer")
	g.cut(false)
	s := <-opened
	defer s.Close()
	n.await(t, "answers again")
	same(t, everything(t, s), `t/0@0 {"id":1,"body":"a"}`, `t/0@1 {"id":2,"body":"b"}`)

	// While a range is read.
	g.cut(true)
	type result struct {
		lines []string
		err   error
	}
	done := make(chan result)
	go func() {
		lines, err := read(t.Context(), s, connectors.Range{Split: "t/0", From: 0, To: 2})
		done <- result{lines, err}
	}()
	n.awaitN(t, "does not answer", 2)
	if end, err := s.Latest(t.Context(), []connectors.Split{"t/0"}); err != nil || end["t/0"] != 2 {
		t.Errorf("meanwhile the end is %v, %v; want the last known, 2", end, err)
	}
	g.cut(false)
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	same(t, r.lines, `t/0@0 {"id":1,"body":"a"}`, `t/0@1 {"id":2,"body":"b"}`)

	// While nothing is there to read.
	waited := make(chan error)
	go func() { waited <- s.Wait(t.Context(), connectors.Offsets{"t/0": 2}) }()
	g.cut(true)
	n.awaitN(t, "does not answer", 3)
	g.cut(false)
	put(t, table, connectors.Append, rows(table, "3 c"))
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	n.awaitN(t, "answers again", 3)
	if got := n.all(); len(got) != 6 {
		t.Errorf("notices %q, want three times away and back", got)
	}
}

// Nobody answers at a name that does not exist: that is a mistake and not a broker
// that is away.
func TestNoSuchHost(t *testing.T) {
	_, err := openSource(t.Context(), tweets("no-such-host.invalid:9092", "t"), connectors.Env{})
	if err == nil || !strings.Contains(err.Error(), "bootstrap.servers: ") {
		t.Errorf("got %v", err)
	}
}

// Whatever waits for a broker ends with its context.
func TestCancelled(t *testing.T) {
	c, g := gated(t, kfake.SeedTopics(1, "t"))
	table := tweets(c.ListenAddrs()[0], "t")
	s := open(t, table)
	sk, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer sk.Close()
	g.cut(true)
	for name, f := range map[string]func(context.Context) error{
		"open": func(ctx context.Context) error { _, err := openSource(ctx, table, connectors.Env{}); return err },
		"read": func(ctx context.Context) error {
			_, err := read(ctx, s, connectors.Range{Split: "t/0", To: 1})
			return err
		},
		"start": func(ctx context.Context) error { _, err := s.Start(ctx, []connectors.Split{"t/0"}); return err },
		"wait":  func(ctx context.Context) error { return s.Wait(ctx, connectors.Offsets{"t/0": 0}) },
		"commit": func(ctx context.Context) error {
			prepare(t, sk, 1, rows(table, "1 a"))
			return sk.Commit(ctx, 1)
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := f(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}
