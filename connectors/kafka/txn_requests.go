package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// to sends a request to a coordinator. While a transaction is open it goes out once: a
// connection that was lost is for recovery to deal with.
func to[T any](ctx context.Context, t *transaction, kind sarama.CoordinatorType, request func(*sarama.Broker) (T, error)) (T, error) {
	var none T
	addr, err := t.coordinator(ctx, kind)
	if err != nil {
		return none, err
	}
	send := call[T]
	if t.state == begun || t.state == ending {
		send = callOnce[T]
	}
	v, err := send(ctx, t.c.pool, addr, request)
	if err != nil {
		delete(t.coordinators, kind)
	}
	return v, err
}

// coordinator returns the address of the broker that coordinates the transactions, or the
// group, of this id.
func (t *transaction) coordinator(ctx context.Context, kind sarama.CoordinatorType) (string, error) {
	if addr, ok := t.coordinators[kind]; ok {
		return addr, nil
	}
	addr, err := t.c.coordinator(ctx, kind, t.id)
	if err == nil {
		t.coordinators[kind] = addr
	}
	return addr, err
}

// coordinator asks any broker which one coordinates a group, or a transactional id.
func (c *cluster) coordinator(ctx context.Context, kind sarama.CoordinatorType, key string) (string, error) {
	c.mu.Lock()
	addrs := c.addresses("")
	c.mu.Unlock()
	var last error
	for _, addr := range addrs {
		res, err := call(ctx, c.pool, addr, func(b *sarama.Broker) (*sarama.FindCoordinatorResponse, error) {
			return b.FindCoordinator(&sarama.FindCoordinatorRequest{Version: 2, CoordinatorKey: key, CoordinatorType: kind})
		})
		if err == nil {
			err = coded(res.Err)
		}
		if err == nil {
			return res.Coordinator.Addr(), nil
		}
		if ctx.Err() != nil || !passing(err) {
			return "", err
		}
		last = err
	}
	return "", last
}

// coded makes an error of a code.
func coded(code sarama.KError) error {
	if code == sarama.ErrNoError {
		return nil
	}
	return code
}

// persist repeats a request until it is answered. All requests of the protocol may be
// repeated by the owner of a producer epoch; only of EndTxn the second answer proves nothing.
func (t *transaction) persist(ctx context.Context, request func() error) error {
	r := retry{c: t.c, what: "the transaction of an epoch"}
	wait := time.Millisecond
	for n := 1; ; n++ {
		err := request()
		switch {
		case err == nil:
			t.c.over(r.what, r.what+" goes on")
			r.done()
			return nil
		case (t.state == begun || t.state == ending) && unreachable(err):
			return &lostError{err}
		case waiting(err):
			if wait = min(2*wait, 200*time.Millisecond); n == waitsUntilSaid {
				t.c.say(r.what, r.what+" waits for Kafka to finish the one before: "+err.Error())
			}
			if err := sleep(ctx, wait/2); err != nil {
				return err
			}
			continue
		}
		clear(t.coordinators)
		if err := r.pause(ctx, err); err != nil {
			return t.explained(err)
		}
	}
}

// waitsUntilSaid is after about 4 seconds.
const waitsUntilSaid = 28

// waiting says that Kafka is still busy with the transaction before.
func waiting(err error) bool {
	return errors.Is(err, sarama.ErrConcurrentTransactions) || errors.Is(err, sarama.ErrUnstableOffsetCommit)
}

// initProducer asks for a producer id and the next epoch of it, which ends what was open. With
// -1 it takes the transactional id from whoever has it; with the producer's own id and epoch it
// succeeds only where nobody has.
func (t *transaction) initProducer(ctx context.Context, pid int64, epoch int16) error {
	res, err := to(ctx, t, sarama.CoordinatorTransaction, func(b *sarama.Broker) (*sarama.InitProducerIDResponse, error) {
		return b.InitProducerID(&sarama.InitProducerIDRequest{
			Version: 4, TransactionalID: &t.id, TransactionTimeout: t.timeout(), ProducerID: pid, ProducerEpoch: epoch,
		})
	})
	if err == nil {
		err = coded(res.Err)
	}
	if err != nil {
		return err
	}
	t.pid, t.epoch, t.next = res.ProducerID, res.ProducerEpoch, map[string]map[int32]int32{}
	for _, s := range t.sinks {
		if t.next[s.topic] == nil { // sinks that write to one topic count on together
			t.next[s.topic] = map[int32]int32{}
		}
		p := &s.producer
		p.id, p.epoch, p.next, p.ready = t.pid, t.epoch, t.next[s.topic], true
	}
	return nil
}

func (t *transaction) addPartitions(ctx context.Context, parts map[string][]int32) error {
	res, err := to(ctx, t, sarama.CoordinatorTransaction, func(b *sarama.Broker) (*sarama.AddPartitionsToTxnResponse, error) {
		return b.AddPartitionsToTxn(&sarama.AddPartitionsToTxnRequest{
			Version: 3, TransactionalID: t.id, ProducerID: t.pid, ProducerEpoch: t.epoch, TopicPartitions: parts,
		})
	})
	if err != nil {
		return err
	}
	return partitionError(res.Errors)
}

// partitionError returns what is wrong with some partition; that others were not tried
// because of it says nothing.
func partitionError(topics map[string][]*sarama.PartitionError) error {
	var other error
	for _, parts := range topics {
		for _, p := range parts {
			switch p.Err {
			case sarama.ErrNoError:
			case sarama.ErrOperationNotAttempted:
				other = p.Err
			default:
				return p.Err
			}
		}
	}
	return other
}

func (t *transaction) addOffsets(ctx context.Context) error {
	res, err := to(ctx, t, sarama.CoordinatorTransaction, func(b *sarama.Broker) (*sarama.AddOffsetsToTxnResponse, error) {
		return b.AddOffsetsToTxn(&sarama.AddOffsetsToTxnRequest{
			Version: 3, TransactionalID: t.id, ProducerID: t.pid, ProducerEpoch: t.epoch, GroupID: t.id,
		})
	})
	if err != nil {
		return err
	}
	return coded(res.Err)
}

// commitMarker puts the epoch into the transaction, beside each topic: one that is dropped
// takes its marker with it.
func (t *transaction) commitMarker(ctx context.Context, epoch int64, text string) error {
	offsets := map[string][]*sarama.PartitionOffsetMetadata{}
	for _, s := range t.sinks {
		offsets[s.topic] = []*sarama.PartitionOffsetMetadata{{Partition: 0, Offset: epoch, LeaderEpoch: -1, Metadata: &text}}
	}
	res, err := to(ctx, t, sarama.CoordinatorGroup, func(b *sarama.Broker) (*sarama.TxnOffsetCommitResponse, error) {
		return b.TxnOffsetCommit(&sarama.TxnOffsetCommitRequest{
			Version: 3, TransactionalID: t.id, ProducerID: t.pid, ProducerEpoch: t.epoch, GroupID: t.id, GenerationID: -1, Topics: offsets,
		})
	})
	if err != nil {
		return err
	}
	return partitionError(res.Topics)
}

func (t *transaction) end(ctx context.Context, commit bool, pid int64, epoch int16) error {
	res, err := to(ctx, t, sarama.CoordinatorTransaction, func(b *sarama.Broker) (*sarama.EndTxnResponse, error) {
		return b.EndTxn(&sarama.EndTxnRequest{Version: 3, TransactionalID: t.id, ProducerID: pid, ProducerEpoch: epoch, TransactionResult: commit})
	})
	if err != nil {
		return err
	}
	return coded(res.Err)
}

// coordinated is what the coordinator has of the last transaction: Empty, Ongoing,
// PrepareCommit, CompleteCommit, PrepareAbort, CompleteAbort, or "" where it knows none.
func (t *transaction) coordinated(ctx context.Context) (string, error) {
	res, err := to(ctx, t, sarama.CoordinatorTransaction, func(b *sarama.Broker) (*sarama.DescribeTransactionsResponse, error) {
		return b.DescribeTransactions(&sarama.DescribeTransactionsRequest{TransactionalIDs: []string{t.id}})
	})
	if err != nil {
		return "", err
	}
	if len(res.TransactionStates) != 1 {
		return "", sarama.ErrIncompleteResponse
	}
	s := res.TransactionStates[0]
	if s.ErrorCode == transactionalIDNotFound {
		return "", nil
	}
	return s.TransactionState, coded(s.ErrorCode)
}

const transactionalIDNotFound sarama.KError = 105

// open names the partitions, of those given, on which a producer has a transaction that has
// not ended.
func (s *sink) openOn(ctx context.Context, parts []int32, pid int64) ([]string, error) {
	byLeader := map[string][]int32{}
	for _, p := range parts {
		addr, ok := s.leader(splitName(s.topic, p))
		if !ok {
			return nil, errNoLeader
		}
		byLeader[addr] = append(byLeader[addr], p)
	}
	var open []string
	for addr, parts := range byLeader {
		res, err := call(ctx, s.pool, addr, func(b *sarama.Broker) (*sarama.DescribeProducersResponse, error) {
			return b.DescribeProducers(&sarama.DescribeProducersRequest{Topics: []sarama.DescribeProducersRequestTopic{{Name: s.topic, PartitionIndexes: parts}}})
		})
		if err != nil {
			return nil, err
		}
		for _, topic := range res.Topics {
			for _, p := range topic.Partitions {
				if p.ErrorCode != sarama.ErrNoError {
					return nil, p.ErrorCode
				}
				if slices.ContainsFunc(p.ActiveProducers, func(a sarama.ProducerState) bool { return a.ProducerID == pid && a.CurrentTxnStartOffset >= 0 }) {
					open = append(open, string(splitName(topic.Name, p.PartitionIndex)))
				}
			}
		}
	}
	slices.Sort(open)
	return open, nil
}

// marker reads the last epoch that has happened, -1 for none.
func (t *transaction) marker(ctx context.Context) (int64, error) {
	topics := map[string][]int32{}
	for topic := range t.notes.last.Topics {
		topics[topic] = []int32{0}
	}
	for _, s := range t.sinks {
		topics[s.topic] = []int32{0}
	}
	req := sarama.NewOffsetFetchRequest(t.c.client.Version, t.id, topics)
	req.RequireStable = true // a marker that is about to be there is waited for
	res, err := to(ctx, t, sarama.CoordinatorGroup, func(b *sarama.Broker) (*sarama.OffsetFetchResponse, error) { return b.FetchOffset(req) })
	if err != nil {
		return 0, err
	}
	if len(res.Groups) != 1 {
		return 0, sarama.ErrIncompleteResponse
	}
	g := res.Groups[0]
	if g.Err == sarama.ErrGroupIDNotFound {
		return -1, nil
	}
	last := int64(-1)
	for _, parts := range g.Blocks {
		for _, b := range parts {
			if b.Err != sarama.ErrNoError && b.Err != sarama.ErrUnknownTopicOrPartition {
				return 0, b.Err
			}
			last = max(last, b.Offset)
		}
	}
	return last, coded(g.Err)
}

// requireRequests refuses a broker that cannot say what became of a transaction.
func (t *transaction) requireRequests(ctx context.Context) error {
	var res *sarama.ApiVersionsResponse
	err := t.persist(ctx, func() error {
		addr, err := t.coordinator(ctx, sarama.CoordinatorTransaction)
		if err != nil {
			return err
		}
		res, err = call(ctx, t.c.pool, addr, func(b *sarama.Broker) (*sarama.ApiVersionsResponse, error) {
			return b.ApiVersions(&sarama.ApiVersionsRequest{Version: 3, ClientSoftwareName: "sqlstream", ClientSoftwareVersion: "1"})
		})
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range []int16{describeProducers, describeTransactions} {
		if !slices.ContainsFunc(res.ApiKeys, func(k sarama.ApiVersionsResponseKey) bool { return k.ApiKey == key }) {
			return fmt.Errorf("the Kafka at %s is older than 3.0 and cannot say what became of a transaction; set delivery.guarantee = 'at-least-once'", t.c.servers[0])
		}
	}
	return nil
}

// Keys of requests.
const (
	describeProducers    = 61
	describeTransactions = 65
)
