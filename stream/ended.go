package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/zset"
)

// Ended lists a query that does not run, and did not in this engine: one that an earlier
// process has left so, or that cannot go on. flow names the backend of its dataflow, "" for
// none.
func (e *Engine) Ended(spec Spec, flow string, status Status, err error) *Query {
	q := newQuery(e, spec)
	q.left = flow
	q.flow = newDataflow(e, "", nil)
	q.flow.cancel()
	close(q.flow.exited)
	q.end(status, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries = append(e.queries, q)
	return q
}

// hasLeft reports that the query has no result in memory.
func (q *Query) hasLeft() bool {
	r := q.table()
	return r == nil || r.left()
}

// errGone says that a result has ended with its query.
var errGone = errors.New("the query has ended, and with it its result, for all of which memory had no room")

// leftBehind copies the result of a query that has ended and is kept from where its state is.
func (q *Query) leftBehind() ([]*zset.Batch, int64, error) {
	e, flow := q.engine, q.Flow()
	if flow == "" {
		flow = q.left
	}
	st, _ := q.Status()
	if flow == "" || st == Running || st == Failed || !q.spec.Result && !needsResult(q.spec) {
		if q.table() != nil {
			return nil, 0, errGone
		}
		return nil, 0, ErrNoResult
	}
	if e.Closed() {
		return nil, 0, ErrClosed
	}
	l := leftResult{q: q}
	ctx, cancel := e.open(context.Background())
	defer cancel()
	err := Guard(func() error {
		done, err := e.reopens(ctx)
		if err != nil {
			return err
		}
		defer done()
		if d := e.live(flow); d != nil {
			err := d.call(ctx, func() error { return l.within(d) })
			if !errors.Is(err, errEnded) {
				return err
			}
			<-d.exited
		}
		return l.open(flow)
	})
	return l.parts, l.epoch, e.unlessClosed(err)
}

// reopens waits until nobody else opens a dataflow that is kept and does not run.
func (e *Engine) reopens(ctx context.Context) (done func(), err error) {
	done = func() { <-e.reopening }
	select {
	case e.reopening <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if e.Closed() {
		done()
		return nil, ErrClosed
	}
	return done, nil
}

// reopened waits, when the engine is closed, until nobody has such a dataflow open. Who waits for
// something else with it open, such as a broker that is away, is waited for no longer than an epoch.
func (e *Engine) reopened() {
	select {
	case e.reopening <- struct{}{}:
		<-e.reopening
	case <-time.After(e.grace):
	}
}

// A leftResult is a result on its way out of a backend.
type leftResult struct {
	q     *Query
	parts []*zset.Batch
	epoch int64
}

// within reads it in a dataflow that runs, and in which its query may run again by now.
func (l *leftResult) within(d *dataflow) (err error) {
	spec := &l.q.spec
	at := slices.IndexFunc(d.members, func(m *member) bool {
		return m.spec.Name == spec.Name && m.spec.Fingerprint == spec.Fingerprint
	})
	if at < 0 || d.members[at].query.hasLeft() {
		if err := d.saveStopped(); err != nil {
			return err
		}
		return l.read(d, d.stoppedMeta())
	}
	l.parts, l.epoch, err = d.members[at].query.parts()
	return err
}

// open reads it in a dataflow that does not run.
func (l *leftResult) open(flow string) error {
	b, err := l.q.engine.openKept(flow)
	if err != nil {
		return err
	}
	d := newDataflow(l.q.engine, flow, b)
	defer d.cancel()
	r, err := d.recovery()
	switch {
	case err != nil:
	case r.found.Prepared != nil: // who goes on with it finds out whether that has happened
		err = ErrNoResult
	default:
		err = d.lasting(b.Settle(context.Background(), false))
	}
	if err == nil {
		err = l.read(d, r.meta.Members)
	}
	return errors.Join(err, b.Close())
}

// read copies it from the store of one of these members.
func (l *leftResult) read(d *dataflow, members []memberMeta) error {
	spec := &l.q.spec
	at := slices.IndexFunc(members, func(m memberMeta) bool { return m.Name == spec.Name })
	if at < 0 {
		return ErrNoResult
	}
	if members[at].Fingerprint != spec.Fingerprint {
		return fmt.Errorf("query %s is not the one whose state is kept: its plan is another; %s", spec.Name, startAnew)
	}
	store, err := d.backend.Store(storeName(spec.Name, 0))
	if err != nil {
		return d.lasting(err)
	}
	r, err := openResult(store, "result", spec.Schema, d.engine.batchBytes)
	if err == nil {
		l.parts, _ = r.snapshot()
		l.epoch = members[at].Epoch
	}
	return errors.Join(err, store.Close())
}
