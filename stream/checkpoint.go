package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/faultpoint"
	"github.com/sqlstream/sqlstream/internal/remedy"
	"github.com/sqlstream/sqlstream/state"
)

// kept reports that the dataflow outlives the process.
func (d *dataflow) kept() bool { return d.id != "" }

// everyEpoch reports that each epoch has to be a checkpoint: what a sink shows exactly once
// must not be computed again.
func (d *dataflow) everyEpoch() bool {
	for _, m := range d.members {
		for _, out := range m.spec.Sinks {
			if d.exactly(m, out) {
				return true
			}
		}
	}
	return false
}

// exactly reports that a sink is to show each epoch once.
func (d *dataflow) exactly(m *member, out Output) bool {
	return d.kept() && m.spec.Kept && out.Guarantee == connectors.ExactlyOnce
}

// logs reports that epochs are logged: where some part of an epoch may have left the
// dataflow before it is a checkpoint, it must not become another one.
func (d *dataflow) logs() bool {
	switch {
	case !d.kept() || d.rowByRow():
		return false
	case !d.everyEpoch():
		return true
	}
	for _, m := range d.members {
		for _, out := range m.spec.Sinks {
			if !d.exactly(m, out) || !d.commits.covers(out) && transactional(out) {
				return true
			}
		}
	}
	return false
}

// rowByRow reports that it means nothing to what leaves the dataflow where its epochs begin
// and end: it may become others.
func (d *dataflow) rowByRow() bool {
	return !slices.ContainsFunc(d.scans, func(s *scan) bool { return s.time != nil }) &&
		!slices.ContainsFunc(d.members, func(m *member) bool { return !m.rowByRow })
}

// guarantee is what a sink promises here, as people read it.
func (d *dataflow) guarantee(m *member, out Output) string {
	if d.kept() && out.Guarantee == connectors.ExactlyOnce && (!d.exactly(m, out) || transactional(out) && !d.commits.covers(out)) {
		return connectors.AtLeastOnce.String()
	}
	return out.Guarantee.String()
}

// checkpointEvery is how often there are checkpoints where not every epoch is one.
func (d *dataflow) checkpointEvery() time.Duration {
	every := time.Duration(0)
	for _, m := range d.members {
		if n := m.spec.CheckpointInterval; n > 0 && (every == 0 || n < every) {
			every = n
		}
	}
	if every == 0 {
		return DefaultCheckpointInterval
	}
	return every
}

// checkpointDue reports that epochs have run that no checkpoint has, and that it is time.
func (d *dataflow) checkpointDue() bool {
	return d.kept() && d.epoch > d.checkpointed && (d.everyEpoch() || d.crowded || !d.engine.now().Before(d.nextCheckpoint()))
}

func (d *dataflow) nextCheckpoint() time.Time {
	if now := d.engine.now(); d.checkpointAt.After(now) {
		d.checkpointAt = now // the clock was set back
	}
	return d.checkpointAt.Add(d.checkpointEvery())
}

// checkpoint makes the dataflow durable as it is. The order is what exactly once rests on:
// the state first, then what the outside sees as one, then that the state is that of what
// it sees. Only the first is waited for, and only where something is shown by it: the disk is
// busy with it while a Transaction is made up to its end, and with the last while the next
// epoch runs, since whoever recovers asks the Transaction anyway. show says that an epoch
// has run whose output is to be shown by a Transaction.
func (d *dataflow) checkpoint(ctx context.Context, show bool) error {
	begun := d.engine.now()
	d.midway = true
	before := d.shown.Epoch
	if d.epoch == d.checkpointed { // nothing has run since, but something else has changed
		d.epoch++
	}
	if show {
		d.shown.Epoch = d.epoch
	}
	data, err := d.meta().encode()
	if err != nil {
		return err
	}
	err = d.unread(func() error { return d.backend.Prepare(ctx, state.Checkpoint{Epoch: d.epoch, Meta: data}) })
	if err != nil {
		return d.lasting(err)
	}
	if err := d.closeUnsaved(); err != nil {
		return err
	}
	faultpoint.At("epoch-written")
	switch {
	case show:
		err = d.commits.commit(ctx, before, d.epoch, d.reads, d.prepared)
	case d.everyEpoch(): // there are sinks that stage
		err = d.prepared()
	}
	if err != nil {
		return err
	}
	faultpoint.At("epoch-shown")
	if err := d.unread(func() error { return d.backend.Commit(ctx) }); err != nil {
		return d.lasting(err)
	}
	faultpoint.At("epoch-kept")
	d.checkpointed, d.checkpointAt, d.crowded = d.epoch, d.engine.now(), false
	d.lastCheckpoint = &CheckpointProgress{Epoch: d.batch - 1, DurationMs: max(d.checkpointAt.Sub(begun), 0).Milliseconds()}
	if m, ok := d.backend.(state.Measured); ok {
		d.lastCheckpoint.Bytes = m.Written()
	}
	return nil
}

// prepared waits until what was prepared is durable.
func (d *dataflow) prepared() error {
	err := d.lasting(d.backend.Durable())
	faultpoint.At("epoch-prepared")
	return err
}

// unread runs f while nobody reads a result: the backend looks at what that may move.
func (d *dataflow) unread(f func() error) error {
	defer d.lockResults()()
	return f()
}

// lasting says of an error that it is of the place where the dataflow is kept.
func (d *dataflow) lasting(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if text := remedy.OnDisk(err); text != "" {
		return fmt.Errorf("keeping the state: %w; %s, then RESUME QUERY", err, text)
	}
	return fmt.Errorf("keeping the state: %w", err)
}

// stages reports that what a sink has prepared outlives the process: it shows an epoch when
// that is durable, or when the next process tells it so.
func (d *dataflow) stages(m *member, out Output) bool {
	return d.exactly(m, out) && !transactional(out)
}

// show has the sinks show the epoch by themselves: those that stage, or the others.
func (d *dataflow) show(staged bool) error {
	for _, m := range d.members {
		which := func(out Output) bool { return !d.commits.covers(out) && d.stages(m, out) == staged }
		if err := m.commit(d.ctx, d.epoch, which); err != nil {
			return err
		}
	}
	return nil
}

// conclude ends an epoch that was computed and prepared in all members: it becomes durable,
// if it is time for that, and the sinks show it.
func (d *dataflow) conclude() error {
	durable := d.checkpointDue()
	if err := d.show(false); err != nil { // before the epoch is behind: a process that dies then shows it again
		return err
	}
	if durable {
		if err := d.checkpoint(d.ctx, d.commits != nil); err != nil {
			return err
		}
	}
	if err := d.show(true); err != nil {
		return err
	}
	d.midway = false
	if durable {
		return d.passed(d.ctx)
	}
	return nil
}

// passed tells the sources that what was read will not be read again.
func (d *dataflow) passed(ctx context.Context) error {
	for _, s := range d.scans {
		if f, ok := s.source.(connectors.Follower); ok && s.usedByKept() {
			if err := f.Passed(ctx, s.pos); err != nil {
				return s.wrap(err)
			}
		}
	}
	return nil
}

// rest makes a checkpoint between two epochs, of whatever has changed, and waits for it.
func (d *dataflow) rest(ctx context.Context) error {
	if err := d.restBeside(ctx); err != nil || !d.kept() {
		return err
	}
	return d.lasting(d.unread(d.backend.Durable))
}

// restBeside is rest that does not wait.
func (d *dataflow) restBeside(ctx context.Context) error {
	if !d.kept() {
		return nil
	}
	if err := d.checkpoint(ctx, false); err != nil {
		return err
	}
	d.midway = false
	return d.passed(ctx)
}
