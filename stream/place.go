package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Start runs a query: in the dataflow of the materialized views that it reads
// (joined into one where they were several), otherwise in one of its own. It
// returns when the query is part of the dataflow; its first epoch follows. The
// sinks are the engine's, even where it fails.
func (e *Engine) Start(ctx context.Context, spec Spec) (*Query, error) {
	ctx, cancel := e.open(ctx)
	defer cancel()
	m := &member{spec: spec, query: newQuery(e, spec), most: unknown, begins: fresh}
	err := e.reserve(spec.Name, spec.Inherits)
	if err == nil {
		defer e.release(spec.Name)
		err = Guard(func() error { return e.start(ctx, m) })
	}
	if err != nil {
		return nil, e.unlessClosed(errors.Join(err, m.close()))
	}
	return m.query, nil
}

// reserve keeps a name for a query that is about to start: one that inherits may have that of
// the other.
func (e *Engine) reserve(name string, in *Inheritance) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	running := e.find(name)
	switch {
	case e.closing.Err() != nil:
		return ErrClosed
	case e.starting[strings.ToLower(name)] || running != nil && (in == nil || in.From != running):
		return fmt.Errorf("query %s %w", name, ErrRuns)
	}
	e.starting[strings.ToLower(name)] = true
	return nil
}

// ErrRuns says that a query of that name runs, or is starting.
var ErrRuns = errors.New("runs already")

func (e *Engine) release(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.starting, strings.ToLower(name))
}

func (e *Engine) start(ctx context.Context, m *member) error {
	if err := m.openStores(e); err != nil {
		return err
	}
	if err := m.open(e.batchBytes); err != nil {
		return err
	}
	if err := e.inherit(ctx, m); err != nil {
		return err
	}
	if err := m.openScans(ctx, e.env); err != nil {
		return err
	}
	m.spec.Inherits, m.query.spec.Inherits = nil, nil // the other one is not held by this
	for _, out := range m.spec.Sinks {
		if _, err := out.Sink.Recover(ctx, 0); err != nil {
			return fmt.Errorf("%s: %w", out.Name, err)
		}
	}
	return e.place(ctx, m)
}

// place puts the member into its dataflow and the query into the list.
func (e *Engine) place(ctx context.Context, m *member) error {
	for {
		flow, err := e.flowFor(ctx, m.spec)
		if err != nil {
			return err
		}
		if flow == nil {
			return e.found(ctx, m)
		}
		err = flow.call(ctx, func() error { return e.admit(flow, m) })
		if !errors.Is(err, errEnded) { // else it was joined into another one, or flowFor tells
			return err
		}
	}
}

// found starts a dataflow with its first member.
func (e *Engine) found(ctx context.Context, m *member) error {
	flow := newDataflow(e, m.flow, m.backend)
	err := flow.add(m)
	if err == nil {
		m.backend = nil
		err = flow.joined(ctx)
	}
	if err == nil {
		err = e.launch(flow)
	}
	if err != nil {
		flow.cancel()
		flow.release(m)
		m.backend = flow.backend // to be removed with it
		err = errors.Join(err, flow.closeCommits())
	}
	return err
}

// launch begins the loop of a dataflow, unless the engine is closed.
func (e *Engine) launch(flow *dataflow) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Err() != nil {
		return ErrClosed
	}
	for _, m := range flow.members {
		e.list(flow, m)
	}
	e.wg.Go(flow.run)
	return nil
}

// admit takes a member into a dataflow that runs, between two of its epochs.
func (e *Engine) admit(flow *dataflow, m *member) error {
	if err := flow.add(m); err != nil {
		return err
	}
	if m.spec.Kept || !flow.kept() {
		err := flow.lasting(flow.backend.Adopt(m.backend))
		if err == nil {
			m.backend = nil
			err = flow.joined(flow.ctx)
		}
		if err != nil {
			flow.release(m)
			return flow.breaks(err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list(flow, m)
	return nil
}

func (e *Engine) list(flow *dataflow, m *member) {
	m.query.flow = flow
	e.queries = append(e.queries, m.query)
}

// flowFor returns the dataflow that holds the views the query reads, nil where it
// reads none.
func (e *Engine) flowFor(ctx context.Context, spec Spec) (*dataflow, error) {
	flows, err := e.flowsOf(spec)
	if err != nil || len(flows) == 0 {
		return nil, err
	}
	if len(flows) == 1 {
		return flows[0], nil
	}
	select {
	case e.joining <- struct{}{}:
		defer func() { <-e.joining }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	flows, err = e.flowsOf(spec) // another Start may have joined them
	if err != nil {
		return nil, err
	}
	for _, other := range flows[1:] {
		err := flows[0].call(ctx, func() error { return flows[0].takeIn(ctx, other) })
		if err != nil && !errors.Is(err, errEnded) {
			return nil, err
		}
	}
	return flows[0], nil
}

// flowsOf returns the dataflows of the views that the query reads.
func (e *Engine) flowsOf(spec Spec) ([]*dataflow, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var flows []*dataflow
	for _, in := range spec.Inputs {
		if in.Member == "" {
			continue
		}
		q := e.find(in.Member)
		if q == nil {
			return nil, notRunning(in.Member)
		}
		if !slices.Contains(flows, q.flow) {
			flows = append(flows, q.flow)
		}
	}
	return flows, nil
}

// takeIn moves everything of another dataflow into this one while both stand
// between two epochs. It runs in this one's loop; one such call at a time, so that no
// two dataflows wait for each other.
func (d *dataflow) takeIn(ctx context.Context, from *dataflow) error {
	return from.call(ctx, func() error {
		if len(from.stopped) > 0 {
			return fmt.Errorf("query %s is stopped: RESUME or DROP it before others are connected with what it reads", from.stopped[0].Name)
		}
		err := d.lasting(d.backend.Adopt(from.backend))
		if err == nil {
			err = from.closeCommits()
		}
		if err != nil {
			return d.breaks(from.breaks(err))
		}
		d.members = append(d.members, from.members...)
		d.scans = append(d.scans, from.scans...)
		d.waiters = append(d.waiters, from.waiters...)
		d.epoch, d.batch = max(d.epoch, from.epoch), max(d.batch, from.batch)
		d.total += from.total
		d.force = d.force || from.force
		d.bounded = d.bounded || from.bounded
		d.engine.move(from, d)
		from.members, from.scans, from.waiters, from.backend = nil, nil, nil, nil
		return d.breaks(d.joined(d.ctx))
	})
}

// move tells all queries of a dataflow, ended ones too, that another one has taken it in.
func (e *Engine) move(from, to *dataflow) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.queries {
		if q.flow == from {
			q.flow = to
		}
	}
	for _, m := range from.members {
		m.query.flow = to
	}
}
