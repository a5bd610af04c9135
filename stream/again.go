package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/vec"
)

// longestRestart bounds how long a dataflow waits before it begins again.
const longestRestart = time.Minute

// A downError says that a dataflow has failed and waits to begin again.
type downError struct{ cause error }

func (e *downError) Error() string {
	return fmt.Sprintf("the query has failed and is about to begin again: %v", e.cause)
}

func (e *downError) Unwrap() error { return e.cause }

// mayPass reports of an error that it may not come again when the same is done again.
func mayPass(err error) bool {
	var (
		query  *QueryError
		bug    *invariants.Bug
		panics *panicError
		memory *MemoryError
		long   *vec.Overflow
		record *connectors.BadRecord
	)
	switch {
	case errors.As(err, &query) && query.Final, errors.As(err, &record), errors.Is(err, errLate):
		return false
	case errors.As(err, &bug), errors.As(err, &panics), errors.As(err, &memory), errors.As(err, &long):
		return false
	}
	return !errors.Is(err, connectors.ErrTaken)
}

// mayBeginAgain reports that the dataflow is to begin again after an error.
func (d *dataflow) mayBeginAgain(err error) bool {
	if err == nil || !d.kept() || d.backend == nil || d.told() || !mayPass(err) {
		return false
	}
	some := false
	for _, m := range d.members {
		if !m.spec.Kept {
			continue
		}
		if !m.spec.Restart {
			return false
		}
		for _, out := range m.spec.Sinks {
			if out.Open == nil {
				return false
			}
		}
		some = true
	}
	return some
}

// beginAgain closes everything and, when some time has passed, opens it again from what is
// kept, as another process would. It reports whether the dataflow runs again; where not, the
// queries have ended.
func (d *dataflow) beginAgain(cause error) bool {
	var again []*member
	d.dissolve(func(m *member) {
		if !m.spec.Kept {
			m.end(Failed, cause)
			return
		}
		again = append([]*member{m}, again...)
		_ = m.close() // it has failed already
	})
	d.others = len(again) - 1
	var stays []Spec
	for _, m := range d.stopped {
		stays = append(stays, m.spec)
	}
	for {
		d.down = cause
		wait := min(d.engine.again<<min(d.failures, 16), longestRestart)
		d.failures++
		d.engine.notice(fmt.Sprintf("query %s has failed and begins again in %s: %v", again[0].spec.Name, wait, cause))
		if !d.waitDown(wait) {
			return d.endDown(again, Stopped, nil)
		}
		err := Guard(func() error { return d.openAgain(again, stays) })
		switch {
		case err == nil:
			d.down = nil
			return true
		case d.told():
			return d.endDown(again, Stopped, nil)
		case !mayPass(err):
			return d.endDown(again, Failed, err)
		}
		cause = err
	}
}

// waitDown waits, and lets calls see that the dataflow is down. It reports false where it is
// to end.
func (d *dataflow) waitDown(wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	for !d.givenUp && !d.told() {
		select {
		case <-t.C:
			return true
		case f := <-d.calls:
			f()
		case <-d.engine.closing.Done():
		case <-d.ctx.Done():
		}
	}
	return false
}

// endDown ends the queries of a dataflow that is down. It returns false.
func (d *dataflow) endDown(members []*member, status Status, err error) bool {
	for _, m := range members {
		m.query.end(status, err)
	}
	return false
}

// stopDown ends a query that waits to begin again, if it does so alone.
func (d *dataflow) stopDown(q *Query) error {
	if d.down == nil {
		return errors.New("the query has just begun again; stop it once more")
	}
	if d.others > 0 {
		return fmt.Errorf("query %s has failed together with others, and is about to begin again with them: %w", q.name, d.down)
	}
	d.givenUp = true
	return nil
}

// openAgain opens the dataflow as its backend has kept it.
func (d *dataflow) openAgain(before []*member, stays []Spec) error {
	b, err := d.engine.openFlow(d.id)
	if err != nil {
		return err
	}
	d.backend, d.stopped, d.replay, d.sums = b, nil, nil, nil
	d.midway, d.force, d.bounded, d.broken, d.over, d.back = false, false, false, nil, nil, 0
	ctx, cancel := d.waiting()
	defer cancel()
	r, err := d.recovery()
	if err == nil {
		r.stays = stays
		err = r.reopenMembers(ctx, before)
	}
	if err == nil {
		err = d.recover(ctx, r)
	}
	if err != nil {
		err = errors.Join(err, r.giveUp())
		d.backend, d.members, d.scans = nil, nil, nil
		return err
	}
	d.awaitAgain()
	return nil
}

// reopenMembers makes members of the same queries anew, with their sinks.
func (r *recovery) reopenMembers(ctx context.Context, before []*member) error {
	for _, was := range before {
		m := &member{spec: was.spec, query: was.query, most: unknown, was: r.memberOf(was.spec.Name)}
		m.spec.Sinks = nil
		r.members = append(r.members, m)
		for _, out := range was.spec.Sinks {
			var err error
			if out.Sink, err = out.Open(ctx); err != nil {
				return m.blame(out.failed(err))
			}
			m.spec.Sinks = append(m.spec.Sinks, out)
		}
	}
	return nil
}

// awaitAgain lets those who wait for positions wait for the scans that have taken the place
// of the old ones.
func (d *dataflow) awaitAgain() {
	for _, w := range d.waiters {
		targets := map[*scan]connectors.Offsets{}
		for old, target := range w.targets {
			for _, s := range d.scans {
				if s.spec.reads(old.spec) {
					targets[s] = target
				}
			}
		}
		w.targets = targets
	}
}
