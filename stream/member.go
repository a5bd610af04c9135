package stream

import (
	"context"
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
	backend state.Backend // that it begins with
	stores  []state.Store // one a worker
	next    time.Time     // when its output changes without input; the zero time for never
	scans   []*scan       // of its tables, until the dataflow has them
	feeds   []feed        // scans fed by other members, or by rows given

	mu      sync.Mutex      // guards direct writes of several workers
	parts   []*zset.Builder // collected output, one a worker
	full    [][]*zset.Batch // of each worker, what no longer went into its part
	direct  bool            // output goes to the sinks as it comes
	ctx     context.Context // of the epoch
	written int64           // rows put out in this epoch
	delta   []*zset.Batch   // the finished output of this epoch

	held      int64          // bytes, as of the last epoch
	heaviest  heaviest       // what holds most of them
	collected atomic.Int64   // bytes of output in parts and full
	base      []int64        // of each worker's state, as of the last epoch
	grown     []atomic.Int64 // of each worker's state since, when it was weighed last
	batches   []int          // that each worker has taken in
	spills    bool           // what its state has no room for goes to disk

	batchBytes int   // of text in one batch
	most       int64 // the greatest watermark of its tables, where it goes by that
}

// A feed is a scan that reads another member's changes, or given rows.
type feed struct {
	node  *exec.Scan
	from  *member
	first []*zset.Batch // to be pushed in the next epoch, before any change
}

// openStores opens a store for each worker, in a backend that its dataflow adopts.
func (m *member) openStores(e *Engine) (err error) {
	if m.backend, err = e.newBackend(); err != nil {
		return err
	}
	for i := range e.workers {
		s, err := m.backend.Store(m.storeName(i))
		if err != nil {
			return err
		}
		m.stores = append(m.stores, s)
	}
	return nil
}

// storeName names the store of a worker in the dataflow's backend.
func (m *member) storeName(worker int) string { return fmt.Sprintf("%s/%d", m.spec.Name, worker) }

// open makes the member's circuit and result in the stores. What it has opened when
// it fails is for close.
func (m *member) open(batchBytes int) error {
	spec, workers := m.spec, len(m.stores)
	m.batchBytes = batchBytes
	m.full, m.grown = make([][]*zset.Batch, workers), make([]atomic.Int64, workers)
	m.base, m.batches = make([]int64, workers), make([]int, workers)
	_, m.spills = m.backend.(state.Spiller)
	for range workers {
		m.parts = append(m.parts, zset.NewBuilder(spec.Schema))
	}
	if spec.Result || needsResult(spec) {
		r, err := openResult(m.stores[0], spec.Schema, batchBytes)
		if err != nil {
			return err
		}
		m.result = r
	}
	c, err := exec.NewCircuit(spec.Plan, exec.CircuitOptions{
		Workers: workers, Stores: m.stores, EvalErrorNull: spec.EvalErrorNull, MaxRecursion: spec.MaxRecursion, Out: m.out, Clock: m.clock(),
	})
	if err != nil {
		return m.blame(err)
	}
	m.circuit = c
	m.query.result, m.query.circuit = m.result, c
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

// openScans opens the member's tables, each once, however often the plan reads it.
func (m *member) openScans(ctx context.Context, env connectors.Env) error {
	if m.spec.Kept {
		env.Query = m.spec.Name
	}
	for _, in := range m.spec.Inputs {
		if in.Source == nil {
			continue
		}
		at := slices.IndexFunc(m.scans, func(s *scan) bool { return s.spec.reads(in.Source) })
		if at < 0 {
			s, err := openScan(ctx, in.Source, m.spec.Trigger.Ends(), env)
			if err != nil {
				return err
			}
			if m.spec.GreatestWatermark && s.time != nil {
				s.time.most = &m.most
			}
			at, m.scans = len(m.scans), append(m.scans, s)
		}
		m.scans[at].attach(m, in.Scan)
	}
	return nil
}

func needsResult(spec Spec) bool {
	if spec.Mode == connectors.Complete {
		return true
	}
	for _, out := range spec.Sinks {
		if out.Mode == connectors.Complete {
			return true
		}
	}
	return false
}

// out receives the root's deltas, from all workers at once.
func (m *member) out(worker int, b *zset.Batch) error {
	if !m.direct {
		if p := m.parts[worker]; !p.Room(b, m.batchBytes) {
			m.full[worker] = append(m.full[worker], p.Build())
			m.parts[worker] = zset.NewBuilder(m.spec.Schema)
		}
		p := m.parts[worker]
		before := p.Size()
		p.Append(b, nil)
		return m.collect(int64(p.Size() - before))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.written += int64(b.Len)
	for _, s := range m.spec.Sinks {
		if err := s.Sink.Write(m.ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// settle turns what the workers collected into the epoch's delta: as it came
// where rows are only added, otherwise each row once with its net weight.
func (m *member) settle() {
	m.delta = m.delta[:0]
	for w, p := range m.parts {
		m.delta = append(m.delta, m.full[w]...)
		if p.Len() > 0 {
			m.delta = append(m.delta, p.Build())
		}
	}
	if !m.spec.AppendOnly && len(m.delta) > 0 {
		m.delta = zset.Split(m.batchBytes, m.delta...)
	}
	for _, b := range m.delta {
		m.written += int64(b.Len)
	}
}

// publish applies the epoch to the result table and the sinks, and commits.
func (m *member) publish(ctx context.Context, epoch int64) error {
	if m.result != nil {
		if err := m.result.apply(epoch-1, m.delta); err != nil {
			return err
		}
		if err := m.checkLimit(); err != nil {
			return err
		}
	}
	for _, s := range m.spec.Sinks {
		if err := m.write(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if _, err := s.Sink.Prepare(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	for _, s := range m.spec.Sinks {
		if err := s.Sink.Commit(ctx, epoch); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func (m *member) write(ctx context.Context, s Output) error {
	batches := m.delta
	switch {
	case s.Mode == connectors.Complete:
		batches, _ = m.result.snapshot()
		if m.spec.Sort != nil {
			batches = []*zset.Batch{m.spec.Sort(m.result.join(batches))}
		}
	case m.direct:
		return nil // written as it came
	}
	for _, b := range batches {
		if err := s.Sink.Write(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// checkLimit stops a query whose complete result has outgrown what was allowed.
func (m *member) checkLimit() error {
	if m.spec.RowLimit <= 0 || !needsResult(m.spec) {
		return nil
	}
	if n := m.result.size(); n > m.spec.RowLimit {
		return fmt.Errorf("the complete result has %d rows, more than result_row_limit (%d); raise it with SET result_row_limit = …, or use EMIT UPDATE", n, m.spec.RowLimit)
	}
	return nil
}

// reset forgets the epoch's output; its memory serves the next.
func (m *member) reset() {
	for w, p := range m.parts {
		m.full[w] = nil
		p.Reset()
	}
	m.delta, m.written = m.delta[:0], 0
	m.collected.Store(0)
	for w := range m.grown {
		m.grown[w].Store(0)
	}
}

// begin starts an epoch in the circuit and the sinks.
func (m *member) begin(ctx context.Context, epoch, now int64, seed uint64) error {
	m.ctx = ctx
	m.circuit.Begin(epoch, now, seed)
	for _, s := range m.spec.Sinks {
		if err := s.Sink.Begin(ctx, epoch); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
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
		for column, w := range f.from.spec.Watermarks {
			v, err := f.from.circuit.Watermark(w)
			if err != nil {
				return err
			}
			if v != nil {
				m.circuit.SetWatermark(exec.WatermarkOf{Table: f.from.spec.Name, Column: column}, v)
			}
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
		if err := m.circuit.Push(ctx, worker, node, part); err != nil {
			return m.blame(err)
		}
		return m.grow(worker)
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
	for _, st := range m.stores {
		if err := st.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// A QueryError is an error that stopped a query.
type QueryError struct {
	Query string
	Err   error
}

// Error names the query.
func (e *QueryError) Error() string { return fmt.Sprintf("query %s: %v", e.Query, e.Err) }

// Unwrap gives the cause.
func (e *QueryError) Unwrap() error { return e.Err }
