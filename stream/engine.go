package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/state"
)

// An Engine runs queries: each in a dataflow with those that it is connected to.
type Engine struct {
	ctx        context.Context
	cancel     context.CancelFunc
	env        connectors.Env
	workers    int
	newStore   func() state.Store
	onProgress func(Progress)

	mu      sync.Mutex
	queries []*Query // by start
	flows   []*dataflow
	wg      sync.WaitGroup
}

// A Config is what an Engine is made with.
type Config struct {
	Workers    int // of each circuit, at least 1
	Env        connectors.Env
	NewStore   func() state.Store // the state of one worker of one query
	OnProgress func(Progress)     // told after each epoch of each query; must not block; may be nil
}

// New returns an engine without queries.
func New(c Config) *Engine {
	ctx, cancel := context.WithCancel(context.Background())
	if c.Env.Now == nil {
		c.Env.Now = time.Now
	}
	if c.Env.Notice == nil {
		c.Env.Notice = func(string) {}
	}
	return &Engine{ctx: ctx, cancel: cancel, env: c.Env, workers: max(c.Workers, 1), newStore: c.NewStore, onProgress: c.OnProgress}
}

func (e *Engine) now() time.Time     { return e.env.Now() }
func (e *Engine) notice(text string) { e.env.Notice(text) }

// Start runs a query: in the dataflow of the materialized views that it reads
// (joined into one where they were several), otherwise in one of its own. It
// returns when the query is part of the dataflow; its first epoch follows.
func (e *Engine) Start(ctx context.Context, spec Spec) (*Query, error) {
	q := &Query{name: spec.Name, spec: spec, engine: e, subs: map[*subscription]struct{}{}, done: make(chan struct{}), abandoned: make(chan struct{}), begun: make(chan struct{})}
	stores := make([]state.Store, e.workers)
	for i := range stores {
		stores[i] = e.newStore()
	}
	var m *member
	err := guard(func() (err error) { m, err = openMember(q, spec, e.workers, stores); return err })
	if err != nil {
		return nil, err
	}
	q.result, q.circuit = m.result, m.circuit
	if m.result == nil && len(spec.Sinks) == 0 {
		q.first = q.newSubscription()
	}
	if err := m.openScans(ctx, e.env); err != nil {
		return nil, errors.Join(err, m.close())
	}
	for _, out := range spec.Sinks {
		if _, err := out.Sink.Recover(ctx, 0); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", out.Name, err), m.close())
		}
	}
	if err := e.place(ctx, m); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return q, nil
}

// place puts the member into its dataflow and the query into the list.
func (e *Engine) place(ctx context.Context, m *member) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ctx.Err(); err != nil {
		return errClosed
	}
	flow, err := e.flowFor(ctx, m.spec)
	if err != nil {
		return err
	}
	if flow != nil {
		var addErr error
		if err := flow.do(ctx, func() { addErr = flow.add(m) }); err != nil {
			return err
		}
		if addErr != nil {
			return addErr
		}
	} else {
		flow = newDataflow(e)
		if err := flow.add(m); err != nil {
			flow.cancel()
			return err
		}
		e.flows = append(e.flows, flow)
		e.wg.Go(flow.run)
	}
	m.query.flow = flow
	e.queries = append(e.queries, m.query)
	return nil
}

var errClosed = errors.New("the database is closed")

// flowFor returns the dataflow that holds the views the query reads, nil where it
// reads none.
func (e *Engine) flowFor(ctx context.Context, spec Spec) (*dataflow, error) {
	var flows []*dataflow
	for _, in := range spec.Inputs {
		if in.Member == "" {
			continue
		}
		q := e.find(in.Member)
		if q == nil {
			return nil, fmt.Errorf("%s is not running", in.Member)
		}
		if !slices.Contains(flows, q.flow) {
			flows = append(flows, q.flow)
		}
	}
	if len(flows) == 0 {
		return nil, nil
	}
	for _, other := range flows[1:] {
		if err := e.join(ctx, flows[0], other); err != nil {
			return nil, err
		}
	}
	return flows[0], nil
}

// join moves everything of one dataflow into another, between their epochs.
func (e *Engine) join(ctx context.Context, into, from *dataflow) error {
	var members []*member
	var scans []*scan
	var waiters []*waiter
	var epoch int64
	err := from.do(ctx, func() {
		members, scans, waiters, epoch = from.members, from.scans, from.waiters, from.epoch
		from.members, from.scans, from.waiters = nil, nil, nil
	})
	if err != nil {
		return err
	}
	<-from.exited
	return into.do(ctx, func() {
		into.members = append(into.members, members...)
		into.scans = append(into.scans, scans...)
		into.waiters = append(into.waiters, waiters...)
		into.epoch = max(into.epoch, epoch)
		for _, m := range members {
			m.query.flow = into
		}
	})
}

// find returns the running query of that name. The caller holds e.mu.
func (e *Engine) find(name string) *Query {
	for _, q := range e.queries {
		if q.name == name {
			if st, _ := q.Status(); st == Running {
				return q
			}
		}
	}
	return nil
}

// Query returns the latest query of that name, running or not.
func (e *Engine) Query(name string) (*Query, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range slices.Backward(e.queries) {
		if q.name == name {
			return q, true
		}
	}
	return nil, false
}

// Queries lists all queries since the start, ended ones included.
func (e *Engine) Queries() []*Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.queries)
}

// Forget removes an ended query from the list.
func (e *Engine) Forget(q *Query) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries = slices.DeleteFunc(e.queries, func(x *Query) bool { return x == q })
}

// forget removes a dataflow that has ended.
func (e *Engine) forget(d *dataflow) {
	go func() { // the caller may be inside a call that holds e.mu
		e.mu.Lock()
		defer e.mu.Unlock()
		e.flows = slices.DeleteFunc(e.flows, func(x *dataflow) bool { return x == d })
	}()
}

// flowOf returns where a query runs now.
func (e *Engine) flowOf(q *Query) *dataflow {
	e.mu.Lock()
	defer e.mu.Unlock()
	return q.flow
}

// between runs f between two epochs of the query's dataflow, or at once where it
// has ended.
func (e *Engine) between(ctx context.Context, q *Query, f func()) error {
	for {
		flow := e.flowOf(q)
		err := flow.do(ctx, f)
		if !errors.Is(err, errEnded) {
			return err
		}
		if e.flowOf(q) != flow {
			continue // joined into another one meanwhile
		}
		<-q.done
		f()
		return nil
	}
}

// Readers returns the running queries that read the query's result.
func (e *Engine) Readers(name string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var readers []string
	for _, q := range e.queries {
		if st, _ := q.Status(); st != Running {
			continue
		}
		if slices.ContainsFunc(q.spec.Inputs, func(in Input) bool { return in.Member == name }) {
			readers = append(readers, q.name)
		}
	}
	return readers
}

// stop ends a query between two epochs.
func (e *Engine) stop(ctx context.Context, q *Query) error {
	if readers := e.Readers(q.name); len(readers) > 0 {
		return fmt.Errorf("%s is read by %s", q.name, readers[0])
	}
	q.abandon() // a reader that has fallen behind must not keep the epoch from its end
	return e.between(ctx, q, func() {
		for _, m := range q.flow.members {
			if m.query == q {
				q.flow.remove(m, Stopped, nil)
				return
			}
		}
	})
}

// ProcessAllAvailable blocks until the query has taken in and put out everything
// that its sources held when it was called.
func (e *Engine) ProcessAllAvailable(ctx context.Context, q *Query) error {
	var reached <-chan struct{}
	var err error
	if berr := e.between(ctx, q, func() {
		select {
		case <-q.done:
		default:
			reached, err = q.flow.await(ctx)
		}
	}); berr != nil || err != nil {
		return errors.Join(berr, err)
	}
	if reached != nil {
		select {
		case <-reached:
		case <-q.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err = q.Status()
	return err
}

// Close stops every query after its running epoch and waits for them.
func (e *Engine) Close() {
	e.mu.Lock()
	flows := slices.Clone(e.flows)
	e.mu.Unlock()
	for _, q := range e.Queries() {
		q.abandon()
	}
	for _, d := range flows {
		_ = d.do(context.Background(), func() { d.cancel() }) // an ended one needs no telling
	}
	e.cancel()
	e.wg.Wait()
}

// recovered makes an error of a panic's value.
func recovered(r any) error {
	if b, ok := r.(*invariants.Bug); ok {
		return b
	}
	if invariants.Enabled {
		panic(r)
	}
	return fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
}
