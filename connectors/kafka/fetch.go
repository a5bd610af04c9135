package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

const (
	// longestWait is how long a broker may hold a fetch back for lack of data. It
	// bounds how long a connection stays behind when its reader has left.
	longestWait = 250 * time.Millisecond
	// shortestPause keeps a backoff of 0 from asking without pause.
	shortestPause = 10 * time.Millisecond
)

// longestBatch bounds what a record batch takes when it is unpacked, so that a small one
// cannot fill the memory. Brokers take a megabyte, packed, unless told otherwise.
const longestBatch = 256 << 20

// sarama has this limit for the whole process alone; it is set once, before anything is read.
func init() { sarama.MaxDecompressedBatchSize = longestBatch }

// A reader reads one range. While a block is handed out, the next is fetched and
// taken apart.
type reader struct {
	s      *source
	r      connectors.Range
	cursor cursor
	blocks chan block
	stop   context.CancelFunc
	failed error // set before blocks is closed
}

func openReader(ctx context.Context, s *source, r connectors.Range) *reader {
	ctx, stop := context.WithCancel(ctx)
	rd := &reader{
		s: s, r: r, blocks: make(chan block), stop: stop,
		cursor: cursor{split: r.Split, to: int64(r.To)},
	}
	go rd.run(ctx)
	return rd
}

// run fetches block after block until the range is read.
func (r *reader) run(ctx context.Context) {
	defer close(r.blocks)
	for pos := int64(r.r.From); pos < int64(r.r.To); {
		b, err := r.fetch(ctx, pos)
		if err != nil {
			r.failed = err
			return
		}
		select {
		case r.blocks <- b:
		case <-ctx.Done():
			r.failed = ctx.Err()
			return
		}
		pos = b.next
	}
}

// Next implements connectors.Reader.
func (r *reader) Next(ctx context.Context, buf []connectors.Record) (int, error) {
	for {
		if n := r.cursor.fill(buf); n > 0 {
			return n, nil
		}
		select {
		case b, ok := <-r.blocks:
			switch {
			case ok:
				r.cursor.batches, r.cursor.at, r.cursor.from = b.batches, 0, b.from
			case r.failed != nil:
				return 0, r.failed
			default:
				return 0, io.EOF
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Close implements connectors.Reader.
func (r *reader) Close() error {
	r.stop()
	return nil
}

// fetch returns a block that moves the position, however long that takes.
func (r *reader) fetch(ctx context.Context, pos int64) (block, error) {
	again := retry{c: r.s.cluster, what: fmt.Sprintf("reading %s", r.r.Split)}
	wait := time.Millisecond
	for {
		b, err := r.try(ctx, pos)
		switch {
		case err == nil && b.next > pos:
			again.done()
			return b, nil
		case err == nil:
			// Nothing though the range has more: a new leader that is still behind.
			if err := sleep(ctx, wait); err != nil {
				return b, err
			}
			wait = min(wait*2, 100*time.Millisecond)
		case errors.Is(err, sarama.ErrOffsetOutOfRange):
			next, err := r.outOfRange(ctx, pos)
			if err != nil || next > pos {
				return block{next: next}, err
			}
			if err := sleep(ctx, wait); err != nil {
				return b, err
			}
			wait = min(wait*2, 100*time.Millisecond)
		default:
			if err := again.pause(ctx, err); err != nil {
				return b, r.blame(pos, err)
			}
		}
		if err := r.s.gone(); err != nil {
			return b, err
		}
	}
}

// blame says where an error was met.
func (r *reader) blame(pos int64, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s at offset %d: %w", r.r.Split, pos, err)
}

// try makes one fetch.
func (r *reader) try(ctx context.Context, pos int64) (block, error) {
	addr, ok := r.s.leader(r.r.Split)
	if !ok {
		return block{next: pos}, errNoLeader
	}
	topic, part := splitOf(r.r.Split)
	req := newFetch(r.s.config)
	req.AddBlock(topic, part, pos, r.s.fetchBytes, -1)
	res, err := call(ctx, r.s.pool, addr, func(b *sarama.Broker) (*sarama.FetchResponse, error) { return b.Fetch(req) })
	if err != nil {
		return block{next: pos}, err
	}
	if res.ErrorCode != 0 {
		return block{next: pos}, sarama.KError(res.ErrorCode)
	}
	b := res.GetBlock(topic, part)
	if b == nil {
		return block{next: pos}, sarama.ErrIncompleteResponse
	}
	if b.Err != sarama.ErrNoError {
		return block{next: pos}, b.Err
	}
	return blockOf(b, pos, r.s.isolation == sarama.ReadCommitted)
}

// newFetch returns a request without partitions. It keeps no session with the
// broker: each one names all that it wants.
func newFetch(c *config) *sarama.FetchRequest {
	return &sarama.FetchRequest{
		Version: 12, MaxWaitTime: int32(c.wait / time.Millisecond), MinBytes: 1, MaxBytes: 64 << 20,
		Isolation: c.isolation, SessionEpoch: -1,
	}
}

// outOfRange finds out why a position is not there, and where to go on. A position
// that is there after all was asked of a leader that did not know it yet.
func (r *reader) outOfRange(ctx context.Context, pos int64) (int64, error) {
	if err := r.s.refresh(ctx); err != nil && !passing(err) {
		return pos, err
	}
	if err := r.s.gone(); err != nil {
		return pos, err
	}
	split := []connectors.Split{r.r.Split}
	starts, err := r.s.offsets(ctx, split, startOf)
	if err != nil {
		return pos, err
	}
	ends, err := r.s.offsets(ctx, split, endOf)
	if err != nil {
		return pos, err
	}
	start, end := starts[r.r.Split], ends[r.r.Split]
	from := connectors.Offset(pos)
	switch {
	case from < start:
		to := min(start, r.r.To)
		return int64(to), r.s.lose(r.r.Split, from, to, fmt.Sprintf("it starts at %d now: retention or DeleteRecords was faster than the query", start))
	case from > end:
		return int64(r.r.To), r.s.lose(r.r.Split, from, r.r.To, fmt.Sprintf("it ends at %d now: the cluster has cut it off or made it anew", end))
	}
	return pos, nil
}
