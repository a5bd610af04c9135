package kafka

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// onBrokers runs a test on the broker in the process and on a real Kafka.
func onBrokers(t *testing.T, test func(t *testing.T, w *writer)) {
	t.Run("fake", func(t *testing.T) { test(t, newWriter(t, fake(t).ListenAddrs()[0])) })
	t.Run("kafka", func(t *testing.T) { test(t, newWriter(t, kafkatest.Broker(t))) })
}

// A writer puts into topics what our own sink would not: transactions that are
// aborted, batches of a given shape. It speaks to a cluster of one broker.
type writer struct {
	t    testing.TB
	addr string
	conf *sarama.Config
	b    *sarama.Broker
	a    sarama.ClusterAdmin
}

func newWriter(t testing.TB, addr string) *writer {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V4_0_0_0
	w := &writer{t: t, addr: addr, conf: conf, b: sarama.NewBroker(addr)}
	w.must(w.b.Open(conf))
	a, err := sarama.NewClusterAdmin([]string{addr}, conf)
	w.must(err)
	w.a = a
	t.Cleanup(func() { w.must(errors.Join(a.Close(), w.b.Close())) })
	return w
}

func (w *writer) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// again repeats what a broker refuses for reasons that pass.
func (w *writer) again(f func() error) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := f()
		var code sarama.KError
		if err == nil || time.Now().After(deadline) || !errors.As(err, &code) || !passing(err) && code != sarama.ErrConcurrentTransactions {
			w.must(err)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// topic makes a topic with a name of its own and waits for its leaders.
func (w *writer) topic(name string, partitions int32, config map[string]string) string {
	w.t.Helper()
	name = freshTopic(w.t, name)
	w.create(name, partitions, config)
	w.dropLater(name)
	return name
}

// dropLater removes a topic when the test has ended: the broker is everybody's.
func (w *writer) dropLater(name string) {
	w.t.Cleanup(func() { _ = w.a.DeleteTopic(name) }) // it may have gone with its broker
}

// drop removes a topic and waits until the broker, whose metadata come later than its answer, says
// that it is gone: of one made anew it would tell the old one's else.
func (w *writer) drop(name string) {
	w.t.Helper()
	w.again(func() error { return w.a.DeleteTopic(name) })
	w.again(func() error {
		m, err := w.b.GetMetadata(sarama.NewMetadataRequest(w.conf.Version, []string{name}))
		w.must(err)
		if m.Topics[0].Err != sarama.ErrUnknownTopicOrPartition {
			return sarama.ErrLeaderNotAvailable
		}
		return nil
	})
}

func (w *writer) create(name string, partitions int32, config map[string]string) {
	w.t.Helper()
	entries := map[string]*string{}
	for k, v := range config {
		entries[k] = &v
	}
	w.again(func() error {
		err := w.a.CreateTopic(name, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: entries}, false)
		if errors.Is(err, sarama.ErrTopicAlreadyExists) { // still being dropped
			return sarama.ErrLeaderNotAvailable
		}
		return err
	})
	w.led(name, int(partitions))
}

func (w *writer) led(name string, partitions int) {
	w.t.Helper()
	w.again(func() error {
		m, err := w.b.GetMetadata(sarama.NewMetadataRequest(w.conf.Version, []string{name}))
		w.must(err)
		if m.Topics[0].Err != sarama.ErrNoError || len(m.Topics[0].Partitions) != partitions {
			return sarama.ErrLeaderNotAvailable
		}
		for _, p := range m.Topics[0].Partitions {
			if p.Leader < 0 {
				return sarama.ErrLeaderNotAvailable
			}
		}
		return nil
	})
}

// values makes a batch of records without keys.
func values(values ...string) *sarama.RecordBatch {
	var ms []*message
	for _, v := range values {
		ms = append(ms, &message{value: []byte(v)})
	}
	b := batchOf(ms, sarama.CompressionNone, 1_700_000_000_000)
	b.ProducerID, b.ProducerEpoch, b.FirstSequence = -1, -1, -1
	return b
}

// put writes a batch and returns its first offset.
func (w *writer) put(topic string, part int32, b *sarama.RecordBatch) int64 {
	w.t.Helper()
	return w.produce(topic, part, b, nil)
}

func (w *writer) produce(topic string, part int32, b *sarama.RecordBatch, id *string) (offset int64) {
	w.t.Helper()
	w.again(func() error {
		req := &sarama.ProduceRequest{Version: 10, RequiredAcks: sarama.WaitForAll, Timeout: 10_000, TransactionalID: id}
		req.AddBatch(topic, part, b)
		res, err := w.b.Produce(req)
		w.must(err)
		block := res.GetBlock(topic, part)
		offset = block.Offset
		return coded(block.Err)
	})
	return offset
}

// A txn is an open transaction of a producer of its own.
type txn struct {
	w     *writer
	id    string
	pid   int64
	epoch int16
	next  map[string]int32
}

func (w *writer) begin() *txn {
	w.t.Helper()
	x := &txn{w: w, id: freshTopic(w.t, "txn"), next: map[string]int32{}}
	w.again(func() error {
		res, err := w.b.FindCoordinator(&sarama.FindCoordinatorRequest{Version: 2, CoordinatorKey: x.id, CoordinatorType: sarama.CoordinatorTransaction})
		w.must(err)
		return coded(res.Err)
	})
	w.again(func() error {
		res, err := w.b.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, TransactionalID: &x.id, TransactionTimeout: time.Minute, ProducerID: -1, ProducerEpoch: -1})
		w.must(err)
		x.pid, x.epoch = res.ProducerID, res.ProducerEpoch
		return coded(res.Err)
	})
	return x
}

func (x *txn) put(topic string, part int32, b *sarama.RecordBatch) int64 {
	x.w.t.Helper()
	x.w.again(func() error {
		res, err := x.w.b.AddPartitionsToTxn(&sarama.AddPartitionsToTxnRequest{
			Version: 3, TransactionalID: x.id, ProducerID: x.pid, ProducerEpoch: x.epoch, TopicPartitions: map[string][]int32{topic: {part}},
		})
		x.w.must(err)
		return coded(res.Errors[topic][0].Err)
	})
	split := string(splitName(topic, part))
	b.IsTransactional, b.ProducerID, b.ProducerEpoch, b.FirstSequence = true, x.pid, x.epoch, x.next[split]
	x.next[split] += int32(len(b.Records))
	return x.w.produce(topic, part, b, &x.id)
}

// end ends the transaction and waits until its markers are in the topic.
func (x *txn) end(commit bool, topic string, part int32) {
	x.w.t.Helper()
	before := x.w.end(topic, part, sarama.ReadUncommitted)
	x.w.again(func() error {
		res, err := x.w.b.EndTxn(&sarama.EndTxnRequest{Version: 3, TransactionalID: x.id, ProducerID: x.pid, ProducerEpoch: x.epoch, TransactionResult: commit})
		x.w.must(err)
		return coded(res.Err)
	})
	x.w.again(func() error {
		if x.w.end(topic, part, sarama.ReadUncommitted) == before {
			return sarama.ErrConcurrentTransactions
		}
		return nil
	})
}

// end is the end of a partition at an isolation level.
func (w *writer) end(topic string, part int32, level sarama.IsolationLevel) (offset int64) {
	w.t.Helper()
	w.again(func() error {
		req := sarama.NewOffsetRequest(w.conf.Version)
		req.IsolationLevel = level
		req.AddBlock(topic, part, sarama.OffsetNewest, 1)
		res, err := w.b.GetAvailableOffsets(req)
		w.must(err)
		offset = res.GetBlock(topic, part).Offset
		return coded(res.GetBlock(topic, part).Err)
	})
	return offset
}

// table is a table on a topic of the writer's cluster.
func (w *writer) table(topic string, options ...string) *connectors.Table {
	return tweets(w.addr, topic, options...)
}

// numbered is n values of a size.
func numbered(from, n, size int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%0*d", size, from+i)
	}
	return out
}
