package exec

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Circuit is a plan running in one or more workers, each with its own operators,
// state and memory. Rows cross from one worker to another only at an Exchange.
type Circuit struct {
	nodes   []node // inputs before those that read them
	scans   map[*Scan]int
	levels  int // of exchanges: a node at level n has n exchanges below it
	workers []*worker
	stores  []state.Store
	out     func(worker int, delta *zset.Batch) error
	check   func(worker int) error

	watermarks *watermarks
}

// A node is a plan's place in the circuit, the same in every worker.
type node struct {
	plan  Plan
	outs  []edge
	level int
}

type edge struct{ to, port int }

// CircuitOptions say how a circuit is instantiated.
type CircuitOptions struct {
	Workers       int           // at least 1
	Stores        []state.Store // one for each worker
	EvalErrorNull bool
	MaxRecursion  int                  // rounds of a Recursive in an epoch; 0 is DefaultMaxRecursion
	Clock         func() time.Duration // takes each operator's time; nil for none taken
	// Out receives the root's deltas, from several workers at once. The batch is
	// good until it returns.
	Out func(worker int, delta *zset.Batch) error
	// Check, where it is not nil, is called by each worker every CheckEvery batches that
	// pass between its operators; an error ends the epoch.
	Check func(worker int) error

	// Of the worker that a circuit within another runs in, and the node.
	asides *[]*aside
	hold   func(bytes int64)
}

// NewCircuit opens the plan in every worker.
func NewCircuit(root Plan, o CircuitOptions) (*Circuit, error) {
	c := &Circuit{
		scans: map[*Scan]int{}, stores: o.Stores, out: o.Out, check: o.Check,
		watermarks: &watermarks{values: map[WatermarkOf]*vec.Vec{}},
	}
	c.place(root, map[Plan]int{})
	for w := range max(o.Workers, 1) {
		wk := &worker{circuit: c, index: w, transit: make(transit, len(c.nodes))}
		asides := o.asides
		if asides == nil {
			asides = &wk.asides
		}
		if o.Clock != nil {
			wk.meter = &meter{clock: o.Clock, at: -1, spent: make([]time.Duration, len(c.nodes))}
		}
		for i, n := range c.nodes {
			hold := o.hold
			if hold == nil {
				hold = wk.transit.hold(i)
			}
			op, err := n.plan.Open(&Env{
				Worker: w, Workers: max(o.Workers, 1), State: o.Stores[w],
				Name: stateName(n.plan, i), EvalErrorNull: o.EvalErrorNull, MaxRecursion: o.MaxRecursion, asides: asides,
				watermarks: c.watermarks, hold: hold, check: o.Check,
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", n.plan, err)
			}
			if x, ok := op.(*exchange); ok {
				x.worker, x.node = wk, i
			}
			if x, ok := op.(timed); ok {
				wk.timed = append(wk.timed, x)
			}
			if wk.meter != nil {
				op = &metered{op, wk.meter, i}
			}
			wk.ops = append(wk.ops, op)
			wk.stats = append(wk.stats, &NodeStats{})
		}
		wk.steps = make([]Step, len(c.nodes))
		c.workers = append(c.workers, wk)
	}
	return c, nil
}

// place numbers the plan's nodes, inputs first, a shared node once.
func (c *Circuit) place(p Plan, seen map[Plan]int) int {
	if at, ok := seen[p]; ok {
		return at
	}
	level := 0
	var from []int
	for _, in := range p.Inputs() {
		at := c.place(in, seen)
		from = append(from, at)
		level = max(level, c.nodes[at].level)
	}
	if _, ok := p.(*Exchange); ok {
		level++
	}
	at := len(c.nodes)
	seen[p] = at
	c.nodes = append(c.nodes, node{plan: p, level: level})
	c.levels = max(c.levels, level)
	if s, ok := p.(*Scan); ok {
		c.scans[s] = at
	}
	for port, f := range from {
		c.nodes[f].outs = append(c.nodes[f].outs, edge{at, port})
	}
	return at
}

// Begin starts an epoch in all workers.
func (c *Circuit) Begin(epoch, now int64, seed uint64) {
	for n, w := range c.workers {
		w.mem.Reset()
		for i := range w.steps {
			w.steps[i] = Step{
				Epoch: epoch, Now: now, Seed: seed ^ uint64(n)<<54 ^ uint64(i)<<32, Mem: &w.mem,
				Emit: func(b *zset.Batch) error { return w.emit(i, b) },
			}
		}
	}
}

// Push applies rows of a table in one worker. Calls for the same worker must not
// overlap; those for different ones may. The batch has at most vec.BatchRows rows.
func (c *Circuit) Push(ctx context.Context, worker int, scan *Scan, b *zset.Batch) error {
	w := c.workers[worker]
	w.ctx = ctx
	at, ok := c.scans[scan]
	if !ok {
		return fmt.Errorf("no scan of %s in this circuit", scan.Table)
	}
	mark := w.mem.Mark()
	defer w.mem.Release(mark)
	w.stats[at].RowsIn += int64(b.Len)
	if scan.zoned() { // what is read is in UTC
		b = b.Retyped(scan.Out)
	}
	if err := w.emit(at, b); err != nil {
		return err
	}
	_, err := w.drain()
	return err
}

// Finish ends the epoch: operators put out what they held back, those before an
// exchange in all workers before those behind it.
func (c *Circuit) Finish(ctx context.Context) error {
	for _, w := range c.workers {
		w.ctx = ctx
	}
	for level := 0; level <= c.levels; level++ {
		if err := c.settle(); err != nil {
			return err
		}
		if err := c.each(func(w *worker) error { return w.finish(level) }); err != nil {
			return err
		}
	}
	if err := c.settle(); err != nil {
		return err
	}
	for _, w := range c.workers {
		w.heirs = nil
	}
	return c.look()
}

// Memory is the bytes of the workers' memory for batches. It must not be called while an
// epoch runs.
func (c *Circuit) Memory() int64 {
	n := int64(0)
	for _, w := range c.workers {
		n += w.mem.Size()
	}
	return n
}

// NextTime returns the next time after now, in microseconds since 1970-01-01 UTC, at which
// the output changes without input, false for none: an epoch has to run then. It is asked
// between epochs.
func (c *Circuit) NextTime(now int64) (int64, bool) {
	next, some := int64(0), false
	for _, w := range c.workers {
		for _, x := range w.timed {
			if at, ok := x.next(now); ok && (!some || at < next) {
				next, some = at, true
			}
		}
	}
	return next, some
}

// A timed operator puts out changes when time has come, without input.
type timed interface {
	// next is the next time after now at which it does; false for none.
	next(now int64) (int64, bool)
}

// settle delivers what lies in inboxes until none holds anything.
func (c *Circuit) settle() error {
	for len(c.workers) > 1 {
		var moved atomic.Bool
		err := c.each(func(w *worker) error {
			any, err := w.drain()
			if any {
				moved.Store(true)
			}
			return err
		})
		if err != nil || !moved.Load() {
			return err
		}
	}
	return nil
}

// each runs f for every worker, side by side where there are several. A panic in
// one comes back in the caller.
func (c *Circuit) each(f func(*worker) error) error {
	if len(c.workers) == 1 {
		return f(c.workers[0])
	}
	errs := make([]error, len(c.workers))
	panics := make([]any, len(c.workers))
	var wg sync.WaitGroup
	for i, w := range c.workers {
		wg.Go(func() {
			defer func() { panics[i] = recover() }()
			errs[i] = f(w)
		})
	}
	wg.Wait()
	for i := range errs {
		if panics[i] != nil {
			panic(panics[i])
		}
		if errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}

// A worker is one instance of the circuit.
type worker struct {
	circuit *Circuit
	index   int
	ctx     context.Context // of the Push or Finish that runs
	ops     []Operator
	steps   []Step
	timed   []timed // the operators that time moves
	stats   []*NodeStats
	mem     vec.Mem
	emitted uint // batches
	transit transit
	heirs   []bool // by node, in an epoch of Inherit: what begins with all its rows

	mu    sync.Mutex
	inbox []parcel

	asides []*aside
	meter  *meter // nil where no time is taken
}

// A parcel is rows on their way to another worker.
type parcel struct {
	from  *exchange // they come out of the same node here
	rows  *zset.Builder
	bytes int64
}

// CheckEvery is after how many batches of a worker Check is called.
const CheckEvery = 64

// emit hands a node's output to the nodes that read it, or out.
func (w *worker) emit(at int, b *zset.Batch) error {
	if b.Len == 0 {
		return nil
	}
	w.stats[at].RowsOut += int64(b.Len)
	if w.emitted++; w.emitted%CheckEvery == 0 && w.circuit.check != nil {
		if err := w.circuit.check(w.index); err != nil {
			return err
		}
	}
	n := &w.circuit.nodes[at]
	if len(n.outs) == 0 {
		return w.circuit.out(w.index, b)
	}
	for _, e := range n.outs {
		if w.heirs != nil && w.heirs[e.to] {
			continue // it has these rows
		}
		mark := w.mem.Mark()
		w.stats[e.to].RowsIn += int64(b.Len)
		if err := w.ops[e.to].Apply(w.ctx, &w.steps[e.to], e.port, b); err != nil {
			return err
		}
		w.mem.Release(mark)
	}
	return nil
}

func (w *worker) finish(level int) error {
	for i, n := range w.circuit.nodes {
		if n.level != level {
			continue
		}
		mark := w.mem.Mark()
		if err := w.ops[i].Finish(w.ctx, &w.steps[i]); err != nil {
			return err
		}
		w.mem.Release(mark)
	}
	return nil
}

// drain lets in what other workers sent, and reports whether there was anything.
func (w *worker) drain() (bool, error) {
	w.mu.Lock()
	parcels := w.inbox
	w.inbox = nil
	w.mu.Unlock()
	for _, p := range parcels {
		if err := p.rows.Build().Parts(func(b *zset.Batch) error { return w.emit(p.from.node, b) }); err != nil {
			return true, err
		}
		w.transit[p.from.node].Add(-p.bytes)
		p.from.arrived(p.rows)
	}
	return len(parcels) > 0, nil
}

func (w *worker) deliver(p parcel) {
	p.bytes = int64(p.rows.Size())
	w.transit[p.from.node].Add(p.bytes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inbox = append(w.inbox, p)
}
