package stream

import (
	"context"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
)

// recover brings the dataflow to where its latest checkpoint is, with the members that go
// on. The epochs of the log behind it are run again by the loop.
func (d *dataflow) recover(ctx context.Context, r *recovery) error {
	if err := d.settleLast(ctx, r); err != nil {
		return err
	}
	m := r.meta
	d.batch, d.last, d.seed, d.total, d.through, d.shown = m.Batch, fromNanos(m.Now), m.Seed, m.Total, m.Through, m.Shown
	var err error
	if d.replay, err = readLog(r.found.Log, d.epoch); err != nil {
		return d.lasting(err)
	}
	if err := r.lookBack(); err != nil {
		return err
	}
	for i := range m.Members {
		if err := d.dispose(r, &m.Members[i]); err != nil {
			return err
		}
	}
	for _, x := range r.members {
		if err := d.revive(ctx, x); err != nil {
			return err
		}
	}
	if !slices.Equal(d.commits.labels(), d.shown.Sinks) {
		return d.replaceCommits(ctx)
	}
	return nil
}

// settleLast finds out whether the last epoch that was prepared has happened, and settles
// the backend by that. Only a Transaction makes something else of it than yes.
func (d *dataflow) settleLast(ctx context.Context, r *recovery) error {
	before := shownEpochs{Set: r.meta.Shown.Set, Sinks: r.meta.Shown.Sinks} // where another Transaction began since, it had shown nothing
	if r.latest != nil && r.latest.Shown.Set == before.Set {
		before = r.latest.Shown
	}
	d.shown = before
	d.members = r.members // whose sinks share the Transaction
	err := d.openCommits(ctx)
	d.members = nil
	if err != nil {
		return err
	}
	happened := true
	if d.commits != nil {
		prepared := int64(0)
		if r.found.Prepared != nil && r.meta.Shown.Epoch > before.Epoch {
			prepared = r.meta.Shown.Epoch
		}
		visible, err := d.commits.transaction.Recover(ctx, before.Epoch, prepared)
		if err != nil {
			return d.commits.wrap(err)
		}
		happened = visible == max(before.Epoch, prepared)
	}
	if err := d.lasting(d.backend.Settle(ctx, happened)); err != nil {
		return err
	}
	d.epoch = r.found.Latest.Epoch
	switch {
	case r.found.Prepared == nil:
	case happened:
		d.epoch = r.found.Prepared.Epoch
	default:
		r.meta = r.latest
		for _, m := range r.members {
			m.was = r.memberOf(m.spec.Name)
		}
	}
	d.checkpointed, d.checkpointAt = d.epoch, d.engine.now()
	return nil
}

// dispose keeps a member for later that is to stay stopped, and drops one without a Spec.
func (d *dataflow) dispose(r *recovery, was *memberMeta) error {
	stays := slices.IndexFunc(r.stays, func(s Spec) bool { return s.Name == was.Name })
	switch {
	case slices.ContainsFunc(r.members, func(m *member) bool { return m.was == was }):
		return nil
	case stays >= 0:
		for _, m := range r.members {
			if m.spec.reads(was.Name) {
				return fmt.Errorf("query %s reads %s, which is stopped", m.spec.Name, was.Name)
			}
		}
		d.stopped = append(d.stopped, asStopped(*was, r.stays[stays]))
		return nil
	}
	for i := range was.Workers {
		d.backend.Drop(storeName(was.Name, i))
	}
	return nil
}

// revive opens a member where it was and takes it in.
func (d *dataflow) revive(ctx context.Context, m *member) error {
	e := d.engine
	if err := m.openStoresIn(d.backend, m.was.Workers); err != nil {
		return err
	}
	if err := m.open(e.batchBytes); err != nil {
		return err
	}
	m.restore(m.was)
	if err := m.openScans(ctx, e.env); err != nil {
		return err
	}
	if err := m.recoverSinks(ctx, d.checkpointed); err != nil {
		return err
	}
	if err := d.add(m); err != nil {
		return err
	}
	for _, s := range d.scans {
		if s.usedBy(m) {
			s.succeed()
			s.tellWatermark(d.last)
		}
	}
	for _, f := range m.feeds {
		if f.from == nil {
			continue
		}
		if err := m.takeWatermarks(f.from); err != nil {
			return err
		}
	}
	if m.begins == running {
		m.query.goesOn(d.batch-1, d.total)
		m.look(d.last.UnixMicro())
	}
	return nil
}

// recoverSinks tells the sinks the last epoch that has happened.
func (m *member) recoverSinks(ctx context.Context, happened int64) error {
	for _, out := range m.spec.Sinks {
		if _, err := out.Sink.Recover(ctx, happened); err != nil {
			return m.blame(out.failed(err))
		}
		x, ok := connectors.Ability[connectors.Reminded](out.Sink)
		if !ok || m.result == nil || out.Mode != connectors.Complete {
			continue
		}
		rows, _ := m.result.snapshot()
		if err := x.Remind(ctx, rows); err != nil {
			return m.blame(out.failed(err))
		}
	}
	return nil
}

// goesOn says that the query has had epochs before.
func (q *Query) goesOn(epoch, rows int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.resumed = epoch
	if !q.stepped {
		q.stepped = true
		close(q.begun)
		q.progress = Progress{Name: q.name, BatchID: epoch, TotalRows: rows}
	}
}

// Flow names the backend of a query that is kept, "" of one that is not.
func (q *Query) Flow() string {
	q.engine.mu.Lock()
	defer q.engine.mu.Unlock()
	if q.flow == nil || !q.spec.Kept {
		return ""
	}
	return q.flow.id
}

// Resumed is the epoch, as BatchID counts, behind which the query goes on with what was
// before, -1 for one that has begun here.
func (q *Query) Resumed() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.resumed
}
