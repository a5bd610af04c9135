package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// An epochPlan is what one epoch reads: explicit ranges, which reading may cut down
// where records are longer than was thought. What is left of them when the epoch ends
// gives the same rows when it is read again.
type epochPlan struct {
	ranges  [][]connectors.Range // by scan
	looking time.Duration
}

func (p *epochPlan) empty() bool {
	for _, r := range p.ranges {
		if len(r) > 0 {
			return false
		}
	}
	return true
}

func (d *dataflow) plan() (*epochPlan, error) {
	begun := d.engine.now()
	p := &epochPlan{ranges: make([][]connectors.Range, len(d.scans))}
	limits := d.limits()
	ctx, cancel := d.waiting()
	defer cancel()
	for i, s := range d.scans {
		ranges, err := s.plan(ctx, limits, d.twin(s))
		if err != nil {
			return nil, err
		}
		p.ranges[i] = ranges
	}
	p.looking = max(d.engine.now().Sub(begun), 0)
	return p, nil
}

// limits is what each scan may take in: an equal share of what the strictest
// member allows.
func (d *dataflow) limits() Limits {
	l := Limits{MaxRows: 1 << 62, MaxBytes: 1 << 62}
	for _, m := range d.members {
		if m.spec.Trigger.Once {
			continue
		}
		if n := m.spec.Limits.MaxRows; n > 0 {
			l.MaxRows = min(l.MaxRows, n)
		}
		if n := m.spec.Limits.MaxBytes; n > 0 {
			l.MaxBytes = min(l.MaxBytes, n)
		}
	}
	n := int64(max(len(d.scans), 1))
	return Limits{MaxRows: max(l.MaxRows/n, 1), MaxBytes: max(l.MaxBytes/n, 1)}
}

// runEpoch reads, computes, and publishes one epoch in all members.
func (d *dataflow) runEpoch(p *epochPlan) error {
	d.epoch++
	d.force = false
	begun := d.engine.now()
	d.last = begun
	now := begun.UnixMicro()
	for _, m := range d.members {
		m.direct = m.mayWriteAtOnce()
		if err := m.begin(d.ctx, d.epoch, now, d.seed+uint64(d.epoch)*0x9E3779B97F4A7C15); err != nil {
			return err
		}
	}
	for i, s := range d.scans {
		s.now = now
		s.time.begin(s.pos, p.ranges[i], begun)
	}
	if err := d.readAll(p); err != nil {
		return err
	}
	for i, s := range d.scans {
		for _, r := range p.ranges[i] {
			s.pos[r.Split] = r.To
		}
		s.time.advance(s, begun)
	}
	for _, s := range d.scans {
		s.tellWatermark(begun)
	}
	for _, m := range d.members {
		if err := m.feed(d.ctx); err != nil {
			return err
		}
		if err := m.circuit.Finish(d.ctx); err != nil {
			return m.blame(err)
		}
		m.settle()
		m.look(now)
	}
	computed := d.engine.now()
	for _, m := range d.members {
		if err := m.publish(d.ctx, d.epoch); err != nil {
			return m.blame(err)
		}
	}
	if err := d.tell(p, begun, computed); err != nil {
		return err
	}
	if err := d.weigh(); err != nil {
		return err
	}
	if err := d.mergeScans(); err != nil {
		return err
	}
	d.notifyReached()
	return nil
}

// readAll spreads the ranges over the workers and runs them side by side.
func (d *dataflow) readAll(p *epochPlan) error {
	workers := d.engine.workers
	type job struct {
		s *scan
		r *connectors.Range
	}
	jobs := make([][]job, workers)
	next := 0
	for i, s := range d.scans {
		if len(p.ranges[i]) == 0 {
			continue
		}
		if err := s.openLanes(workers); err != nil {
			return err
		}
		for k := range p.ranges[i] {
			jobs[next%workers] = append(jobs[next%workers], job{s, &p.ranges[i][k]})
			next++
		}
	}
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w, list := range jobs {
		wg.Go(func() {
			for _, j := range list {
				if err := Guard(func() error { return j.s.read(ctx, w, j.r) }); err != nil {
					errs[w] = err
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	return firstReal(errs)
}

// firstReal prefers the error that made the others stop.
func firstReal(errs []error) error {
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// tell reports the epoch to progress listeners and subscribers, and makes ready
// for the next.
func (d *dataflow) tell(p *epochPlan, begun, computed time.Time) error {
	var sources []SourceProgress
	var rows int64
	for i, s := range d.scans {
		n, bad := s.take()
		rows += n
		start, end := maps.Clone(s.pos), maps.Clone(s.pos)
		for _, r := range p.ranges[i] {
			start[r.Split] = r.From
		}
		for i, b := range bad {
			if i == 0 {
				d.engine.notice(fmt.Sprintf("table %s: bad record %v (%d so far)", s.spec.Table.Name, &b, s.bad))
			}
		}
		s.tellLate(d.engine.notice)
		sources = append(sources, SourceProgress{
			Description: s.name(), StartOffset: start, EndOffset: end,
			LatestOffset: maps.Clone(s.latest), NumInputRows: n, BadRecords: s.bad, EventTime: s.eventTime(), scan: s, readers: s.readers(),
		})
	}
	d.total += rows
	ended := d.engine.now()
	took := max(ended.Sub(begun), 0) + p.looking // a clock may be set back
	for _, m := range d.members {
		pr := Progress{
			Name: m.spec.Name, Timestamp: begun.UTC(), BatchID: d.epoch - 1, NumInputRows: rows, TotalRows: d.total,
			ProcessedRowsPerSecond: float64(rows) / max(took.Seconds(), 1e-6), Sources: sources,
			DurationMs: Durations{
				LatestOffset: p.looking.Milliseconds(), AddBatch: max(computed.Sub(begun).Milliseconds(), 0),
				CommitOffsets: max(ended.Sub(computed).Milliseconds(), 0), TriggerExecution: took.Milliseconds(),
			},
		}
		pr.StateOperators, pr.IgnoredDeletes = m.stateOperators(), m.circuit.Ignored()
		pr.MemoryUsedBytes = m.weigh(pr.StateOperators)
		for _, s := range m.spec.Sinks {
			pr.Sink = append(pr.Sink, SinkProgress{s.Description, m.written})
		}
		m.query.advance(pr)
		if err := m.query.send(d.ctx, d.epoch-1, m.delta); err != nil {
			return err
		}
	}
	for _, m := range d.members {
		m.reset()
	}
	return nil
}

// advance publishes the progress of a finished epoch.
func (q *Query) advance(p Progress) {
	q.mu.Lock()
	if !q.stepped {
		q.stepped = true
		close(q.begun)
	} else if span := p.Timestamp.Sub(q.progress.Timestamp).Seconds(); span > 0 {
		p.InputRowsPerSecond = float64(p.NumInputRows) / span
	}
	q.progress = p
	q.mu.Unlock()
	if f := q.engine.onProgress; f != nil {
		f(p)
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
