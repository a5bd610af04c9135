package stream

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Status is what has become of a query.
type Status uint8

// The statuses.
const (
	Running Status = iota
	Finished
	Stopped
	Failed
)

// String gives the status as SHOW QUERIES prints it.
func (s Status) String() string { return [...]string{"RUNNING", "FINISHED", "STOPPED", "FAILED"}[s] }

// A Query is a handle to a running member. It may be used from any goroutine.
type Query struct {
	name   string
	spec   Spec
	engine *Engine

	mu       sync.Mutex
	flow     *dataflow // changes when dataflows are joined
	status   Status
	err      error
	progress Progress
	subs     map[*subscription]struct{}
	first    *subscription // open from the start, for the first caller of Changes
	result   *resultTable
	done     chan struct{}
	circuit  *exec.Circuit // until it ends
	dropped  bool          // with its state, when it has ended
	left     string        // the backend that an earlier process has left its state in
	resumed  int64         // the epoch behind which it goes on, -1 for none
	stats    []exec.NodeStats

	stepped   bool          // an epoch is finished
	begun     chan struct{} // closed when the first one is
	abandoned chan struct{} // closed while nobody is to be waited for
}

func newQuery(e *Engine, spec Spec) *Query {
	return &Query{
		name: spec.Name, spec: spec, engine: e, resumed: -1, subs: map[*subscription]struct{}{},
		done: make(chan struct{}), abandoned: make(chan struct{}), begun: make(chan struct{}),
	}
}

// runs tells the query what it runs in.
func (q *Query) runs(result *resultTable, c *exec.Circuit) {
	q.engine.memory.forget(q)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.result, q.circuit = result, c
}

// table is the query's result, nil where none is kept.
func (q *Query) table() *resultTable {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.result
}

// Name returns the query's name.
func (q *Query) Name() string { return q.name }

// Spec returns what the query was started with.
func (q *Query) Spec() Spec { return q.spec }

// Schema returns the columns of the output.
func (q *Query) Schema() *types.Schema { return q.spec.Schema }

// Status returns what has become of the query, and the error of a failed one.
func (q *Query) Status() (Status, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.status, q.err
}

// Progress describes the last finished epoch, and what its sources said last.
func (q *Query) Progress() Progress {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.progress
	p.Sources = slices.Clone(p.Sources)
	for i, s := range p.Sources {
		if text := s.scan.message.Load(); text != nil {
			p.Sources[i].Message = *text
		}
	}
	return p
}

// NodeStats is what one node of a query has done.
type NodeStats = exec.NodeStats

// Stats tells of each node of a query that has ended the rows that passed it, the state
// that it had, and where the Spec asks for it its time.
func (q *Query) Stats() []NodeStats {
	<-q.done
	return q.stats
}

// Begun blocks until the query's first epoch is finished: from then on its result
// is that of some input. It returns the query's error where there was none.
func (q *Query) Begun(ctx context.Context) error {
	select {
	case <-q.begun:
		return nil
	case <-q.done:
		_, err := q.Status()
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Watermark computes a watermark as of the last finished epoch: one row, nil where it is
// not known.
func (q *Query) Watermark(ctx context.Context, w exec.Watermark) (v *vec.Vec, err error) {
	berr := q.engine.between(ctx, q, func(d *dataflow) {
		if d != nil {
			v, err = q.circuit.Watermark(w)
		}
	})
	return v, errors.Join(berr, err)
}

// Done is closed when the query has ended, however it did.
func (q *Query) Done() <-chan struct{} { return q.done }

// Wait blocks until the query ends and returns why: nil where it finished or was
// stopped.
func (q *Query) Wait(ctx context.Context) error {
	select {
	case <-q.done:
		_, err := q.Status()
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ErrNoResult says that a query keeps no result table.
var ErrNoResult = errors.New("the query keeps no result table")

// Result copies the result as of the last finished epoch, in the query's order,
// and says which epoch that is.
func (q *Query) Result() (*zset.Batch, int64, error) {
	parts, epoch, err := q.parts()
	if err != nil {
		return nil, 0, err
	}
	var b *zset.Batch
	err = Guard(func() error {
		b = q.table().join(parts)
		if q.spec.Sort != nil {
			b = q.spec.Sort(b)
		}
		return nil
	})
	return b, epoch, err
}

// ResultSize is the number of rows of the result, copies counted; 0 where none is kept.
func (q *Query) ResultSize() int64 {
	if r := q.table(); r != nil {
		return r.size()
	}
	return 0
}

// presented copies the result, in the query's order where that is one batch.
func (q *Query) presented() ([]*zset.Batch, error) {
	parts, _, err := q.parts()
	if err != nil || len(parts) != 1 || q.spec.Sort == nil {
		return parts, err
	}
	err = Guard(func() error { parts[0] = q.spec.Sort(parts[0]); return nil })
	return parts, err
}

// parts copies the result in any order.
func (q *Query) parts() (batches []*zset.Batch, epoch int64, err error) {
	if q.hasLeft() {
		return q.leftBehind()
	}
	r := q.table()
	err = Guard(func() error { batches, epoch = r.snapshot(); return nil })
	return batches, epoch, err
}

// Stop ends the query after the running epoch.
func (q *Query) Stop(ctx context.Context) error {
	return q.engine.stop(ctx, q)
}

// Abort ends a query that has a dataflow to itself without waiting for the running
// epoch, which leaves no trace: that of a bounded query that nobody waits for any
// more.
func (q *Query) Abort() {
	q.engine.flowOf(q).cancel()
	<-q.done
}

// abandon lets the dataflow go on without readers that lag behind.
func (q *Query) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.abandoned:
	default:
		close(q.abandoned)
	}
}

// resume takes abandon back: the query runs on.
func (q *Query) resume() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.engine.closing.Err() == nil {
		q.abandoned = make(chan struct{})
	}
}

func (q *Query) listening() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.subs) > 0
}

// count takes the circuit's counts, while it has its state.
func (q *Query) count() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.circuit != nil {
		q.stats = q.circuit.Stats()
	}
}

// end records why the query ended and lets everyone know.
func (q *Query) end(status Status, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.done:
		return
	default:
	}
	q.status, q.err = status, err
	q.circuit = nil
	for s := range q.subs {
		close(s.ch)
	}
	q.subs = map[*subscription]struct{}{}
	close(q.done)
}
