package stream

import (
	"context"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
)

// A waiter is told when the scans have reached its targets.
type waiter struct {
	ctx     context.Context // of who waits
	targets map[*scan]connectors.Offsets
	done    chan struct{}
}

// notifyReached tells the waiters whose targets the scans have passed, and drops
// those that wait no more.
func (d *dataflow) notifyReached() {
	d.waiters = slices.DeleteFunc(d.waiters, func(w *waiter) bool {
		for s, target := range w.targets {
			if w.ctx.Err() == nil && slices.Contains(d.scans, s) && !s.reached(target) {
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
	w := &waiter{ctx: ctx, targets: map[*scan]connectors.Offsets{}, done: make(chan struct{})}
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
	if !d.force && !d.due() {
		d.notifyReached()
	}
	return w.done, nil
}
