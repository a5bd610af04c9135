package stream

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/remedy"
	"github.com/sqlstream/sqlstream/zset"
)

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
	if err := m.sum.add(b); err != nil {
		return err
	}
	for _, s := range m.spec.Sinks {
		if s.DeadLetters != nil {
			continue
		}
		if err := s.Sink.Write(m.ctx, b); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// failed is an error of the output's sink.
func (o Output) failed(err error) error { return &outputError{o.Name, o.Table.Hide(err)} }

// An outputError is of a sink: another time it may be gone.
type outputError struct {
	sink string
	err  error
}

func (e *outputError) Error() string { return fmt.Sprintf("%s: %v", e.sink, remedy.With(e.err)) }
func (e *outputError) Unwrap() error { return e.err }

// settle turns what the workers collected into the epoch's delta: as it came
// where rows are only added, otherwise each row once with its net weight.
func (m *member) settle() error {
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
		if err := m.sum.add(b); err != nil {
			return err
		}
	}
	return nil
}

// publish applies the epoch, as people count it, to the result table and writes it to the
// sinks, which do not show it yet.
func (m *member) publish(ctx context.Context, batch int64) error {
	if m.result != nil {
		if err := m.result.apply(batch, m.delta); err != nil {
			return err
		}
		if err := m.checkLimit(); err != nil {
			return err
		}
	}
	m.cursors = m.cursors[:0]
	for _, s := range m.spec.Sinks {
		if err := m.write(ctx, s); err != nil {
			return s.failed(err)
		}
		cursor, err := s.Sink.Prepare(ctx)
		if err != nil {
			return s.failed(err)
		}
		m.cursors = append(m.cursors, cursor)
	}
	return nil
}

// commit has some of the sinks show the epoch.
func (m *member) commit(ctx context.Context, epoch int64, which func(Output) bool) error {
	for _, s := range m.spec.Sinks {
		if !which(s) {
			continue
		}
		if err := s.Sink.Commit(ctx, epoch); err != nil {
			return m.blame(s.failed(err))
		}
	}
	return nil
}

func (m *member) write(ctx context.Context, s Output) error {
	batches := m.delta
	switch {
	case s.DeadLetters != nil:
		batches = m.dead[s.DeadLetters]
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

// mayWriteAtOnce reports that the output can go to the sinks batch by batch:
// rows are only added, and nobody wants the epoch as a whole.
func (m *member) mayWriteAtOnce() bool {
	if !m.spec.AppendOnly || m.result != nil || m.query.listening() {
		return false
	}
	for _, out := range m.spec.Sinks {
		if out.Mode == connectors.Complete {
			return false
		}
	}
	return true
}
