package stream

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dustin/go-humanize"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// memory is what the queries of an engine hold, and may hold. Each dataflow tells what it
// holds after each epoch.
type memory struct {
	limit atomic.Int64 // 0 for none
	total atomic.Int64

	mu      sync.Mutex
	flows   map[*dataflow]int64
	results map[*Query]int64 // of queries that have ended
}

// unbounded is what no limit says.
const unbounded = 1 << 62

// heaviest is the operator that holds most.
type heaviest struct {
	query, operator string
	bytes           int64
}

// SetMemoryLimit sets how many bytes all queries may hold together; 0 for no limit. One
// that holds too much learns it at its next epoch's end.
func (e *Engine) SetMemoryLimit(bytes int64) { e.memory.limit.Store(bytes) }

// openKept opens the backend of a dataflow that is kept. What it has from before takes no
// more than half of the limit.
func (e *Engine) openKept(flow string) (state.Backend, error) {
	b, err := e.openFlow(flow)
	if s, ok := b.(state.Spiller); ok && err == nil {
		s.Limit(e.memory.limit.Load() / 2)
	}
	return b, err
}

// MemoryError says that what queries hold has outgrown the memory limit.
type MemoryError struct {
	Query, Operator string // the one that holds most
	Bytes           int64  // of it
	Total, Limit    int64
	Way             string // another one out than to raise the limit
}

// The ways out.
const (
	otherPlace = "open a directory (--dir), where state that memory has no room for goes"
	inEpochs   = "read it in epochs, between which state can leave memory: EMIT TRIGGER AVAILABLE NOW"
	lessInput  = "let an epoch take in less with SET max_rows_per_trigger = …"
)

// Error names the operator and the ways out.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("queries hold %s of memory, more than memory_limit (%s); %s holds most, %s; raise it with SET memory_limit = …, or %s",
		humanize.IBytes(uint64(e.Total)), humanize.IBytes(uint64(e.Limit)), e.Operator, humanize.IBytes(uint64(e.Bytes)), e.Way)
}

// bound is how much an epoch takes in at most where there is little memory: each row may
// bring in state, which stays until the epoch's end.
func (m *memory) bound(l Limits) Limits {
	const perRow, part = 1 << 10, 4 // of the limit
	if limit := m.limit.Load(); limit > 0 && l.MaxRows < unbounded {
		l.MaxRows = min(l.MaxRows, max(limit/perRow, vec.BatchRows))
		l.MaxBytes = min(l.MaxBytes, max(limit/part, 1<<20))
	}
	return l
}

// smallResult is what the result of a query that has ended may take whatever there is.
const smallResult = 2 << 20

// room is how much more the result of a query that has ended may take. What is kept can be
// read where its state is, and whoever asked a bounded query has room for its answer.
func (m *memory) room(s *Spec) int64 {
	limit := m.limit.Load()
	least := limit / 8
	switch {
	case limit == 0:
		return math.MaxInt64
	case s.Trigger.Once:
		least = growth(limit)
	case !s.Kept:
		least = max(least, smallResult)
	}
	return max(limit-m.total.Load(), least)
}

// keepResult notes what a result holds whose query has ended, until that is forgotten.
func (e *Engine) keepResult(q *Query, bytes int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.queries, q) {
		return
	}
	m := &e.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.results == nil {
		m.results = map[*Query]int64{}
	}
	m.total.Add(bytes - m.results[q])
	m.results[q] = bytes
}

// forget notes that nobody can read the result of a query any more, or that it runs again.
func (m *memory) forget(q *Query) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total.Add(-m.results[q])
	delete(m.results, q)
}

// weigh adds up what the member holds: its state and its memory for batches.
func (m *member) weigh(operators []OperatorProgress) int64 {
	m.held, m.heaviest = m.circuit.Memory(), heaviest{query: m.spec.Name, operator: "memory for batches"}
	for _, p := range m.parts {
		m.held += int64(p.Size())
	}
	m.heaviest.bytes = m.held
	defer m.heaviest.clarify()
	for _, o := range operators {
		m.held += o.MemoryUsedBytes
		if o.MemoryUsedBytes > m.heaviest.bytes {
			m.heaviest.operator, m.heaviest.bytes = o.OperatorName, o.MemoryUsedBytes
		}
	}
	return m.held
}

// clarify names the table that is not an operator's.
func (h *heaviest) clarify() {
	if h.operator == "result" {
		h.operator = "the result table"
	}
}

// weigh looks, between two epochs, whether all queries together hold more than they may.
// The dataflow that holds most then makes room, or ends.
func (d *dataflow) weigh() error {
	held, most := int64(0), heaviest{}
	spiller, spills := d.backend.(state.Spiller)
	for _, m := range d.members {
		held += m.held
		m.spills = spills
		if m.heaviest.bytes > most.bytes {
			most = m.heaviest
		}
	}
	if spills {
		held += spiller.Held()
	}
	e := d.engine
	total, largest := e.memory.enter(d, held)
	limit := e.memory.limit.Load()
	if limit == 0 || total <= limit {
		return nil
	}
	if largest != d { // it may have no epoch soon
		e.tell(largest)
		return nil
	}
	if spills {
		return d.spill(spiller, limit-(total-held))
	}
	return &QueryError{Query: most.query, Err: &MemoryError{most.query, most.operator, most.bytes, total, limit, otherPlace}}
}

// tell has a dataflow look at what it holds, before its next epoch.
func (e *Engine) tell(d *dataflow) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Err() == nil {
		e.wg.Go(func() {
			_ = d.do(e.closing, func() { d.over = d.weigh() }) // one that has ended holds nothing
		})
	}
}

// spill moves state out of memory until all that the dataflow holds is no more than so many
// bytes, as far as it can. What the next checkpoint is to write cannot leave: where it is
// too much, that comes soon.
func (d *dataflow) spill(s state.Spiller, bytes int64) error {
	rest := s.Held() // what is not state
	for _, m := range d.members {
		rest += m.held
		for _, o := range m.query.Progress().StateOperators {
			rest -= o.MemoryUsedBytes
		}
	}
	room := max(bytes-rest, bytes/4)
	unlock := d.lockResults()
	err := Guard(func() error { return s.Spill(room) })
	unlock()
	if err != nil {
		return d.lasting(err)
	}
	held, left := s.Held(), int64(0)
	for _, m := range d.members {
		operators := m.stateOperators()
		held += m.weigh(operators)
		for _, o := range operators {
			left += o.MemoryUsedBytes
		}
	}
	d.crowded = left > room
	d.engine.memory.enter(d, held)
	return nil
}

// lockResults keeps everybody from reading results, which may bring rows into memory.
func (d *dataflow) lockResults() (unlock func()) {
	for _, m := range d.members {
		if m.result != nil {
			m.result.mu.Lock()
		}
	}
	return func() {
		for _, m := range d.members {
			if m.result != nil {
				m.result.mu.Unlock()
			}
		}
	}
}

// enter notes what a dataflow holds, and returns what all do and which holds most.
func (m *memory) enter(d *dataflow, bytes int64) (total int64, largest *dataflow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.flows == nil {
		m.flows = map[*dataflow]int64{}
	}
	m.flows[d] = bytes
	largest = d
	for _, n := range m.results {
		total += n
	}
	for f, n := range m.flows {
		total += n
		if n > m.flows[largest] {
			largest = f
		}
	}
	m.total.Store(total)
	return total, largest
}

// leave forgets a dataflow that has ended.
func (m *memory) leave(d *dataflow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total.Add(-m.flows[d])
	delete(m.flows, d)
}

// slack is how much more than the limit an epoch may take before it is stopped within, in a
// dataflow that makes room at its end.
func slack(limit int64) int64 { return max(limit/2, 64<<20) }

// growth is from when on what an epoch adds is stopped within the epoch: for less, those that
// hold much make room or end at an epoch's end.
func growth(limit int64) int64 { return max(limit/8, 16<<20) }

// collect notes that so many more bytes of output wait for the epoch's end, and refuses
// what there is no room for: a join may put out more than any limit of input says.
func (m *member) collect(bytes int64) error {
	n := m.collected.Add(bytes)
	mem := &m.query.engine.memory
	limit, total := mem.limit.Load(), mem.total.Load()
	most := limit
	if m.spills {
		most += slack(limit)
	}
	if limit == 0 || total+n <= most || n < growth(limit) {
		return nil
	}
	return &MemoryError{m.spec.Name, "what " + m.spec.Plan.String() + " puts out in one epoch", n, total + n, limit, lessInput}
}

// grow weighs a worker's state within an epoch, and what is on its way there, and refuses to
// go on where that has outgrown the limit: a bounded query takes in everything in one epoch,
// and a join or a recursion may make much of little.
func (m *member) grow(worker int) error {
	mem := &m.query.engine.memory
	limit := mem.limit.Load()
	if limit == 0 {
		return nil
	}
	bound, way := limit, otherPlace
	switch {
	case m.spills && m.spec.Trigger.Once:
		way = inEpochs
	case m.spills: // state leaves memory at the epoch's end
		bound, way = limit+slack(limit), lessInput
	}
	if r := m.query.table(); r != nil && worker == 0 { // whose store has the result, too
		if !r.mu.TryLock() {
			return nil // somebody reads it, and rows come into memory for that
		}
		defer r.mu.Unlock()
	}
	var most heaviest
	now := int64(0)
	for _, u := range m.stores[worker].Usage() {
		now += u.Bytes
		if u.Bytes > most.bytes {
			most = heaviest{m.spec.Name, u.Name, u.Bytes}
		}
	}
	transit, node, bytes := m.circuit.Transit(worker)
	now += transit
	if bytes > most.bytes {
		most, way = heaviest{m.spec.Name, node, bytes}, lessInput
	}
	m.grown[worker].Store(now - m.base[worker])
	grown := int64(0)
	for w := range m.grown {
		grown += m.grown[w].Load()
	}
	total := mem.total.Load() + grown
	if total <= bound || grown < growth(limit) {
		return nil
	}
	return &MemoryError{m.spec.Name, m.circuit.StateOwner(most.operator), most.bytes, total, limit, way}
}
