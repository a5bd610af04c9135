package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/faultpoint"
)

// A transaction shows the epochs of a dataflow's sinks on one cluster exactly once. One
// transaction of Kafka's an epoch holds their records and a marker: offsets of a consumer
// group of the dataflow's own, whose value is the epoch. Records and marker become visible
// together, so whoever starts again sees by the marker which epoch was the last to happen.
//
//	opened ─▶ recovering ─▶ ready ─▶ begun ─▶ ending ─▶ ready …
//	              ▲                    └────┬────┘
//	              └─────────────────────────┘  a connection lost, an answer that makes no sense
//	              └─▶ taken                    another process has the transactional id
//
// Kafka says that a transaction has ended when the decision is logged, and finishes it later.
// Between the two a broker that dies may forget it for good: the records stay invisible, and
// whatever transaction ends next on the partition ends this one, too, for better or worse. So
// an epoch begins only when the one before is seen to be finished everywhere, and one that
// is not is mended first (txn_recover.go).
type transaction struct {
	id    string // transactional id and consumer group
	c     *cluster
	sinks []*sink
	notes notebook

	state    txnState
	pid      int64
	epoch    int16                      // the producer's, which tells its owners apart
	next     map[string]map[int32]int32 // sequence numbers, by topic and partition: they go on from epoch to epoch
	happened int64                      // the last epoch that is known to have happened
	touched  map[string][]int32         // partitions that it wrote to
	sent     bool                       // the end of the epoch is on its way, and its outcome not known
	checking *checking
	patience time.Duration // how long an end that was decided may take to be seen by a broker that answers

	coordinators map[sarama.CoordinatorType]string
}

type txnState uint8

const (
	opened txnState = iota // nobody has asked yet what there is
	recovering
	ready  // no transaction is open
	begun  // what fails now is aborted
	ending // what fails now may have happened
	taken
)

// String names the state in errors.
func (s txnState) String() string {
	return [...]string{"opened", "recovering", "ready", "begun", "ending", "taken"}[s]
}

// openTransaction is Connector.Transaction.
func openTransaction(ctx context.Context, id string, sinks []connectors.Transactional, env connectors.Env) (connectors.Transaction, error) {
	if env.Notebook == nil {
		return nil, errors.New("delivery.guarantee = 'exactly-once' needs a directory for what must outlive the process; give one with --dir, or set 'at-least-once'")
	}
	t := &transaction{id: id, notes: notebook{book: env.Notebook}, patience: 3 * time.Second, coordinators: map[sarama.CoordinatorType]string{}}
	for _, s := range sinks {
		s, ok := s.(*sink)
		if !ok {
			return nil, fmt.Errorf("a %T cannot be part of a transaction of Kafka", s)
		}
		t.sinks = append(t.sinks, s)
		s.producer.txn = &t.id
	}
	t.c = t.sinks[0].cluster
	return t, t.requireRequests(ctx)
}

// attempts is how often an epoch is written anew when the broker has ended its transaction.
const attempts = 5

// Commit implements connectors.Transaction.
func (t *transaction) Commit(ctx context.Context, epoch int64, plan uint64, prepared func() error) error {
	if t.state == taken {
		return t.takenOver()
	}
	if t.state != ready || epoch <= t.happened {
		return fmt.Errorf("internal error: epoch %d cannot be committed: the transaction is %s at epoch %d", epoch, t.state, t.happened)
	}
	if err := t.finished(ctx); err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := t.attempt(ctx, epoch, plan, prepared)
		if err == nil {
			break
		}
		var lost *lostError
		if ctx.Err() != nil || !abortable(err) || n >= attempts && !errors.As(err, &lost) {
			return t.gaveUp(ctx, epoch, err)
		}
		visible, err := t.recover(ctx, t.happened, epoch)
		if err != nil {
			return t.unsettled(err)
		}
		if visible == epoch {
			break
		}
	}
	t.state, t.happened, t.sent = ready, epoch, false
	for _, s := range t.sinks {
		s.shown()
	}
	t.check(ctx)
	return nil
}

// attempt is one transaction. The disk may be busy with the epoch's state until its end is
// to be sent: what a process leaves open that dies before is aborted by the next one.
func (t *transaction) attempt(ctx context.Context, epoch int64, plan uint64, prepared func() error) error {
	writes, err := t.divide(ctx)
	if err != nil {
		return err
	}
	if err := t.note(ctx); err != nil {
		return err
	}
	faultpoint.At("txn-begin")
	t.state = begun
	if len(t.touched) > 0 {
		if err := t.persist(ctx, func() error { return t.addPartitions(ctx, t.touched) }); err != nil {
			return err
		}
	}
	faultpoint.At("txn-added")
	marked := make(chan error, 1)
	go func() { marked <- t.mark(ctx, epoch, plan) }() // beside the records: it goes to other brokers
	for i, s := range t.sinks {
		if err == nil {
			err = s.producer.write(ctx, writes[i])
		}
		faultpoint.At("txn-written")
	}
	if err := cmp.Or(err, <-marked); err != nil {
		return err
	}
	faultpoint.At("txn-produced")
	if err := prepared(); err != nil {
		return err
	}
	t.state, t.sent = ending, true
	faultpoint.At("txn-ending")
	err = t.persist(ctx, func() error { return t.end(ctx, true, t.pid, t.epoch) })
	faultpoint.At("txn-ended")
	return err
}

// mark puts the marker into the transaction.
func (t *transaction) mark(ctx context.Context, epoch int64, plan uint64) error {
	if err := t.persist(ctx, func() error { return t.addOffsets(ctx) }); err != nil {
		return err
	}
	faultpoint.At("txn-offsets")
	text := fmt.Sprintf("v1;epoch=%d;plan=%016x", epoch, plan)
	err := t.persist(ctx, func() error { return t.commitMarker(ctx, epoch, text) })
	faultpoint.At("txn-marked")
	return err
}

// divide gives what the sinks hold its partitions.
func (t *transaction) divide(ctx context.Context) ([]map[int32]*queue, error) {
	t.touched = map[string][]int32{}
	var writes []map[int32]*queue
	for _, s := range t.sinks {
		if err := s.fresh(ctx); err != nil {
			return nil, err
		}
		queues, err := s.producer.divide(s.out)
		if err != nil {
			return nil, err
		}
		writes = append(writes, queues)
		for part := range queues {
			if !slices.Contains(t.touched[s.topic], part) {
				t.touched[s.topic] = append(t.touched[s.topic], part)
			}
		}
	}
	for _, parts := range t.touched {
		slices.Sort(parts)
	}
	return writes, nil
}

// note writes down, before the first marker can be there, that from now on one must be, and
// which topics the records go to.
func (t *transaction) note(ctx context.Context) error {
	return t.notes.change(ctx, func(n *note) {
		n.Begun = true
		for _, s := range t.sinks {
			n.Topics[s.topic] = s.topicID(s.topic)
		}
	})
}

// A lostError is a connection lost while a transaction was open. What it was about may have
// happened, and an answer to the same request sent again would not tell.
type lostError struct{ error }

// Unwrap gives the cause.
func (e *lostError) Unwrap() error { return e.error }

// abortable says that the transaction is no more, and that another one may do better.
func abortable(err error) bool {
	var lost *lostError
	if errors.As(err, &lost) {
		return true
	}
	var code sarama.KError
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrInvalidProducerEpoch, sarama.ErrInvalidTxnState, sarama.ErrInvalidProducerIDMapping,
		sarama.ErrUnknownProducerID, sarama.ErrProducerFenced, sarama.ErrTransactionCoordinatorFenced, transactionAbortable:
		return true
	}
	return false
}

// transactionAbortable is what newer brokers say instead of several others.
const transactionAbortable sarama.KError = 120

// gaveUp ends the transaction of an epoch that cannot be written, so that nobody waits for
// it, and says why.
func (t *transaction) gaveUp(ctx context.Context, epoch int64, err error) error {
	if t.state == begun {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = t.end(ctx, false, t.pid, t.epoch) // if this fails Kafka does it when the transaction's time is up
	}
	if errors.Is(err, sarama.ErrInvalidProducerEpoch) || errors.Is(err, sarama.ErrInvalidTxnState) {
		err = fmt.Errorf("the transaction of an epoch takes longer than kafka.transaction.timeout.ms (%s): Kafka has ended it %d times (%w)", t.timeout(), attempts, err)
	}
	return t.unsettled(fmt.Errorf("epoch %d: %w", epoch, t.explained(err)))
}

// unsettled marks an error after which nobody knows whether the epoch has happened. The next
// call must be Recover.
func (t *transaction) unsettled(err error) error {
	if t.state != taken {
		t.state = recovering
	}
	if !t.sent || errors.Is(err, connectors.ErrTaken) {
		return err
	}
	return fmt.Errorf("%w: %w", connectors.ErrUnsettled, err)
}

// takenOver is the error of a process that has lost its transactional id.
func (t *transaction) takenOver() error {
	return fmt.Errorf("%w: it writes to Kafka with the same transactional id %s, so it runs from a copy of this directory; only one of the two may run", connectors.ErrTaken, t.id)
}

// explained adds what the user can do.
func (t *transaction) explained(err error) error {
	switch {
	case errors.Is(err, sarama.ErrTransactionalIDAuthorizationFailed):
		return fmt.Errorf("%w: exactly once needs the rights Write and Describe on transactional ids that begin with '%s'", err, t.prefix())
	case errors.Is(err, sarama.ErrGroupAuthorizationFailed):
		return fmt.Errorf("%w: exactly once keeps its marker in a consumer group, and needs the right Read on groups that begin with '%s'", err, t.prefix())
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return fmt.Errorf("%w: exactly once needs the rights Write, Read and Describe on the topics that it writes to", err)
	case errors.Is(err, sarama.ErrInvalidTransactionTimeout):
		return fmt.Errorf("%w: kafka.transaction.timeout.ms is %s, and the broker's transaction.max.timeout.ms is less", err, t.timeout())
	}
	return t.c.explained(err)
}

// prefix is what the ids of all dataflows of a directory begin with.
func (t *transaction) prefix() string {
	name, _, _ := strings.Cut(t.id, "-")
	return name
}

// timeout is how long Kafka leaves a transaction open: the longest that a table asks for.
func (t *transaction) timeout() time.Duration {
	d := t.sinks[0].txnTimeout
	for _, s := range t.sinks {
		d = max(d, s.txnTimeout)
	}
	return d
}

// Close implements connectors.Transaction. The sinks are their owner's.
func (t *transaction) Close() error {
	t.stopChecking()
	return nil
}
