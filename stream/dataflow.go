package stream

import (
	"context"
	"errors"
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
	members []*member     // an upstream one before those it feeds
	scans   []*scan
	epoch   int64
	batch   int64  // epochs as people count them: some of the others only keep the state
	seed    uint64 // of the epochs' randomness, no other dataflow's
	force   bool   // run an epoch even without data: somebody joined
	bounded bool
	through bool  // all input there will ever be is read
	broken  error // what happened between two epochs after which nothing goes on
	waiters []*waiter
	last    time.Time // when the last epoch started
	total   int64
	crowded bool  // what the next checkpoint is to write takes too much memory
	over    error // why it must end: what it holds has no room

	// Of one that outlives the process.
	id             string          // names the backend; "" where nothing is kept
	backend        state.Backend   // nil where another dataflow has taken it over
	stopped        []stoppedMember // queries that keep their state for later
	unsaved        []state.Store   // of these, what no checkpoint has yet
	commits        *commits        // nil where no sinks show their epochs as one
	shown          shownEpochs
	reads          uint64    // what the epoch reads, as a hash
	midway         bool      // what it holds now is no epoch's end, or may not be durable
	checkpointed   int64     // the epoch of the latest checkpoint
	checkpointAt   time.Time // when that was
	lastCheckpoint *CheckpointProgress
	replay         []loggedEpoch // to be run again first
	back           int64         // to when the clock was set back since the last epoch
	sums           []outputSum   // of the last epoch
	down           error         // after which it waits to begin again
	failures       int           // one after the other
	others         int           // queries that wait with the first
	givenUp        bool          // the only one was stopped
}

func newDataflow(e *Engine, id string, b state.Backend) *dataflow {
	d := &dataflow{engine: e, id: id, backend: b, calls: make(chan func()), exited: make(chan struct{}), seed: rand.Uint64()}
	d.ctx, d.cancel = context.WithCancel(e.ctx)
	d.checkpointAt = e.now()
	return d
}

// call runs f between two epochs and returns its error, errEnded when the dataflow
// has ended before, or that of ctx.
func (d *dataflow) call(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.enter(ctx, func() error {
		if d.down != nil {
			return &downError{d.down}
		}
		return f()
	})
}

// enter is call that runs f also while the dataflow waits to begin again.
func (d *dataflow) enter(ctx context.Context, f func() error) error {
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
	for {
		err := Guard(d.loop)
		if d.told() && errors.Is(err, context.Canceled) {
			err = nil
		}
		if !d.mayBeginAgain(err) || !d.beginAgain(err) {
			d.finish(err)
			return
		}
	}
}

// told reports that the dataflow was told to end.
func (d *dataflow) told() bool { return d.ctx.Err() != nil || d.engine.closing.Err() != nil }

func (d *dataflow) loop() error {
	for len(d.replay) > 0 {
		if d.told() {
			return nil
		}
		if err := d.runAgain(); err != nil {
			return err
		}
	}
	for len(d.members) > 0 {
		d.serve()
		if d.broken != nil || len(d.members) == 0 || d.told() {
			return d.broken
		}
		if d.checkpointDue() {
			if err := d.restBeside(d.ctx); err != nil {
				return err
			}
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
	d.setBack(now)
	return slices.ContainsFunc(d.scans, func(s *scan) bool { return s.due(now) }) ||
		slices.ContainsFunc(d.members, func(m *member) bool { return !m.next.IsZero() && !m.next.After(now) }) && !d.exhausted()
}

// setBack takes note of a clock that was set back.
func (d *dataflow) setBack(now time.Time) {
	for _, s := range d.scans {
		if s.time.setBack(now) && (d.back == 0 || nanos(now) < d.back) {
			d.back = nanos(now)
		}
	}
}

// alarm fires when that may be so though nothing is read, and when a checkpoint is due; the
// clock, which may be set, is looked at again after longestSleep.
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
	if d.kept() && d.epoch > d.checkpointed {
		if at := d.nextCheckpoint(); first.IsZero() || at.Before(first) {
			first = at
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
