package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// A producer writes messages to a topic, idempotently: a batch that may have arrived
// is sent again with the same sequence number, and the broker takes it once.
type producer struct {
	c     *cluster
	topic string
	txn   *string // the transactional id of whoever owns id, epoch and next; nil where the producer does

	id    int64
	epoch int16
	ready bool
	next  map[int32]int32 // sequence number by partition
	turn  int32           // the partition of the next messages without a key
	lists [][]*message    // by partition: the memory of the last epoch's queues
}

// A queue is what is still to be written to one partition.
type queue struct {
	messages []*message
	head     *sarama.RecordBatch // of the first messages; kept until it is acknowledged
}

// send writes the messages, those of a partition in their order, and returns when
// all are acknowledged by all replicas.
func (p *producer) send(ctx context.Context, messages []message) error {
	if err := p.c.fresh(ctx); err != nil {
		return err
	}
	queues, err := p.divide(messages)
	if err != nil {
		return err
	}
	return p.write(ctx, queues)
}

// write is send for what has been divided. Within a transaction a connection that is lost
// ends it: the transaction is repeated as a whole.
func (p *producer) write(ctx context.Context, queues map[int32]*queue) error {
	r := retry{c: p.c, what: fmt.Sprintf("writing to topic '%s'", p.topic)}
	for len(queues) > 0 {
		err := p.round(ctx, queues)
		if err == nil {
			continue
		}
		if gone := p.c.gone(); gone != nil {
			return gone
		}
		if p.txn != nil && unreachable(err) && ctx.Err() == nil {
			return &lostError{err}
		}
		if err := r.pause(ctx, err); err != nil {
			return fmt.Errorf("topic '%s': %w", p.topic, err)
		}
	}
	r.done()
	return nil
}

// divide gives each message its partition: its own, that of its key, or for those
// without a key the partitions in turn, a batch each.
func (p *producer) divide(messages []message) (map[int32]*queue, error) {
	n := p.c.partitionsOf(p.topic)
	if n == 0 {
		return nil, fmt.Errorf("topic '%s' has no partitions", p.topic)
	}
	for len(p.lists) < int(n) {
		p.lists = append(p.lists, nil)
	}
	for i, list := range p.lists {
		p.lists[i] = emptied(list)
	}
	size := 0
	for i := range messages {
		m := &messages[i]
		to := m.partition
		switch {
		case to >= n:
			return nil, fmt.Errorf("topic '%s' has no partition %d", p.topic, to)
		case to >= 0:
		case m.key != nil:
			to = partitionOf(m.key, n)
		default:
			if size += sizeOf(m); size > p.c.batchBytes {
				p.turn, size = p.turn+1, 0
			}
			to = p.turn % n
		}
		p.lists[to] = append(p.lists[to], m)
	}
	p.turn++
	queues := map[int32]*queue{}
	for part, list := range p.lists {
		if len(list) > 0 {
			queues[int32(part)] = &queue{messages: list}
		}
	}
	return queues, nil
}

// sizeOf is about what a message takes in a batch.
func sizeOf(m *message) int {
	n := len(m.key) + len(m.value) + 24
	for _, h := range m.headers {
		n += len(h.Key) + len(h.Value) + 8
	}
	return n
}

// round sends one batch to every partition that has messages, in one request a
// leader, and drops what was acknowledged. The error is one that passes when some
// must be sent again.
func (p *producer) round(ctx context.Context, queues map[int32]*queue) error {
	if err := p.identify(ctx); err != nil {
		return err
	}
	requests, failed := p.requests(queues)
	type answer struct {
		parts []int32
		res   *sarama.ProduceResponse
		err   error
	}
	answers := make(chan answer, len(requests))
	send := call[*sarama.ProduceResponse]
	if p.txn != nil {
		send = callOnce[*sarama.ProduceResponse]
	}
	for addr, r := range requests {
		go func() {
			res, err := send(ctx, p.c.pool, addr, func(b *sarama.Broker) (*sarama.ProduceResponse, error) { return b.Produce(r.req) })
			answers <- answer{r.parts, res, err}
		}()
	}
	for range requests {
		a := <-answers
		if a.err != nil {
			failed = worse(failed, a.err)
			continue
		}
		for _, part := range a.parts {
			b := a.res.GetBlock(p.topic, part)
			if b == nil {
				failed = worse(failed, sarama.ErrIncompleteResponse)
			} else if err := p.settle(queues, part, b); err != nil {
				failed = worse(failed, err)
			}
		}
	}
	return failed
}

// worse keeps the error that ends everything.
func worse(a, b error) error {
	if a == nil || passing(a) {
		return b
	}
	return a
}

type produceRequest struct {
	req   *sarama.ProduceRequest
	parts []int32
}

// requestBytes bounds one request over many partitions.
const requestBytes = 32 << 20

// requests puts the first batch of every queue into a request to its leader.
func (p *producer) requests(queues map[int32]*queue) (map[string]*produceRequest, error) {
	out := map[string]*produceRequest{}
	var failed error
	for _, part := range slices.Sorted(maps.Keys(queues)) {
		addr, ok := p.c.leader(splitName(p.topic, part))
		if !ok {
			failed = errNoLeader
			continue
		}
		r := out[addr]
		if r == nil {
			acks := sarama.WaitForAll
			if p.c.careless {
				acks = sarama.WaitForLocal
			}
			r = &produceRequest{req: &sarama.ProduceRequest{
				Version: 10, RequiredAcks: acks, Timeout: int32(p.c.client.Net.ReadTimeout / time.Millisecond), TransactionalID: p.txn,
			}}
			out[addr] = r
		}
		if len(r.parts) >= max(1, requestBytes/p.c.batchBytes) {
			continue // in the next round
		}
		q := queues[part]
		if q.head == nil {
			q.head = p.batch(q.messages)
		}
		q.head.ProducerID, q.head.ProducerEpoch, q.head.FirstSequence = p.id, p.epoch, p.next[part]
		if p.c.careless {
			q.head.ProducerID, q.head.ProducerEpoch, q.head.FirstSequence = -1, -1, -1
		}
		q.head.IsTransactional = p.txn != nil
		r.req.AddBatch(p.topic, part, q.head)
		r.parts = append(r.parts, part)
	}
	return out, failed
}

// batch makes a record batch of the first messages, as many as one holds.
func (p *producer) batch(messages []*message) *sarama.RecordBatch {
	n, size := 0, 0
	for n < len(messages) && (n == 0 || size+sizeOf(messages[n]) <= p.c.batchBytes) {
		size += sizeOf(messages[n])
		n++
	}
	return batchOf(messages[:n], p.c.codec, p.c.env.Now().UnixMilli())
}

func batchOf(messages []*message, codec sarama.CompressionCodec, now int64) *sarama.RecordBatch {
	b := &sarama.RecordBatch{
		Version: 2, Codec: codec, CompressionLevel: sarama.CompressionLevelDefault,
		LastOffsetDelta: int32(len(messages) - 1), Records: make([]*sarama.Record, len(messages)),
	}
	slab := make([]sarama.Record, len(messages))
	first, last := now, now
	for i := range messages {
		at := now
		if messages[i].millis != 0 {
			at = messages[i].millis
		}
		if i == 0 {
			first, last = at, at
		}
		last = max(last, at)
		slab[i] = sarama.Record{
			Headers: messages[i].headers, Key: messages[i].key, Value: messages[i].value,
			OffsetDelta: int64(i), TimestampDelta: time.Duration(at-first) * time.Millisecond,
		}
		b.Records[i] = &slab[i]
	}
	b.FirstTimestamp, b.MaxTimestamp = time.UnixMilli(first), time.UnixMilli(last)
	return b
}

// settle takes in what the broker said of a batch.
func (p *producer) settle(queues map[int32]*queue, part int32, b *sarama.ProduceResponseBlock) error {
	q := queues[part]
	n := len(q.head.Records)
	switch b.Err {
	case sarama.ErrNoError, sarama.ErrDuplicateSequenceNumber:
		if !p.c.careless {
			p.next[part] = int32((int64(p.next[part]) + int64(n)) & 0x7fffffff)
		}
		q.messages, q.head = q.messages[n:], nil
		if len(q.messages) == 0 {
			delete(queues, part)
		}
		return nil
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch, sarama.ErrInvalidProducerIDMapping:
		// The broker has forgotten this producer, or has moved on without it: as
		// another one we send again what was not acknowledged.
		if p.txn != nil {
			return b.Err
		}
		p.ready = false
		return sarama.ErrNotLeaderForPartition
	case sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge:
		if n == 1 {
			return fmt.Errorf("a record of %d bytes is larger than the topic takes (max.message.bytes): %w", sizeOf(q.messages[0]), b.Err)
		}
		q.head = batchOf(q.messages[:(n+1)/2], p.c.codec, q.head.FirstTimestamp.UnixMilli())
		return nil
	}
	if b.ErrorMessage != nil && *b.ErrorMessage != "" && !passing(b.Err) {
		return fmt.Errorf("%s (%w)", *b.ErrorMessage, b.Err)
	}
	return b.Err
}

// identify asks for a producer id, once.
func (p *producer) identify(ctx context.Context) error {
	if p.ready || p.c.careless {
		return nil
	}
	p.c.mu.Lock()
	addrs := p.c.addresses("")
	p.c.mu.Unlock()
	var last error
	for _, addr := range addrs {
		res, err := call(ctx, p.c.pool, addr, func(b *sarama.Broker) (*sarama.InitProducerIDResponse, error) {
			return b.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1, TransactionTimeout: time.Minute})
		})
		if err == nil && res.Err != sarama.ErrNoError {
			err = res.Err
		}
		if err == nil {
			p.id, p.epoch, p.next, p.ready = res.ProducerID, res.ProducerEpoch, map[int32]int32{}, true
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, sarama.ErrClusterAuthorizationFailed) {
			return err
		}
		last = err
	}
	return last
}
