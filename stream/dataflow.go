package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// A dataflow is a connected set of queries that runs as one: one trigger, one
// epoch number, one fate. Its loop owns everything in it; others reach in by
// handing it a function to run between two epochs.
type dataflow struct {
	engine  *Engine
	ctx     context.Context
	cancel  context.CancelFunc
	calls   chan func()
	exited  chan struct{}
	members []*member // an upstream one before those it feeds
	scans   []*scan
	epoch   int64
	seed    uint64 // of the epochs' randomness, no other dataflow's
	force   bool   // run an epoch even without data: somebody joined
	bounded bool
	waiters []*waiter
	last    time.Time // when the last epoch started
	total   int64
}

// A waiter is told when the scans have reached its targets.
type waiter struct {
	targets map[*scan]connectors.Offsets
	done    chan struct{}
}

func newDataflow(e *Engine) *dataflow {
	ctx, cancel := context.WithCancel(e.ctx)
	return &dataflow{engine: e, ctx: ctx, cancel: cancel, calls: make(chan func()), exited: make(chan struct{}), seed: rand.Uint64()}
}

// do runs f between two epochs. It returns an error when the dataflow has ended
// or ctx does first.
func (d *dataflow) do(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	select {
	case d.calls <- func() { f(); close(ran) }:
		<-ran
		return nil
	case <-d.exited:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errEnded = errors.New("the dataflow has ended")

// run is the loop.
func (d *dataflow) run() {
	err := d.loop()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	d.finish(err)
}

func (d *dataflow) loop() error {
	for len(d.members) > 0 {
		d.serve()
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if len(d.members) == 0 {
			return nil
		}
		if wait := d.untilTrigger(); wait > 0 {
			d.sleep(wait)
			continue
		}
		p, err := d.plan()
		if err != nil {
			return err
		}
		if p.empty() && !d.force {
			if d.exhausted() {
				return nil
			}
			if err := d.waitForData(); err != nil {
				return err
			}
			continue
		}
		if err := guard(func() error { return d.runEpoch(p) }); err != nil {
			return err
		}
	}
	return nil
}

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
	next := d.last.Truncate(every).Add(every)
	return next.Sub(d.engine.now())
}

// sleep waits for a span, a call or the end.
func (d *dataflow) sleep(span time.Duration) {
	t := time.NewTimer(span)
	defer t.Stop()
	select {
	case <-t.C:
	case f := <-d.calls:
		f()
	case <-d.ctx.Done():
	}
}

// waitForData returns when a source has something new, a call was served, or the
// dataflow is to end.
func (d *dataflow) waitForData() error {
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	woken := make(chan error, len(d.scans))
	for _, s := range d.scans {
		go func() { woken <- s.wrap(s.source.Wait(ctx, s.waits())) }()
	}
	left := len(d.scans)
	var err error
	select {
	case err = <-woken:
		left--
	case f := <-d.calls:
		f()
	case <-d.ctx.Done():
		err = d.ctx.Err()
	}
	cancel()
	for range left { // a source must not be used by two calls of one dataflow
		if e := <-woken; err == nil && e != nil && !errors.Is(e, context.Canceled) {
			err = e
		}
	}
	return err
}

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
				return fmt.Errorf("%s is not running", in.Member)
			}
			f := feed{node: in.Scan, from: up}
			if b, _ := up.result.snapshot(); b.Len > 0 {
				f.first = append(f.first, b)
			}
			m.feeds = append(m.feeds, f)
		default:
			m.feeds = append(m.feeds, feed{node: in.Scan, first: in.Rows})
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

func (d *dataflow) member(name string) *member {
	for _, m := range d.members {
		if m.spec.Name == name {
			return m
		}
	}
	return nil
}

// mergeScans makes one of two scans of a table that have come to the same
// position, so that the table is read once.
func (d *dataflow) mergeScans() error {
	for i := 0; i < len(d.scans); i++ {
		for j := i + 1; j < len(d.scans); j++ {
			a, b := d.scans[i], d.scans[j]
			if a.spec.Table != b.spec.Table || a.end != nil || b.end != nil || !sameOffsets(a.pos, b.pos) {
				continue
			}
			a.merge(b)
			for _, w := range d.waiters {
				if t, ok := w.targets[b]; ok {
					w.targets[a] = t
					delete(w.targets, b)
				}
			}
			d.scans = slices.Delete(d.scans, j, j+1)
			j--
			if err := b.source.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove takes a member out between two epochs. Members that read it have been
// refused by the engine before.
func (d *dataflow) remove(m *member, status Status, err error) {
	d.members = slices.DeleteFunc(d.members, func(x *member) bool { return x == m })
	d.scans = slices.DeleteFunc(d.scans, func(s *scan) bool {
		if s.detach(m) {
			return false
		}
		err = errors.Join(err, s.source.Close())
		return true
	})
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
	case d.bounded || len(d.scans) > 0 && d.exhausted():
		status = Finished
	}
	for _, w := range d.waiters {
		close(w.done)
	}
	d.waiters = nil
	d.engine.forget(d)
	close(d.exited)
	for _, m := range slices.Clone(d.members) {
		d.remove(m, status, err)
	}
	for _, s := range d.scans {
		_ = s.source.Close() // the members' ends were told already
	}
}

// notifyReached tells the waiters whose targets the scans have passed.
func (d *dataflow) notifyReached() {
	d.waiters = slices.DeleteFunc(d.waiters, func(w *waiter) bool {
		for s, target := range w.targets {
			if slices.Contains(d.scans, s) && !s.reached(target) {
				return false
			}
		}
		close(w.done)
		return true
	})
}

// await returns a channel that is closed when everything that is there now has
// been taken in by a finished epoch.
func (d *dataflow) await(ctx context.Context) (<-chan struct{}, error) {
	w := &waiter{targets: map[*scan]connectors.Offsets{}, done: make(chan struct{})}
	for _, s := range d.scans {
		if err := s.look(ctx); err != nil {
			return nil, err
		}
		target := connectors.Offsets{}
		for split := range s.latest {
			target[split] = s.until(split)
		}
		w.targets[s] = target
	}
	d.waiters = append(d.waiters, w)
	if !d.force {
		d.notifyReached()
	}
	return w.done, nil
}

func cloneOffsets(o connectors.Offsets) connectors.Offsets {
	c := make(connectors.Offsets, len(o))
	for k, v := range o {
		c[k] = v
	}
	return c
}

func sameOffsets(a, b connectors.Offsets) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}
