package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// takeBack lets stopped members of a dataflow that runs go on.
func (e *Engine) takeBack(ctx context.Context, d *dataflow, specs func(Kept) ([]Spec, error)) ([]*Query, error) {
	var k Kept
	if err := d.do(ctx, func() {
		k = Kept{Flow: d.id, Epoch: d.batch - 1}
		for _, m := range d.meta().Members {
			k.Members = append(k.Members, KeptMember{m.Name, m.Fingerprint, m.Workers, m.Stopped})
		}
	}); err != nil {
		return nil, err
	}
	list, err := specs(k)
	if err != nil {
		return nil, err
	}
	queries := make([]*Query, len(list))
	for i := range list {
		if list[i].Stopped {
			err = list[i].closeSinks()
		} else {
			queries[i], err = e.takeBackOne(ctx, d, list[i])
		}
		if err != nil {
			for _, rest := range list[i+1:] {
				_ = rest.closeSinks() // it has failed already
			}
			return queries, err
		}
	}
	return queries, nil
}

// takeBackOne lets a stopped member go on, and ignores one that runs.
func (e *Engine) takeBackOne(ctx context.Context, d *dataflow, spec Spec) (*Query, error) {
	m := &member{spec: spec, query: newQuery(e, spec), most: unknown}
	known := true
	err := e.reserve(spec.Name, nil)
	if err != nil {
		return nil, spec.closeSinks()
	}
	defer e.release(spec.Name)
	err = d.call(ctx, func() error {
		if err := d.saveStopped(); err != nil {
			return err
		}
		at := slices.IndexFunc(d.stopped, func(s stoppedMember) bool { return strings.EqualFold(s.Name, spec.Name) })
		if known = at >= 0; !known {
			return nil
		}
		was := d.stopped[at].memberMeta
		if was.Fingerprint != spec.Fingerprint {
			return fmt.Errorf("query %s is not the one whose state is kept: its plan is another; %s", was.Name, startAnew)
		}
		m.was = &was
		if err := d.revive(ctx, m); err != nil {
			return err
		}
		d.stopped = slices.Delete(d.stopped, at, at+1)
		if err := d.joined(d.ctx); err != nil {
			d.release(m)
			return d.breaks(err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.list(d, m)
		return nil
	})
	if err != nil || !known {
		cerr := m.close()
		if err == nil {
			return nil, cerr
		}
		return nil, err
	}
	return m.query, nil
}
