package kafka

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
)

// A loser is a broker that loses the end of a transaction: the partition stays open until
// another transaction of the same producer ends there.
type loser struct {
	mu    sync.Mutex
	pid   int64
	lost  bool
	state string   // that the coordinator has of it; the broker in the process says Empty to all that has ended
	added bool     // the partition is part of the transaction now
	ends  []string // what was decided while the partition was open
}

// losing answers for a broker whose topic t has one partition.
func losing(c *kfake.Cluster) *loser {
	l := &loser{}
	control := func(key kmsg.Key, f func(kmsg.Request) kmsg.Response) {
		c.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			l.mu.Lock()
			defer l.mu.Unlock()
			if !l.lost {
				return nil, nil, false
			}
			res := f(req)
			return res, nil, res != nil
		})
	}
	control(kmsg.DescribeProducers, func(req kmsg.Request) kmsg.Response {
		res := req.ResponseKind().(*kmsg.DescribeProducersResponse)
		topic := kmsg.NewDescribeProducersResponseTopic()
		topic.Topic = "t"
		part, active := kmsg.NewDescribeProducersResponseTopicPartition(), kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
		active.ProducerID, active.CurrentTxnStartOffset = l.pid, 1
		part.ActiveProducers = append(part.ActiveProducers, active)
		topic.Partitions = append(topic.Partitions, part)
		res.Topics = append(res.Topics, topic)
		return res
	})
	control(kmsg.DescribeTransactions, func(req kmsg.Request) kmsg.Response {
		res := req.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		one := kmsg.NewDescribeTransactionsResponseTransactionState()
		one.TransactionalID, one.State = "sqlstream-1", l.state
		res.TransactionStates = append(res.TransactionStates, one)
		return res
	})
	control(kmsg.InitProducerID, func(kmsg.Request) kmsg.Response {
		l.state = "Empty"
		return nil
	})
	control(kmsg.AddPartitionsToTxn, func(kmsg.Request) kmsg.Response {
		l.added = true
		return nil
	})
	control(kmsg.EndTxn, func(req kmsg.Request) kmsg.Response {
		l.ends = append(l.ends, map[bool]string{true: "commit", false: "abort"}[req.(*kmsg.EndTxnRequest).Commit])
		l.lost = !l.added
		return nil
	})
	return l
}

func (l *loser) lose(p *process, state string) {
	l.mu.Lock()
	l.lost, l.added, l.pid, l.state = true, false, p.txn.pid, state
	l.mu.Unlock()
}

func (l *loser) decided() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ends)
}

func impatient(p *process) *process {
	p.txn.patience = 0
	return p
}

// A commit whose end the broker has lost is committed again before another epoch begins.
func TestLostCommitIsMended(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	table, n, notes := tweets(c.ListenAddrs()[0], "t"), newNotices(), &memo{}
	env := n.env()
	env.Notebook = notes
	l := losing(c)
	p := impatient(newProcessWith(t, "sqlstream-1", env, table))
	p.recovers(0, 0, 0)
	p.commit(1, rows(table, "1 x"))
	p.txn.stopChecking()
	l.lose(p, "CompleteCommit")
	p.txn.check(t.Context())
	p.commit(2, rows(table, "2 x"))
	same(t, l.decided(), "commit")
	n.await(t, "Kafka has lost the end of a transaction in t/0")
	same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`)

	p.txn.stopChecking()
	l.lose(p, "CompleteCommit") // and at the start of the next process
	p = impatient(newProcess(t, "sqlstream-1", notes, table))
	p.recovers(1, 2, 2)
	same(t, l.decided(), "commit", "commit")
	p.commit(3, rows(table, "3 x"))
	same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`, `{"id":3,"body":"x"}`)
}

// An abort that was lost is aborted again: were it committed, what was taken back would be
// there.
func TestLostAbortIsMended(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	table, notes := tweets(c.ListenAddrs()[0], "t"), &memo{}
	l := losing(c)
	p := newProcess(t, "sqlstream-1", notes, table)
	p.recovers(0, 0, 0)
	p.commit(1, rows(table, "1 x"))
	p.dies(2, rows(table, "2 dead"), "marker")
	l.lose(p, "Ongoing")
	p = impatient(newProcess(t, "sqlstream-1", notes, table))
	p.recovers(1, 2, 1)
	same(t, l.decided(), "abort")
	p.commit(2, rows(table, "2 x"))
	same(t, ids(t, table), `{"id":1,"body":"x"}`, `{"id":2,"body":"x"}`)
}

// A dying notebook ends its process where a note is written.
type dying struct {
	memo
	left int
}

func (d *dying) Write(ctx context.Context, note []byte) error {
	if d.left--; d.left == 0 {
		_ = d.memo.Write(ctx, note)
		return context.Canceled
	}
	return d.memo.Write(ctx, note)
}

// A process that dies while it mends has left a note of what it was to decide, and the next
// one goes on from there. Taking the id first would abort what is to be committed.
func TestDeathWhileMending(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	table, notes := tweets(c.ListenAddrs()[0], "t"), &memo{}
	l := losing(c)
	p := newProcess(t, "sqlstream-1", notes, table)
	p.recovers(0, 0, 0)
	p.commit(1, rows(table, "1 x"))
	p.txn.stopChecking()
	l.lose(p, "PrepareCommit")
	d := &dying{memo: *notes, left: 2} // the first is how the coordinator had ended it
	p = impatient(newProcessWith(t, "sqlstream-1", connectors.Env{Notebook: d}, table))
	if _, err := p.txn.Recover(t.Context(), 0, 1); err == nil || p.txn.notes.last.Mending == nil {
		t.Fatalf("got %v, and a note of %+v", err, p.txn.notes.last.Mending)
	}
	// It got as far as adding the partition.
	l.mu.Lock()
	l.added = true
	l.mu.Unlock()
	p = impatient(newProcess(t, "sqlstream-1", &d.memo, table))
	p.recovers(0, 1, 1)
	same(t, l.decided(), "commit")
	if m := p.txn.notes.last.Mending; m != nil {
		t.Errorf("a note of %+v is left", m)
	}
}
