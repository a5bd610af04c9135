package stream

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/faultpoint"
	"github.com/sqlstream/sqlstream/zset"
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

// hash tells apart what an epoch might read.
func (p *epochPlan) hash() uint64 {
	h := uint64(len(p.ranges))
	for _, ranges := range p.ranges {
		for _, r := range ranges {
			h = zset.Mix(zset.Mix(zset.Mix(h, xxh3.HashString(string(r.Split))), uint64(r.From)), uint64(r.To))
		}
	}
	return h
}

func (d *dataflow) plan() (*epochPlan, error) {
	begun := d.engine.now()
	p := &epochPlan{ranges: make([][]connectors.Range, len(d.scans))}
	limits := d.limits()
	ctx, cancel := d.waiting()
	defer cancel()
	backlogs, most := make([]backlog, len(d.scans)), make([]int64, len(d.scans))
	for i, s := range d.scans {
		var err error
		if backlogs[i], err = s.ahead(ctx, d.interval(), d.twin(s)); err != nil {
			return nil, err
		}
		most[i] = s.limit(limits)
	}
	d.even(backlogs, most)
	for i, s := range d.scans {
		p.ranges[i] = s.plan(backlogs[i], most[i], limits.MaxBytes)
	}
	p.looking = max(d.engine.now().Sub(begun), 0)
	return p, nil
}

// limits is what each scan may take in: an equal share of what the strictest
// member allows.
func (d *dataflow) limits() Limits {
	l := Limits{MaxRows: unbounded, MaxBytes: unbounded}
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
	l = d.engine.memory.bound(l)
	n := int64(max(len(d.scans), 1))
	return Limits{MaxRows: max(l.MaxRows/n, 1), MaxBytes: max(l.MaxBytes/n, 1)}
}

// An epochRun is an epoch on its way.
type epochRun struct {
	plan   *epochPlan
	begun  time.Time
	record *logRecord // nil where the epoch is not logged
	again  bool       // an earlier process has logged it
}

// runEpoch runs an epoch.
func (d *dataflow) runEpoch(p *epochPlan) error {
	return d.runOne(&epochRun{plan: p, begun: d.engine.now().Round(0)}) // times are compared with those of other processes
}

// runAgain runs the next epoch of the log.
func (d *dataflow) runAgain() error {
	next := d.replay[0]
	d.replay = d.replay[1:]
	if err := d.verify(next.record.Before); err != nil {
		return err
	}
	p, err := d.replayed(next.record)
	if err != nil {
		return err
	}
	if next.record.Back != 0 {
		for _, s := range d.scans {
			s.time.setBack(fromNanos(next.record.Back))
		}
	}
	d.epoch = next.epoch - 1
	err = d.runOne(&epochRun{plan: p, begun: fromNanos(next.record.Now), record: next.record, again: true})
	for _, s := range d.scans {
		s.succeed()
	}
	return err
}

// runOne reads, computes, and publishes one epoch in all members.
func (d *dataflow) runOne(r *epochRun) error {
	d.epoch++
	d.batch++
	d.force, d.midway = false, true
	d.last = r.begun
	logged := d.note(r) // while the sources are read
	faultpoint.At("epoch-logged")
	err := d.read(r)
	if lerr := logged(); err == nil {
		err = lerr
	}
	if err != nil {
		return err
	}
	if r.record != nil && !r.again {
		if err := d.logRead(r.record, r.plan); err != nil {
			return err
		}
	}
	faultpoint.At("epoch-read")
	if err := d.compute(r); err != nil {
		return err
	}
	computed := d.engine.now()
	for _, m := range d.members {
		if err := m.publish(d.ctx, d.batch-1); err != nil {
			return m.blame(err)
		}
	}
	read := d.count()
	if err := d.conclude(); err != nil {
		return err
	}
	if err := d.tell(r.plan, read, r.begun, computed); err != nil {
		return err
	}
	if err := d.weigh(); err != nil {
		return err
	}
	if len(d.replay) == 0 {
		d.failures = 0
		if err := d.mergeScans(); err != nil {
			return err
		}
	}
	d.notifyReached()
	return nil
}

// note begins to log the epoch where that is asked for, and has not been done before. The
// record is durable when what it returns does.
func (d *dataflow) note(r *epochRun) (logged func() error) {
	d.reads = r.plan.hash()
	if !d.logs() {
		d.sums, r.record = nil, nil
		return func() error { return nil }
	}
	for _, m := range d.members {
		if m.sum == nil && m.spec.Kept {
			m.sum = newSumming(m.spec.Schema)
		}
	}
	if r.again {
		return func() error { return nil }
	}
	r.record = d.record(r.plan, r.begun)
	data, err := r.record.encode()
	done := make(chan error, 1)
	go func() {
		if err == nil {
			err = Guard(func() error { return d.backend.Log(d.ctx, d.epoch, data) })
		}
		done <- d.lasting(err)
	}()
	return func() error { return <-done }
}

// read starts the epoch everywhere and takes its rows in.
func (d *dataflow) read(r *epochRun) error {
	now := r.begun.UnixMicro()
	for _, m := range d.members {
		m.direct = m.mayWriteAtOnce()
		if err := m.begin(d.ctx, d.epoch, now, d.seed+uint64(d.batch)*0x9E3779B97F4A7C15); err != nil {
			return m.blame(err)
		}
	}
	for i, s := range d.scans {
		s.now = now
		s.time.begin(s.pos, r.plan.ranges[i], r.begun)
	}
	return d.readAll(r.plan)
}

// compute ends the epoch in the scans and the circuits: what each member puts out is known
// then.
func (d *dataflow) compute(r *epochRun) error {
	for i, s := range d.scans {
		for _, g := range r.plan.ranges[i] {
			s.pos[g.Split] = g.To
		}
		s.time.advance(s, r.begun)
	}
	for _, s := range d.scans {
		if err := s.countBad(); err != nil {
			return err
		}
		s.tellWatermark(r.begun)
	}
	d.sums = d.sums[:0:0]
	for _, m := range d.members {
		if err := m.feed(d.ctx); err != nil {
			return err
		}
		if err := m.circuit.Finish(d.ctx); err != nil {
			return m.fault(err)
		}
		if err := m.settle(); err != nil {
			return err
		}
		if err := m.begun(); err != nil {
			return err
		}
		if m.sum != nil {
			d.sums = append(d.sums, outputSum{m.spec.Name, m.sum.take()})
		}
		m.look(r.begun.UnixMicro())
	}
	return nil
}

// readAll spreads the ranges over the workers and runs them side by side.
func (d *dataflow) readAll(p *epochPlan) error {
	workers := d.workers()
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

// count adds what the epoch has read and left out to what was before, and returns the rows that
// each scan has read: a checkpoint at the epoch's end is to have them.
func (d *dataflow) count() (read []int64) {
	for _, s := range d.scans {
		n := s.take()
		read = append(read, n)
		d.total += n
		s.tellBad(d.engine.notice)
		s.tellLate(d.engine.notice)
	}
	return read
}

// tell reports the epoch, for which each scan has read so many rows, to progress listeners and
// subscribers, and makes ready for the next.
func (d *dataflow) tell(p *epochPlan, read []int64, begun, computed time.Time) error {
	var sources []SourceProgress
	var rows int64
	for i, s := range d.scans {
		rows += read[i]
		start, end := maps.Clone(s.pos), maps.Clone(s.pos)
		for _, r := range p.ranges[i] {
			start[r.Split] = r.From
		}
		sources = append(sources, SourceProgress{
			Description: s.name(), StartOffset: start, EndOffset: end,
			LatestOffset: maps.Clone(s.latest), NumInputRows: read[i], BadRecords: s.bad, EventTime: s.eventTime(), scan: s, readers: s.readers(),
		})
	}
	ended := d.engine.now()
	took := max(ended.Sub(begun), 0) + p.looking // a clock may be set back
	for _, m := range d.members {
		pr := Progress{
			Name: m.spec.Name, Timestamp: begun.UTC(), BatchID: d.batch - 1, NumInputRows: rows, TotalRows: d.total,
			ProcessedRowsPerSecond: float64(rows) / max(took.Seconds(), 1e-6), Sources: sources,
			DurationMs: Durations{
				LatestOffset: p.looking.Milliseconds(), AddBatch: max(computed.Sub(begun).Milliseconds(), 0),
				CommitOffsets: max(ended.Sub(computed).Milliseconds(), 0), TriggerExecution: took.Milliseconds(),
			},
		}
		pr.StateOperators, pr.IgnoredDeletes, pr.Checkpoint = m.stateOperators(), m.ignored+m.circuit.Ignored(), d.lastCheckpoint
		pr.MemoryUsedBytes, pr.MemoryLimitBytes = m.weigh(pr.StateOperators), d.engine.memory.limit.Load()
		final, err := m.finalBelow()
		if err != nil {
			return err
		}
		pr.FinalBelow = final
		for _, s := range m.spec.Sinks {
			pr.Sink = append(pr.Sink, SinkProgress{s.Description, m.written, d.guarantee(m, s)})
		}
		m.query.advance(pr)
		if err := m.query.send(d.ctx, d.batch-1, m.delta); err != nil {
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
