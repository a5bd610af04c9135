package stream

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/sqlstream/sqlstream/zset"
)

// A Change is the output of one epoch; one that holds more than DefaultBatchBytes of
// text comes in several. The batch is the receiver's own.
type Change struct {
	Epoch int64
	Delta *zset.Batch
}

// changesAhead is how many epochs a subscriber may lie behind before the
// dataflow waits for it.
const changesAhead = 64

type subscription struct {
	ch   chan Change
	gone chan struct{}
}

// Changes yields the output of each epoch from the next one on, preceded by the
// result so far where the query keeps one. The dataflow waits for a receiver that
// is far behind; leaving the loop ends the subscription. The sequence ends with
// the query; an error that stopped it is the last value.
func (q *Query) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		sub, first, err := q.subscribe(ctx)
		if err != nil {
			yield(Change{}, err)
			return
		}
		defer q.unsubscribe(sub)
		for _, c := range first {
			if !yield(c, nil) {
				return
			}
		}
		for {
			select {
			case c, ok := <-sub.ch:
				if !ok {
					if _, err := q.Status(); err != nil {
						yield(Change{}, err)
					}
					return
				}
				if !yield(c, nil) {
					return
				}
			case <-ctx.Done():
				yield(Change{}, ctx.Err())
				return
			}
		}
	}
}

// subscribe joins between two epochs, so that the snapshot and the first change
// fit together.
func (q *Query) subscribe(ctx context.Context) (*subscription, []Change, error) {
	q.mu.Lock()
	sub := q.first
	q.first = nil
	q.mu.Unlock()
	if sub != nil {
		return sub, nil, nil
	}
	sub = &subscription{ch: make(chan Change, changesAhead), gone: make(chan struct{})}
	var first []Change
	var err error
	ended := false
	berr := q.engine.between(ctx, q, func(*dataflow) {
		select {
		case <-q.done:
			ended = true
			return
		default:
		}
		if q.table() != nil {
			if first, err = q.soFar(); err != nil {
				return
			}
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.subs[sub] = struct{}{}
	})
	if ended && berr == nil {
		close(sub.ch)
		if first, err = q.soFar(); errors.Is(err, ErrNoResult) {
			err = nil
		}
	}
	return sub, first, errors.Join(berr, err)
}

// soFar is the result as a change.
func (q *Query) soFar() ([]Change, error) {
	parts, epoch, err := q.parts()
	var out []Change
	for _, b := range parts {
		out = append(out, Change{epoch, b})
	}
	return out, err
}

// newSubscription opens a subscription before the query runs.
func (q *Query) newSubscription() *subscription {
	sub := &subscription{ch: make(chan Change, changesAhead), gone: make(chan struct{})}
	q.subs[sub] = struct{}{}
	return sub
}

func (q *Query) unsubscribe(sub *subscription) {
	close(sub.gone)
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.subs, sub)
}

// send hands an epoch's delta to every subscriber. One that is too far behind when
// nobody is to be waited for gets nothing from then on: what it has got has no gap.
func (q *Query) send(ctx context.Context, epoch int64, deltas []*zset.Batch) error {
	q.mu.Lock()
	subs, abandoned := slices.Collect(maps.Keys(q.subs)), q.abandoned
	q.mu.Unlock()
	for _, s := range subs {
		for _, b := range zset.Merge(q.engine.batchBytes, deltas...) {
			c := Change{epoch, b}
			select {
			case s.ch <- c:
				continue
			default:
			}
			select {
			case s.ch <- c:
				continue
			case <-s.gone:
			case <-abandoned:
				q.drop(s)
			case <-ctx.Done():
				return ctx.Err()
			}
			break
		}
	}
	return nil
}

// drop ends a subscription from the query's side.
func (q *Query) drop(s *subscription) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.subs[s]; ok {
		delete(q.subs, s)
		close(s.ch)
	}
}
