package stream

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dustin/go-humanize"

	"github.com/sqlstream/sqlstream/state"
)

// memory is what the queries of an engine hold, and may hold. Each dataflow tells what it
// holds after each epoch.
type memory struct {
	limit atomic.Int64 // 0 for none
	total atomic.Int64

	mu    sync.Mutex
	flows map[*dataflow]int64
}

// heaviest is the operator that holds most.
type heaviest struct {
	query, operator string
	bytes           int64
}

// SetMemoryLimit sets how many bytes all queries may hold together; 0 for no limit. One
// that holds too much learns it at its next epoch's end.
func (e *Engine) SetMemoryLimit(bytes int64) { e.memory.limit.Store(bytes) }

// MemoryError says that what queries hold has outgrown the memory limit.
type MemoryError struct {
	Query, Operator string // the one that holds most
	Bytes           int64  // of it
	Total, Limit    int64
}

// Error names the operator and the ways out.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("queries hold %s of memory, more than memory_limit (%s); %s holds most, %s; raise it with SET memory_limit = …, or open a directory (--dir), where state that memory has no room for goes",
		humanize.IBytes(uint64(e.Total)), humanize.IBytes(uint64(e.Limit)), e.Operator, humanize.IBytes(uint64(e.Bytes)))
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
	for _, m := range d.members {
		held += m.held
		if m.heaviest.bytes > most.bytes {
			most = m.heaviest
		}
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
	if s, ok := d.backend.(state.Spiller); ok {
		return d.spill(s, limit-(total-held))
	}
	return &QueryError{Query: most.query, Err: &MemoryError{most.query, most.operator, most.bytes, total, limit}}
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

// spill moves state out of memory until what is left fits, as far as it can. Nobody reads
// results meanwhile.
func (d *dataflow) spill(s state.Spiller, bytes int64) error {
	rest := int64(0) // what is not state
	for _, m := range d.members {
		rest += m.held
		for _, o := range m.query.Progress().StateOperators {
			rest -= o.MemoryUsedBytes
		}
		if m.result != nil {
			m.result.mu.Lock()
			defer m.result.mu.Unlock()
		}
	}
	if err := s.Spill(max(bytes-rest, 0)); err != nil {
		return err
	}
	held := int64(0)
	for _, m := range d.members {
		held += m.weigh(m.stateOperators())
	}
	d.engine.memory.enter(d, held)
	return nil
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

// collect notes that so many more bytes of output wait for the epoch's end, and refuses
// what there is no room for: a join may put out more than any limit of input says.
func (m *member) collect(bytes int64) error {
	n := m.collected.Add(bytes)
	mem := &m.query.engine.memory
	limit, total := mem.limit.Load(), mem.total.Load()
	if limit == 0 || total+n <= limit {
		return nil
	}
	return &MemoryError{m.spec.Name, "what " + m.spec.Plan.String() + " puts out in one epoch", n, total + n, limit}
}

// weighEvery is how many batches a worker takes in before its state is weighed: a bounded
// query takes in everything in one epoch.
const weighEvery = 64

// grow weighs a worker's state now and then, and refuses to go on where it has outgrown
// the limit within the epoch.
func (m *member) grow(worker int) error {
	mem := &m.query.engine.memory
	limit := mem.limit.Load()
	if m.batches[worker]++; m.batches[worker]%weighEvery != 0 || limit == 0 || m.spills {
		return nil
	}
	var most heaviest
	now := int64(0)
	for _, u := range m.stores[worker].Usage() {
		now += u.Bytes
		if u.Bytes > most.bytes {
			most = heaviest{m.spec.Name, u.Name, u.Bytes}
		}
	}
	m.grown[worker].Store(now - m.base[worker])
	total := mem.total.Load()
	for w := range m.grown {
		total += m.grown[w].Load()
	}
	if total <= limit {
		return nil
	}
	return m.blame(&MemoryError{m.spec.Name, m.circuit.StateOwner(most.operator), most.bytes, total, limit})
}
