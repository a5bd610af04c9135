package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/state"
)

// A dataflow is a connected set of queries that runs as one: one trigger, one
// epoch number, one fate. Its loop owns everything in it; others reach in by
// handing it a function to run between two epochs.
type dataflow struct {
	engine  *Engine
	ctx     context.Context // of epochs
	cancel  context.CancelFunc
	calls   chan func()
	exited  chan struct{} // closed when every member has ended, or been taken elsewhere
	backend state.Backend // nil where another dataflow has taken it over
	members []*member     // an upstream one before those it feeds
	scans   []*scan
	epoch   int64
	seed    uint64 // of the epochs' randomness, no other dataflow's
	force   bool   // run an epoch even without data: somebody joined
	bounded bool
	through bool // all input there will ever be is read
	waiters []*waiter
	last    time.Time // when the last epoch started
	total   int64
	over    error // why it must end: what it holds has no room
}

func newDataflow(e *Engine, b state.Backend) *dataflow {
	d := &dataflow{engine: e, backend: b, calls: make(chan func()), exited: make(chan struct{}), seed: rand.Uint64()}
	d.ctx, d.cancel = context.WithCancel(e.ctx)
	return d
}

// call runs f between two epochs and returns its error, errEnded when the dataflow
// has ended before, or that of ctx.
func (d *dataflow) call(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ran := make(chan error, 1)
	select {
	case d.calls <- func() { ran <- Guard(f) }:
		return <-ran
	case <-d.exited:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dataflow) do(ctx context.Context, f func()) error {
	return d.call(ctx, func() error { f(); return nil })
}

var errEnded = errors.New("the dataflow has ended")

// run is the loop.
func (d *dataflow) run() {
	err := Guard(d.loop)
	if d.told() && errors.Is(err, context.Canceled) {
		err = nil
	}
	d.finish(err)
}

// told reports that the dataflow was told to end.
func (d *dataflow) told() bool { return d.ctx.Err() != nil || d.engine.closing.Err() != nil }

func (d *dataflow) loop() error {
	for len(d.members) > 0 {
		d.serve()
		if len(d.members) == 0 || d.told() {
			return nil
		}
		if d.over != nil {
			return d.over
		}
		if wait := d.untilTrigger(); wait > 0 {
			d.sleep(min(wait, longestSleep))
			continue
		}
		p, err := d.plan()
		if err != nil {
			return err
		}
		if p.empty() && !d.force && !d.due() {
			if d.through = d.exhausted(); d.through {
				return nil
			}
			d.notifyReached() // of what was to be an epoch before the clock was set back
			if err := d.waitForData(); err != nil {
				return err
			}
			continue
		}
		if err := d.runEpoch(p); err != nil {
			return err
		}
	}
	return nil
}

// longestSleep is after what time the clock is looked at again: it may have been set.
// shortestSleep keeps the loop from spinning before a clock that stands still.
const (
	longestSleep  = time.Second
	shortestSleep = 10 * time.Millisecond
)

// serve runs the calls that wait, without blocking.
func (d *dataflow) serve() {
	for {
		select {
		case f := <-d.calls:
			f()
		default:
			return
		}
	}
}

// interval is the finest trigger of the members; zero starts epochs as soon as
// there is data.
func (d *dataflow) interval() time.Duration {
	every := d.members[0].spec.Trigger.Every
	for _, m := range d.members[1:] {
		every = min(every, m.spec.Trigger.Every)
	}
	return every
}

func (d *dataflow) untilTrigger() time.Duration {
	every := d.interval()
	if every == 0 || d.last.IsZero() || d.force {
		return 0
	}
	now := d.engine.now()
	if now.Before(d.last) {
		d.last = now // the clock was set back
	}
	return d.last.Truncate(every).Add(every).Sub(now)
}

// sleep waits for a span, a call or the end.
func (d *dataflow) sleep(span time.Duration) {
	t := time.NewTimer(span)
	defer t.Stop()
	select {
	case <-t.C:
	case f := <-d.calls:
		f()
	case <-d.engine.closing.Done():
	case <-d.ctx.Done():
	}
}

// waitForData returns when a source has something new, a call was served, or the
// dataflow is to end. What is called may use the sources and close them: their waits
// are over by then.
func (d *dataflow) waitForData() error {
	ctx, cancel := d.waiting()
	defer cancel()
	woken := make(chan error, len(d.scans))
	left := 0
	for _, s := range d.scans {
		if s.done() {
			continue
		}
		left++
		go func() { woken <- Guard(func() error { return s.wrap(s.source.Wait(ctx, s.waits())) }) }()
	}
	var call func()
	var err error
	alarm, stop := d.alarm()
	defer stop()
	select {
	case err = <-woken:
		left--
	case <-alarm:
	case call = <-d.calls:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	for range left {
		if e := <-woken; err == nil && e != nil && !errors.Is(e, context.Canceled) {
			err = e
		}
	}
	if call != nil {
		call()
	}
	return err
}

// due reports that a watermark moves, or what a member puts out changes, though nothing was
// read.
func (d *dataflow) due() bool {
	now := d.engine.now()
	return slices.ContainsFunc(d.scans, func(s *scan) bool { return s.due(now) }) ||
		slices.ContainsFunc(d.members, func(m *member) bool { return !m.next.IsZero() && !m.next.After(now) }) && !d.exhausted()
}

// alarm fires when that may be so though nothing is read; the clock, which may be
// set, is looked at again after longestSleep.
func (d *dataflow) alarm() (<-chan time.Time, func()) {
	now := d.engine.now()
	var first time.Time
	for _, s := range d.scans {
		if at, ok := s.next(now); ok && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for _, m := range d.members {
		if !m.next.IsZero() && (first.IsZero() || m.next.Before(first)) {
			first = m.next
		}
	}
	if first.IsZero() {
		return nil, func() {}
	}
	t := time.NewTimer(min(max(first.Sub(now), shortestSleep), longestSleep))
	return t.C, func() { t.Stop() }
}

// waiting returns a context for what lies between epochs: it ends with the dataflow
// and when the engine closes.
func (d *dataflow) waiting() (context.Context, context.CancelFunc) { return d.engine.open(d.ctx) }

// exhausted reports that a bounded dataflow has read all its input.
func (d *dataflow) exhausted() bool {
	if len(d.scans) == 0 {
		return d.bounded
	}
	for _, s := range d.scans {
		if !s.done() {
			return false
		}
	}
	return true
}

// add takes a member in between two epochs. Its sources start at their
// beginning; what it reads of other members starts with their results.
func (d *dataflow) add(m *member) error {
	for _, in := range m.spec.Inputs {
		switch {
		case in.Source != nil: // opened with the member
		case in.Member != "":
			up := d.member(in.Member)
			if up == nil || up.result == nil {
				return notRunning(in.Member)
			}
			f := feed{node: in.Scan, from: up}
			f.first, _ = up.result.snapshot()
			m.feeds = append(m.feeds, f)
		default:
			m.feeds = append(m.feeds, feed{node: in.Scan, first: in.Rows})
			d.bounded = d.bounded || in.Ended
		}
	}
	d.scans = append(d.scans, m.scans...)
	m.scans = nil
	d.members = append(d.members, m)
	d.force = true
	if m.spec.Trigger.Ends() {
		d.bounded = true
	}
	return nil
}

// ErrNotRunning says that a materialized view has ended, so that nobody can follow it.
var ErrNotRunning = errors.New("is not running")

func notRunning(name string) error { return fmt.Errorf("%s %w", name, ErrNotRunning) }

func (d *dataflow) member(name string) *member {
	for _, m := range d.members {
		if m.spec.Name == name {
			return m
		}
	}
	return nil
}

// stop takes out the member of a query, unless another one reads it.
func (d *dataflow) stop(q *Query) error {
	at := slices.IndexFunc(d.members, func(m *member) bool { return m.query == q })
	if at < 0 {
		return nil
	}
	for _, m := range d.members {
		if slices.ContainsFunc(m.feeds, func(f feed) bool { return f.from == d.members[at] }) {
			return readBy(q.name, m.spec.Name)
		}
	}
	d.remove(d.members[at], Stopped, nil)
	return nil
}

// remove takes a member that nobody reads out between two epochs.
func (d *dataflow) remove(m *member, status Status, err error) {
	d.members = slices.DeleteFunc(d.members, func(x *member) bool { return x == m })
	d.scans = slices.DeleteFunc(d.scans, func(s *scan) bool {
		if s.detach(m) {
			return false
		}
		err = errors.Join(err, s.source.Close())
		return true
	})
	for i := range m.stores {
		d.backend.Drop(m.storeName(i))
	}
	m.query.count()
	if cerr := m.close(); cerr != nil && err == nil {
		err = cerr
	}
	m.query.end(status, err)
}

// finish ends the dataflow: every member shares its fate.
func (d *dataflow) finish(err error) {
	d.cancel()
	status := Stopped
	switch {
	case err != nil:
		status = Failed
	case d.through:
		status = Finished
	}
	for _, m := range slices.Backward(slices.Clone(d.members)) {
		d.remove(m, status, err)
	}
	for _, s := range d.scans {
		_ = s.source.Close() // the members' ends were told already
	}
	for _, w := range d.waiters {
		close(w.done)
	}
	d.waiters = nil
	d.engine.memory.leave(d)
	if d.backend != nil {
		_ = d.backend.Close() // whoever uses it next finds what is wrong with it
	}
	close(d.exited)
}
