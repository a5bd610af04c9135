package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An Engine runs queries: each in a dataflow with those that it is connected to.
type Engine struct {
	ctx        context.Context // of running epochs
	cancel     context.CancelFunc
	closing    context.Context // of everything else: it ends first
	close      context.CancelFunc
	env        connectors.Env
	workers    int
	grace      time.Duration
	again      time.Duration
	batchBytes int
	newBackend func() (state.Backend, error)
	newFlow    func() (string, state.Backend, error)
	openFlow   func(string) (state.Backend, error)
	notebook   func(string) connectors.Notebook
	instance   string
	onProgress func(Progress)
	memory     memory

	joining   chan struct{} // held by the one Start that joins dataflows
	reopening chan struct{} // held by who opens a dataflow that is kept and does not run

	mu       sync.Mutex // never held while a dataflow is waited for
	queries  []*Query   // by start
	starting map[string]bool
	wg       sync.WaitGroup
}

// A Config is what an Engine is made with.
type Config struct {
	Workers    int // of each circuit, at least 1
	Env        connectors.Env
	NewBackend func() (state.Backend, error) // a new one that keeps nothing beyond the process
	// NewFlow makes a backend that lasts, for a dataflow of queries that are kept, and a
	// name for it that no other ever has; nil where nothing lasts.
	NewFlow func() (id string, b state.Backend, err error)
	// OpenFlow opens one that NewFlow has made.
	OpenFlow func(id string) (state.Backend, error)
	// Notebook is a place beyond the process for what a Transaction of that name keeps.
	Notebook   func(name string) connectors.Notebook
	Instance   string         // tells the database apart from all others, in the names of transactions
	OnProgress func(Progress) // told after each epoch of each query; must not block; may be nil

	MemoryLimit int64 // bytes that all queries may hold together; 0 for no limit

	RestartAfter time.Duration // how long a query waits that begins again after a failure, longer each time; 0 for DefaultRestartAfter
	Grace        time.Duration // how long Close waits for running epochs; 0 for DefaultGrace
	BatchBytes   int           // text in one batch of output, beyond which another is begun; 0 for DefaultBatchBytes
}

// The defaults of a Config. A batch holds at most 2 GiB of text a column.
const (
	DefaultGrace        = 10 * time.Second
	DefaultBatchBytes   = 1 << 30
	DefaultRestartAfter = time.Second
)

// New returns an engine without queries.
func New(c Config) *Engine {
	e := &Engine{
		env: c.Env, workers: max(c.Workers, 1), grace: c.Grace, again: c.RestartAfter, batchBytes: c.BatchBytes,
		newBackend: c.NewBackend, newFlow: c.NewFlow, openFlow: c.OpenFlow, notebook: c.Notebook, instance: c.Instance, onProgress: c.OnProgress,
		joining: make(chan struct{}, 1), reopening: make(chan struct{}, 1), starting: map[string]bool{},
	}
	e.memory.limit.Store(c.MemoryLimit)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.closing, e.close = context.WithCancel(e.ctx)
	if e.env.Now == nil {
		e.env.Now = time.Now
	}
	if e.env.Notice == nil {
		e.env.Notice = func(string) {}
	}
	if e.grace == 0 {
		e.grace = DefaultGrace
	}
	if e.again == 0 {
		e.again = DefaultRestartAfter
	}
	if e.batchBytes == 0 {
		e.batchBytes = DefaultBatchBytes
	}
	return e
}

func (e *Engine) now() time.Time     { return e.env.Now() }
func (e *Engine) notice(text string) { e.env.Notice(text) }

// ErrClosed says that the engine was closed before what was asked of it was done.
var ErrClosed = errors.New("the database is closed")

// Closed reports that the engine is closed, or is being closed.
func (e *Engine) Closed() bool { return e.closing.Err() != nil }

// open returns a context that ends with ctx and when the engine is closed.
func (e *Engine) open(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(e.closing, cancel)
	return ctx, func() { stop(); cancel() }
}

// unlessClosed is err, or ErrClosed where closing the engine was the cause.
func (e *Engine) unlessClosed(err error) error {
	if errors.Is(err, context.Canceled) && e.closing.Err() != nil {
		return ErrClosed
	}
	return err
}

// find returns the running query of that name. The caller holds e.mu.
func (e *Engine) find(name string) *Query {
	for _, q := range e.queries {
		if strings.EqualFold(q.name, name) {
			if st, _ := q.Status(); st == Running {
				return q
			}
		}
	}
	return nil
}

// Query returns the latest query of that name, running or not; letter case does not
// matter.
func (e *Engine) Query(name string) (*Query, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range slices.Backward(e.queries) {
		if strings.EqualFold(q.name, name) {
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
	e.memory.forget(q)
	e.queries = slices.DeleteFunc(e.queries, func(x *Query) bool { return x == q })
}

// flowOf returns where a query runs now.
func (e *Engine) flowOf(q *Query) *dataflow {
	e.mu.Lock()
	defer e.mu.Unlock()
	return q.flow
}

// between runs f between two epochs of the query's dataflow, or with nil at once
// where it has ended.
func (e *Engine) between(ctx context.Context, q *Query, f func(*dataflow)) error {
	for {
		flow := e.flowOf(q)
		err := flow.do(ctx, func() { f(flow) })
		switch {
		case !errors.Is(err, errEnded):
			return err
		case e.flowOf(q) == flow: // else it was joined into another one meanwhile
			<-q.done
			return Guard(func() error { f(nil); return nil })
		}
	}
}

// Readers returns the running queries that read the query's result.
func (e *Engine) Readers(name string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var readers []string
	for _, q := range e.queries {
		if st, _ := q.Status(); st == Running && q.spec.reads(name) {
			readers = append(readers, q.name)
		}
	}
	return readers
}

// stop ends a query between two epochs. One that is kept can go on later.
func (e *Engine) stop(ctx context.Context, q *Query) error {
	return e.leave(ctx, q, func(d *dataflow) error { return d.stop(q) })
}

// leave ends a query between two epochs, as how does.
func (e *Engine) leave(ctx context.Context, q *Query, how func(*dataflow) error) error {
	if readers := e.Readers(q.name); len(readers) > 0 {
		return readBy(q.name, readers[0])
	}
	q.abandon() // a reader that has fallen behind must not keep the epoch from its end
	var err error
	var ended *dataflow // with its last query
	berr := e.between(ctx, q, func(d *dataflow) {
		if d == nil {
			return
		}
		if err = how(d); err == nil && len(d.members) == 0 {
			ended = d
		}
	})
	if ended != nil {
		<-ended.exited // whoever goes on finds it closed
	}
	var down *downError
	if errors.As(berr, &down) {
		flow := e.flowOf(q)
		berr = flow.enter(ctx, func() error { return flow.stopDown(q) })
	}
	if berr != nil || err != nil {
		q.resume()
	}
	if berr != nil {
		return berr
	}
	return err
}

func readBy(name, reader string) error { return fmt.Errorf("%s is read by %s", name, reader) }

// Discard ends a query as soon as may be and forgets it, without waiting.
func (e *Engine) Discard(q *Query) {
	e.Forget(q)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Err() == nil {
		e.wg.Go(func() { _ = e.Drop(e.closing, q) }) // nobody is left to be told
	}
}

// ProcessAllAvailable blocks until the query has taken in and put out everything
// that its sources held when it was called.
func (e *Engine) ProcessAllAvailable(ctx context.Context, q *Query) error {
	ctx, cancel := e.open(ctx)
	defer cancel()
	var reached <-chan struct{}
	var err error
	berr := e.between(ctx, q, func(d *dataflow) {
		select {
		case <-q.done:
		default:
			reached, err = d.await(ctx)
		}
	})
	switch {
	case berr != nil:
		return e.unlessClosed(berr)
	case err != nil:
		return e.unlessClosed(err)
	case reached != nil:
		select {
		case <-reached:
		case <-q.done:
		case <-ctx.Done():
			return e.unlessClosed(ctx.Err())
		}
	}
	_, err = q.Status()
	return err
}

// Results copies the results of queries as of the last finished epoch, the same for
// those of one dataflow. Each is in its query's order, unless it is too large for one
// batch.
func (e *Engine) Results(ctx context.Context, queries []*Query) ([][]*zset.Batch, error) {
	out := make([][]*zset.Batch, len(queries))
	var err error
	if len(queries) == 1 {
		out[0], err = queries[0].presented()
		return out, err
	}
	var behind []int // which only their dataflow can read
	take := func(i int) {
		switch q := queries[i]; {
		case err != nil:
		case q.hasLeft():
			behind = append(behind, i)
		default:
			out[i], err = q.presented()
		}
	}
	taken := make([]bool, len(queries))
	for i, q := range queries {
		if taken[i] {
			continue
		}
		berr := e.between(ctx, q, func(d *dataflow) {
			for j, other := range queries {
				if j == i || !taken[j] && d != nil && e.flowOf(other) == d {
					taken[j] = true
					take(j)
				}
			}
		})
		if berr != nil || err != nil {
			return nil, errors.Join(berr, err)
		}
	}
	for _, i := range behind {
		if out[i], err = queries[i].presented(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Close stops every query after its running epoch and waits for them. Epochs that
// take longer than the grace are given up: they leave no trace.
func (e *Engine) Close() {
	e.mu.Lock()
	e.close()
	queries := slices.Clone(e.queries)
	e.mu.Unlock()
	for _, q := range queries {
		q.abandon()
	}
	grace := time.AfterFunc(e.grace, e.cancel)
	e.reopened()
	e.wg.Wait()
	grace.Stop()
	e.cancel()
}

// Guard turns a panic in f into an error, so that one query's bug does not end the
// process.
func Guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = recovered(r)
		}
	}()
	return f()
}

// recovered makes an error of a panic's value.
func recovered(r any) error {
	switch x := r.(type) {
	case *invariants.Bug:
		return x
	case *vec.Overflow:
		return x
	case *state.Fault:
		return x
	}
	if invariants.Enabled {
		panic(r)
	}
	return &panicError{fmt.Sprintf("internal error: %v\n%s", r, debug.Stack())}
}

// A panicError is of a panic.
type panicError struct{ text string }

func (e *panicError) Error() string { return e.text }
