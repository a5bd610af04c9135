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

// A reader reads one range. While a block is handed out, the next is fetched and
// unpacked.
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
		if n, err := r.cursor.fill(buf); n > 0 || err != nil {
			return n, err
		}
		select {
		case b, ok := <-r.blocks:
			switch {
			case ok:
				r.cursor.begin(b)
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
	r.cursor.block.release()
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
	if b, ok := r.s.takeBrought(r.r.Split, pos); ok {
		return b, nil
	}
	addr, ok := r.s.leader(r.r.Split)
	if !ok {
		return block{next: pos}, errNoLeader
	}
	req := fetchRequest{
		from: connectors.Offsets{r.r.Split: connectors.Offset(pos)},
		wait: r.s.wait, maxBytes: r.s.fetchBytes, most: mostOfAnAnswer, isolated: r.s.isolation,
	}
	a, err := exchange(ctx, r.s.pool, addr, true, func(c *conn) (*fetchAnswer, error) { return c.fetch(req) })
	if err != nil {
		return block{next: pos}, err
	}
	f := a.parts[r.r.Split]
	if f == nil {
		return block{next: pos}, sarama.ErrIncompleteResponse
	}
	if f.err != sarama.ErrNoError {
		return block{next: pos}, f.err
	}
	f.memory, f.longest = a.memory, r.s.unpacked
	return blockOf(f, pos, r.s.isolation == sarama.ReadCommitted)
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
