package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
	"github.com/sqlstream/sqlstream/zset"
)

// A memo is a notebook that outlives the processes of a test.
type memo struct{ text []byte }

func (m *memo) Read(context.Context) ([]byte, error) { return m.text, nil }

func (m *memo) Write(_ context.Context, note []byte) error {
	m.text = append([]byte(nil), note...)
	return nil
}

// A process is one life of a dataflow: its sinks and their transaction.
type process struct {
	t     testing.TB
	sinks []*sink
	txn   *transaction
}

func newProcess(t testing.TB, id string, notes *memo, tables ...*connectors.Table) *process {
	t.Helper()
	return newProcessWith(t, id, connectors.Env{Notebook: notes}, tables...)
}

func newProcessWith(t testing.TB, id string, env connectors.Env, tables ...*connectors.Table) *process {
	t.Helper()
	p := &process{t: t}
	var list []connectors.Transactional
	for _, table := range tables {
		mode := connectors.Append
		if len(table.PrimaryKey) > 0 {
			mode = connectors.Complete
		}
		s, err := openSink(t.Context(), table, mode, table.Schema(), env)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		p.sinks, list = append(p.sinks, s), append(list, s)
	}
	x, err := openTransaction(t.Context(), id, list, env)
	if err != nil {
		t.Fatal(err)
	}
	p.txn = x.(*transaction)
	t.Cleanup(func() { _ = x.Close() })
	return p
}

// recovers fails the test unless an epoch is the last one visible.
func (p *process) recovers(happened, prepared, want int64) {
	p.t.Helper()
	got, err := p.txn.Recover(p.t.Context(), happened, prepared)
	if err != nil {
		p.t.Fatal(err)
	}
	if got != want {
		p.t.Fatalf("epoch %d is visible after %d happened and %d was prepared, want %d", got, happened, prepared, want)
	}
}

// prepare gives every sink an epoch of the same rows.
func (p *process) prepare(epoch int64, rows *zset.Batch) {
	p.t.Helper()
	for _, s := range p.sinks {
		prepare(p.t, s, epoch, rows)
	}
}

func (p *process) commit(epoch int64, rows *zset.Batch) {
	p.t.Helper()
	p.prepare(epoch, rows)
	if err := p.txn.Commit(p.t.Context(), epoch, uint64(epoch), noDisk); err != nil {
		p.t.Fatal(err)
	}
}

// seen waits until what was committed last can be read: Kafka says that a transaction has
// ended before it has written that everywhere.
func (p *process) seen() {
	p.t.Helper()
	if err := p.txn.finished(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// dies goes through the steps of a commit up to one and leaves the rest undone, as a process
// that is killed there does.
func (p *process) dies(epoch int64, rows *zset.Batch, after string) {
	p.t.Helper()
	ctx, x := p.t.Context(), p.txn
	p.prepare(epoch, rows)
	must := func(err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatal(err)
		}
	}
	must(x.finished(ctx))
	writes, err := x.divide(ctx)
	must(err)
	must(x.note(ctx))
	x.state = begun
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"note", func() error { return nil }},
		{"partitions", func() error { return x.persist(ctx, func() error { return x.addPartitions(ctx, x.touched) }) }},
		{"records", func() (err error) {
			for i, s := range p.sinks {
				err = errors.Join(err, s.producer.write(ctx, writes[i]))
			}
			return err
		}},
		{"group", func() error { return x.addOffsets(ctx) }},
		{"marker", func() error { return x.commitMarker(ctx, epoch, "v1") }},
		{"end", func() error { return x.end(ctx, true, x.pid, x.epoch) }},
	} {
		must(step.run())
		if step.name == after {
			break
		}
	}
	_ = x.Close()
}

// ids are the records of a topic, without their places: control records take offsets, too.
func ids(t testing.TB, table *connectors.Table) []string {
	t.Helper()
	lines := everything(t, open(t, table))
	for i, l := range lines {
		_, lines[i], _ = strings.Cut(l, " ")
	}
	return lines
}

// What is visible is what was committed, each epoch once, and the next process knows it
// whatever has come to be saved.
func TestEpochsHappenOnce(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		table := w.table(w.topic("once", 3, nil), "key.fields", "id", "key.format", "raw")
		one := w.table(w.topic("once-too", 1, nil))
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		p := newProcess(t, id, notes, one, table, table) // two sinks write to one topic
		p.recovers(0, 0, 0)
		p.commit(1, rows(one, "1 a"))
		p.commit(2, rows(one))
		p.commit(3, rows(one, "2 b", "3 c"))
		p.seen()
		same(t, ids(t, one), `{"id":1,"body":"a"}`, `{"id":2,"body":"b"}`, `{"id":3,"body":"c"}`)
		if n := len(ids(t, table)); n != 6 {
			t.Errorf("%d records of two sinks, want 6", n)
		}
		newProcess(t, id, notes, one, table, table).recovers(3, 0, 3)
		newProcess(t, id, notes, one, table, table).recovers(2, 3, 3)
		p = newProcess(t, id, notes, one, table, table)
		p.recovers(3, 4, 3)
		p.commit(4, rows(one, "4 d"))
		p.seen()
		same(t, ids(t, one), `{"id":1,"body":"a"}`, `{"id":2,"body":"b"}`, `{"id":3,"body":"c"}`, `{"id":4,"body":"d"}`)
	})
}

// A process that dies between any two steps leaves an epoch that has happened, or has not.
func TestDeathBetweenSteps(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		for _, after := range []string{"note", "partitions", "records", "group", "marker", "end"} {
			t.Run(after, func(t *testing.T) {
				table := w.table(w.topic("death", 2, nil))
				id, notes := freshTopic(t, "sqlstream"), &memo{}
				for _, first := range []bool{true, false} {
					p := newProcess(t, id, notes, table)
					happened := int64(0)
					if !first {
						happened = 3
					}
					p.recovers(happened, 0, happened)
					p.dies(happened+1, rows(table, fmt.Sprintf("%d x", happened+1)), after)
					p = newProcess(t, id, notes, table)
					if after == "end" {
						p.recovers(happened, happened+1, happened+1)
					} else {
						p.recovers(happened, happened+1, happened)
						p.commit(happened+1, rows(table, fmt.Sprintf("%d x", happened+1)))
					}
					p.commit(happened+2, rows(table, fmt.Sprintf("%d x", happened+2)))
					p.commit(happened+3, rows(table, fmt.Sprintf("%d x", happened+3)))
					p.seen()
				}
				got := map[string]int{}
				for _, l := range ids(t, table) {
					got[l]++
				}
				for i := range 6 {
					if l := fmt.Sprintf(`{"id":%d,"body":"x"}`, i+1); got[l] != 1 || len(got) != 6 {
						t.Fatalf("epoch %d is there %d times among %v", i+1, got[l], got)
					}
				}
			})
		}
	})
}

// An answer that is lost, whichever it is, costs no epoch and doubles none: Commit finds out
// by itself what has become of it.
func TestLostAnswersInTransaction(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.DescribeProducers, kmsg.OffsetFetch, kmsg.InitProducerID} {
		t.Run(key.Name(), func(t *testing.T) {
			c, g := gated(t, kfake.SeedTopics(1, "t"))
			table := tweets(c.ListenAddrs()[0], "t")
			p := newProcess(t, "sqlstream-1", &memo{}, table)
			p.recovers(0, 0, 0)
			var seen atomic.Int32 // requests, of which some come when the epoch is over
			c.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				if seen.Add(1) == 2 {
					g.lose()
				}
				return nil, nil, false
			})
			if key == kmsg.InitProducerID { // only recovery asks for one
				c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: errorCode(48), Count: 1})
				seen.Store(1)
			}
			for e := range int64(4) {
				p.commit(e+1, rows(table, fmt.Sprintf("%d x", e+1)))
			}
			same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`, `{"id":3,"body":"x"}`, `{"id":4,"body":"x"}`)
			if n := seen.Load(); n < 2 {
				t.Errorf("%d requests, and none of them was answered in vain", n)
			}
			newProcess(t, "sqlstream-1", &memo{text: p.txn.notes.text}, table).recovers(3, 4, 4)
		})
	}
}

// errorCode is a code that kfake is to answer.
func errorCode(code int16) *kerr.Error { return kerr.TypedErrorForCode(code) }

// What says that Kafka is not ready yet is waited for; what says that the transaction is no
// more leads to another one.
func TestRefusedInTransaction(t *testing.T) {
	for _, c := range []struct {
		key  kmsg.Key
		code int16
	}{
		{kmsg.AddPartitionsToTxn, 51},
		{kmsg.AddPartitionsToTxn, 48},
		{kmsg.AddPartitionsToTxn, 14},
		{kmsg.AddPartitionsToTxn, 16},
		{kmsg.AddPartitionsToTxn, 90},
		{kmsg.Produce, 45},
		{kmsg.Produce, 47},
		{kmsg.Produce, 59},
		{kmsg.Produce, 6},
		{kmsg.Produce, 120},
		{kmsg.AddOffsetsToTxn, 48},
		{kmsg.AddOffsetsToTxn, 51},
		{kmsg.TxnOffsetCommit, 47},
		{kmsg.TxnOffsetCommit, 14},
		{kmsg.TxnOffsetCommit, 16},
		{kmsg.EndTxn, 47},
		{kmsg.EndTxn, 48},
		{kmsg.EndTxn, 49},
		{kmsg.EndTxn, 51},
		{kmsg.EndTxn, 16},
		{kmsg.EndTxn, 90},
		{kmsg.OffsetFetch, 88},
		{kmsg.OffsetFetch, 14},
		{kmsg.OffsetFetch, 16},
		{kmsg.DescribeProducers, 6},
	} {
		t.Run(fmt.Sprintf("%s %d", c.key.Name(), c.code), func(t *testing.T) {
			f := fake(t, kfake.SeedTopics(1, "t"))
			table := tweets(f.ListenAddrs()[0], "t")
			p := newProcess(t, "sqlstream-1", &memo{}, table)
			p.recovers(0, 0, 0)
			p.commit(1, rows(table, "1 x"))
			f.Fault(kfake.Fault{Keys: []kmsg.Key{c.key}, Err: errorCode(c.code), Count: 3})
			for e := int64(2); e <= 4; e++ {
				p.commit(e, rows(table, fmt.Sprintf("%d x", e)))
			}
			same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`, `{"id":3,"body":"x"}`, `{"id":4,"body":"x"}`)
		})
	}
}

// Two processes cannot write as the same dataflow: the first one learns that the second has
// taken over, in the middle of an epoch too, and nothing of it is visible.
func TestSecondProcess(t *testing.T) {
	// The broker in the process would give the id back to whoever had it.
	w := newWriter(t, kafkatest.Broker(t))
	for _, when := range []string{"between epochs", "partitions", "records", "marker"} {
		table := w.table(w.topic("second", 1, nil))
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		first := newProcess(t, id, notes, table)
		first.recovers(0, 0, 0)
		first.commit(1, rows(table, "1 x"))
		second := newProcess(t, id, &memo{text: notes.text}, table)
		if when == "between epochs" {
			second.recovers(1, 0, 1)
		} else {
			first.dies(2, rows(table, "2 first"), when)
			second.recovers(1, 2, 1)
			if err := first.txn.end(t.Context(), true, first.txn.pid, first.txn.epoch); !errors.Is(err, sarama.ErrProducerFenced) {
				t.Errorf("after %s the end of the first process's epoch got %v", when, err)
			}
			first.txn.state = ready
		}
		first.prepare(2, rows(table, "2 first"))
		if err := first.txn.Commit(t.Context(), 2, 0, noDisk); !errors.Is(err, connectors.ErrTaken) || errors.Is(err, connectors.ErrUnsettled) {
			t.Errorf("got %v", err)
		}
		second.commit(2, rows(table, "2 second"))
		if err := first.txn.Commit(t.Context(), 2, 0, noDisk); !errors.Is(err, connectors.ErrTaken) {
			t.Errorf("got %v", err)
		}
		second.seen()
		same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"second"}`)
	}
}

// What the directory and Kafka disagree about is refused, with what has come to pass.
func TestDisagreement(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("disagree", 1, nil)
		table := w.table(topic)
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		p := newProcess(t, id, notes, table)
		p.recovers(0, 0, 0)
		for e := range int64(3) {
			p.commit(e+1, rows(table, "1 x"))
		}
		refused := func(id string, notes *memo, happened, prepared int64, want string) {
			t.Helper()
			_, err := newProcess(t, id, notes, table).txn.Recover(t.Context(), happened, prepared)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		refused(id, notes, 1, 2, "the cluster has the output of epoch 3 of this query, and the directory knows only 2: an older copy of the directory")
		refused(id, notes, 4, 5, "the cluster has the output of this query up to epoch 3, and the directory knows of 4: this is another cluster")
		refused(freshTopic(t, "sqlstream"), notes, 3, 4, "the marker of epoch 3 is no longer in consumer group")
		w.drop(topic)
		w.create(topic, 1, nil)
		refused(id, notes, 3, 0, "topic '"+topic+"' was dropped and made again since this query wrote to it")
	})
}

// A sink that joins a dataflow late has no marker yet, which says nothing.
func TestLateJoiner(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "a", "b"))
	a, b := tweets(c.ListenAddrs()[0], "a"), tweets(c.ListenAddrs()[0], "b")
	notes := &memo{}
	p := newProcess(t, "sqlstream-1", notes, b)
	p.recovers(57, 0, 57)
	p.commit(58, rows(a, "1 x"))
	p = newProcess(t, "sqlstream-1", notes, a, b) // another one, whose topic comes first
	p.recovers(57, 58, 58)
	p.commit(59, rows(a, "2 x"))
	newProcess(t, "sqlstream-1", notes, a).recovers(58, 59, 59)
	newProcess(t, "sqlstream-1", notes, b).recovers(58, 59, 59)
}

// A complete result is compared with what the process before has written, which the sink is
// reminded of.
func TestRemind(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	table := keyed(tweets(c.ListenAddrs()[0], "t"))
	notes := &memo{}
	p := newProcess(t, "sqlstream-1", notes, table)
	p.recovers(0, 0, 0)
	p.commit(1, rows(table, "1 a", "2 b"))
	p = newProcess(t, "sqlstream-1", notes, table)
	p.recovers(1, 0, 1)
	if err := p.sinks[0].Remind(t.Context(), []*zset.Batch{rows(table, "1 a"), rows(table, "2 b")}); err != nil {
		t.Fatal(err)
	}
	p.commit(2, rows(table, "1 A"))
	same(t, ids(t, table), `{"id":1}={"id":1,"body":"a"}`, `{"id":2}={"id":2,"body":"b"}`, `{"id":1}={"id":1,"body":"A"}`, `{"id":2}=nothing`)
}

// An epoch that cannot be written is aborted at once: whoever reads the topic does not wait
// for its time to be up. A smaller one may follow.
func TestGivenUp(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		table := w.table(w.topic("given-up", 1, map[string]string{"max.message.bytes": "2000"}), "compression", "none")
		p := newProcess(t, freshTopic(t, "sqlstream"), &memo{}, table)
		p.recovers(0, 0, 0)
		p.prepare(1, rows(table, "1 x", "2 "+strings.Repeat("x", 3000)))
		err := p.txn.Commit(t.Context(), 1, 0, noDisk)
		if err == nil || errors.Is(err, connectors.ErrUnsettled) || !strings.Contains(err.Error(), "a record of 3042 bytes is larger than the topic takes (max.message.bytes)") {
			t.Errorf("got %v", err)
		}
		p.recovers(0, 1, 0)
		p.commit(1, rows(table, "1 x"))
		p.seen()
		same(t, ids(t, table), `{"id":1,"body":"x"}`)
	})
}

// Without a place for what must outlive the process there is no transaction.
func TestNoNotebook(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	table := tweets(c.ListenAddrs()[0], "t")
	s, err := openSink(t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := openTransaction(t.Context(), "id", []connectors.Transactional{s}, connectors.Env{}); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("got %v", err)
	}
}

// What a user may not do is said with the rights that are missing, and at once.
func TestTransactionRights(t *testing.T) {
	for _, c := range []struct {
		key  kmsg.Key
		code int16
		want string
	}{
		{kmsg.InitProducerID, 53, "exactly once needs the rights Write and Describe on transactional ids that begin with 'sqlstream'"},
		{kmsg.InitProducerID, 50, "kafka.transaction.timeout.ms is 1m0s, and the broker's transaction.max.timeout.ms is less"},
		{kmsg.OffsetFetch, 30, "needs the right Read on groups that begin with 'sqlstream'"},
		{kmsg.DescribeProducers, 29, "exactly once needs the rights Write, Read and Describe on the topics that it writes to"},
	} {
		f := fake(t, kfake.SeedTopics(1, "t"))
		f.Fault(kfake.Fault{Keys: []kmsg.Key{c.key}, Err: errorCode(c.code), Count: -1})
		p := newProcess(t, "sqlstream-1", &memo{}, tweets(f.ListenAddrs()[0], "t"))
		if _, err := p.txn.Recover(t.Context(), 0, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %d: got %v\nwant %s", c.key.Name(), c.code, err, c.want)
		}
	}
}

// Partitions that are added to a topic are written to, in the same transactions.
func TestPartitionsAddedUnderTransaction(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("grows", 1, nil)
		table := w.table(topic, "scan.discovery.interval", "1 ms")
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		p := newProcess(t, id, notes, table)
		p.recovers(0, 0, 0)
		p.commit(1, rows(table, "1 x"))
		w.again(func() error { return w.a.CreatePartitions(topic, 2, nil, false) })
		w.led(topic, 2)
		written := func() (n connectors.Offset) {
			ends, err := open(t, table).Latest(t.Context(), []connectors.Split{splitName(topic, 1)})
			w.must(err)
			return ends[splitName(topic, 1)]
		}
		epoch := int64(1)
		for written() == 0 { // rows without a key go to one partition after the other
			epoch++
			p.commit(epoch, rows(table, fmt.Sprintf("%d x", epoch)))
			p.seen()
		}
		if got := ids(t, table); len(got) != int(epoch) {
			t.Errorf("%d records of %d epochs", len(got), epoch)
		}
		newProcess(t, id, notes, table).recovers(epoch-1, epoch, epoch)
	})
}

// A topic that is made again while it is written to ends the query, and the error says why.
func TestSinkTopicMadeAgain(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("again", 1, nil)
		table := w.table(topic, "scan.discovery.interval", "1 ms")
		p := newProcess(t, freshTopic(t, "sqlstream"), &memo{}, table)
		p.recovers(0, 0, 0)
		p.commit(1, rows(table, "1 x"))
		w.drop(topic)
		w.create(topic, 1, nil)
		for epoch := int64(2); ; epoch++ {
			p.prepare(epoch, rows(table, "1 x"))
			err := p.txn.Commit(t.Context(), epoch, 0, noDisk)
			if err == nil {
				continue
			}
			if !strings.Contains(err.Error(), "was dropped and made again while it was used") {
				t.Errorf("got %v", err)
			}
			return
		}
	})
}

// Kafka forgets the marker of a query that has had nothing to do for long. A process that has
// run all the time knows that its next epoch has not happened.
func TestMarkerForgottenWhileIdle(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		table := w.table(w.topic("idle", 1, nil))
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		p := newProcess(t, id, notes, table)
		p.recovers(0, 0, 0)
		p.commit(1, rows(table, "1 x"))
		p.txn.stopChecking()
		w.again(func() error { return w.a.DeleteConsumerGroup(id) })
		p.recovers(1, 2, 1)
		p.commit(2, rows(table, "2 x"))
		p.seen()
		same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`)
	})
}

// noDisk is an epoch's state that nobody waits for.
func noDisk() error { return nil }

// The disk may be busy with an epoch's state until the end of its transaction is sent. Where
// it fails the epoch has not happened, nobody is kept waiting by what was sent of it, and the
// next process writes it again.
func TestStateOfEpochIsLost(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		table := w.table(w.topic("disk", 1, nil))
		id, notes := freshTopic(t, "sqlstream"), &memo{}
		p := newProcess(t, id, notes, table)
		p.recovers(0, 0, 0)
		p.commit(1, rows(table, "1 x"))
		p.prepare(2, rows(table, "2 x"))
		broken := errors.New("the disk is full")
		if err := p.txn.Commit(t.Context(), 2, 2, func() error { return broken }); !errors.Is(err, broken) || errors.Is(err, connectors.ErrUnsettled) {
			t.Fatalf("got %v", err)
		}
		next := newProcess(t, id, notes, table)
		next.recovers(1, 0, 1)
		next.commit(2, rows(table, "3 x"))
		next.seen()
		same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":3,"body":"x"}`)
	})
}
