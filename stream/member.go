package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/zset"
)

// A member is one query of a dataflow: its circuit, and what becomes of its output.
type member struct {
	spec    Spec
	query   *Query
	circuit *exec.Circuit
	result  *resultTable  // nil where nobody asks for it
	backend state.Backend // its own; nil once its dataflow has its stores
	stores  []state.Store // one a worker
	next    time.Time     // when its output changes without input; the zero time for never
	scans   []*scan       // of its tables, until the dataflow has them
	feeds   []feed        // scans fed by other members, or by rows given

	mu     sync.Mutex                          // guards direct writes of several workers
	parts  []*zset.Builder                     // collected output, one a worker
	full   [][]*zset.Batch                     // of each worker, what no longer went into its part
	dead   map[*connectors.Table][]*zset.Batch // records that could not be read in this epoch
	direct bool                                // output goes to the sinks as it comes

	rowByRow bool // each row of the output follows from one that is read, at any time the same

	ctx     context.Context // of the epoch
	written int64           // rows put out in this epoch
	delta   []*zset.Batch   // the finished output of this epoch

	held      int64          // bytes, as of the last epoch
	heaviest  heaviest       // what holds most of them
	collected atomic.Int64   // bytes of output in parts and full
	base      []int64        // of each worker's state, as of the last epoch
	grown     []atomic.Int64 // of each worker's state since, when it was weighed last
	spills    bool           // what its state has no room for goes to disk

	batchBytes int   // of text in one batch
	most       int64 // the greatest watermark of its tables, where it goes by that

	flow    string      // the name of backend
	begins  beginning   // with what the next epoch feeds it beside changes
	was     *memberMeta // of one that goes on
	sum     *summing    // nil where nobody compares what it puts out
	cursors [][]byte    // what each sink's Prepare returned last
	ignored int64       // rows that were to be taken away, before it was opened
}

// A feed is a scan that reads another member's changes, or given rows.
type feed struct {
	node  *exec.Scan
	input int // of the Spec
	from  *member
	first []*zset.Batch // to be pushed in the next epoch, before any change
	seen  *resultTable  // what was read before the member was stopped, until it has had that epoch
}

// openStores opens a store for each worker, in a backend that its dataflow adopts, or where
// the query is not kept in one of its own.
func (m *member) openStores(e *Engine) (err error) {
	if m.spec.Kept && e.newFlow != nil {
		m.flow, m.backend, err = e.newFlow()
	} else {
		m.backend, err = e.newBackend()
	}
	if err == nil {
		err = m.backend.Settle(context.Background(), false) // there is nothing yet
	}
	if err != nil {
		return err
	}
	return m.openStoresIn(m.backend, e.workers)
}

func (m *member) openStoresIn(b state.Backend, workers int) error {
	_, m.spills = b.(state.Spiller)
	for i := range workers {
		s, err := b.Store(storeName(m.spec.Name, i))
		if err != nil {
			return fmt.Errorf("query %s: keeping the state: %w", m.spec.Name, err)
		}
		m.stores = append(m.stores, s)
	}
	return nil
}

// storeName names the store of a query's worker in a backend.
func storeName(query string, worker int) string { return fmt.Sprintf("%s/%d", query, worker) }

// open makes the member's circuit and result in the stores. What it has opened when
// it fails is for close.
func (m *member) open(batchBytes int) error {
	spec, workers := m.spec, len(m.stores)
	m.batchBytes = batchBytes
	m.full, m.grown = make([][]*zset.Batch, workers), make([]atomic.Int64, workers)
	m.base = make([]int64, workers)
	for range workers {
		m.parts = append(m.parts, zset.NewBuilder(spec.Schema))
	}
	if spec.Result || needsResult(spec) {
		r, err := openResult(m.stores[0], "result", spec.Schema, batchBytes)
		if err != nil {
			return err
		}
		m.result = r
	}
	c, err := exec.NewCircuit(spec.Plan, exec.CircuitOptions{
		Workers: workers, Stores: m.stores, EvalErrorNull: spec.EvalErrorNull, MaxRecursion: spec.MaxRecursion, Out: m.out, Check: m.grow, Clock: m.clock(),
	})
	if err != nil {
		return m.blame(err)
	}
	m.circuit, m.rowByRow = c, spec.AppendOnly && m.result == nil && exec.RowByRow(spec.Plan)
	m.query.runs(m.result, c)
	if m.result == nil && len(spec.Sinks) == 0 {
		m.query.first = m.query.newSubscription()
	}
	return nil
}

// clock is what takes the time of the member's operators, nil where nobody asks.
func (m *member) clock() func() time.Duration {
	if !m.spec.Metered {
		return nil
	}
	now := m.query.engine.now
	begun := now()
	return func() time.Duration { return now().Sub(begun) }
}

// openScans opens the member's tables, each once, however often the plan reads it, where
// they begin or where the member was.
func (m *member) openScans(ctx context.Context, env connectors.Env) error {
	for _, in := range m.spec.Inputs {
		if in.Source == nil {
			continue
		}
		at := slices.IndexFunc(m.scans, func(s *scan) bool { return s.spec.reads(in.Source) })
		if at < 0 {
			s, err := m.openScan(ctx, in.Source, env)
			if err != nil {
				return err
			}
			at, m.scans = len(m.scans), append(m.scans, s)
		}
		m.scans[at].attach(m, in.Scan)
	}
	return nil
}

func (m *member) openScan(ctx context.Context, spec *Source, env connectors.Env) (*scan, error) {
	s := newScan(spec)
	if m.spec.Kept {
		env.Query = m.spec.Fingerprint
	}
	if m.spec.GreatestWatermark && s.time != nil {
		s.time.most = &m.most
	}
	at := -1
	if m.was != nil {
		at = slices.IndexFunc(m.was.Scans, func(x scanMeta) bool { return x.part == spec.part() })
	}
	if m.was == nil || at < 0 && m.spec.Inherits != nil {
		return s, s.open(ctx, env, func() error { return s.begin(ctx, m.spec.Trigger.Ends()) })
	}
	if at < 0 {
		return nil, s.wrap(fmt.Errorf("the state of query %s does not say where it is; %s", m.spec.Name, startAnew))
	}
	return s, s.open(ctx, env, func() error { return s.goOn(ctx, &m.was.Scans[at]) })
}

// begin starts an epoch in the circuit and the sinks.
func (m *member) begin(ctx context.Context, epoch, now int64, seed uint64) error {
	m.ctx = ctx
	m.circuit.Begin(epoch, now, seed)
	for _, s := range m.spec.Sinks {
		if err := s.Sink.Begin(ctx, epoch); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// feed pushes what other members changed, and rows given at the start.
func (m *member) feed(ctx context.Context) error {
	for i := range m.feeds {
		f := &m.feeds[i]
		for _, b := range f.first {
			if err := m.pushParts(ctx, f.node, b); err != nil {
				return err
			}
		}
		f.first = nil
		if f.from == nil {
			continue
		}
		for _, b := range f.from.delta {
			if err := m.pushParts(ctx, f.node, b); err != nil {
				return err
			}
		}
		if err := m.takeWatermarks(f.from); err != nil {
			return err
		}
	}
	return nil
}

// takeWatermarks tells the circuit the watermarks of another member's result.
func (m *member) takeWatermarks(from *member) error {
	for column, w := range from.spec.Watermarks {
		v, err := from.circuit.Watermark(w)
		if err != nil {
			return err
		}
		if v != nil {
			m.circuit.SetWatermark(exec.WatermarkOf{Table: from.spec.Name, Column: column}, v)
		}
	}
	return nil
}

func (m *member) pushParts(ctx context.Context, node *exec.Scan, b *zset.Batch) error {
	worker := 0
	cols := &zset.Batch{Schema: node.Out, Len: b.Len, Weights: b.Weights}
	for _, c := range node.Columns {
		cols.Cols = append(cols.Cols, b.Cols[c])
	}
	return cols.Parts(func(part *zset.Batch) error {
		defer func() { worker = (worker + 1) % len(m.parts) }()
		return m.fault(m.circuit.Push(ctx, worker, node, part))
	})
}

// look asks the circuit when, after an epoch, its output changes without input.
func (m *member) look(now int64) {
	m.next = time.Time{}
	if at, ok := m.circuit.NextTime(now); ok {
		m.next = time.UnixMicro(at)
	}
}

// blame says which query an error belongs to.
func (m *member) blame(err error) error {
	if err == nil {
		return nil
	}
	return &QueryError{Query: m.spec.Name, Err: err}
}

// fault is blame for an error of the circuit, which the same rows will always give.
func (m *member) fault(err error) error {
	if err == nil {
		return nil
	}
	var out *outputError
	return &QueryError{Query: m.spec.Name, Err: err, Final: !errors.As(err, &out) && !errors.Is(err, context.Canceled)}
}

func (m *member) close() error {
	var first error
	for _, s := range m.scans {
		if err := s.source.Close(); err != nil && first == nil {
			first = err
		}
	}
	for _, s := range m.spec.Sinks {
		if err := s.Sink.Close(); err != nil && first == nil {
			first = err
		}
	}
	if m.result != nil {
		e := m.query.engine
		err := Guard(func() error { e.keepResult(m.query, m.result.leave(e.memory.room(&m.spec))); return nil })
		if err != nil && first == nil {
			first = err
		}
	}
	for _, st := range m.stores {
		if err := st.Close(); err != nil && first == nil {
			first = err
		}
	}
	if m.backend != nil {
		if err := m.backend.Remove(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// A QueryError is an error that stopped a query.
type QueryError struct {
	Query string
	Err   error
	Final bool // the same input gives the same error: it does not help to begin again
}

// Error names the query.
func (e *QueryError) Error() string { return fmt.Sprintf("query %s: %v", e.Query, e.Err) }

// Unwrap gives the cause.
func (e *QueryError) Unwrap() error { return e.Err }
