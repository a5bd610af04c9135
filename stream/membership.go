package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// add takes a member in between two epochs. Its sources start at their beginning, or where
// it was; what it reads of other members starts with their results, or what has changed in
// them since.
func (d *dataflow) add(m *member) error {
	for i, in := range m.spec.Inputs {
		f := feed{node: in.Scan, input: i}
		switch {
		case in.Source != nil: // opened with the member
			continue
		case in.Member != "":
			up := d.member(in.Member)
			if up == nil || up.result == nil {
				return notRunning(in.Member)
			}
			f.from = up
			if err := m.beginWith(&f, i); err != nil {
				return err
			}
		default:
			if m.begins == fresh {
				f.first = in.Rows
			}
			d.bounded = d.bounded || in.Ended
		}
		m.feeds = append(m.feeds, f)
	}
	d.scans = append(d.scans, m.scans...)
	m.scans = nil
	d.members = append(d.members, m)
	d.force = d.force || m.begins != running
	if m.spec.Trigger.Ends() {
		d.bounded = true
	}
	return nil
}

// ErrNotRunning says that a materialized view has ended, so that nobody can follow it.
var ErrNotRunning = errors.New("is not running")

func notRunning(name string) error { return fmt.Errorf("%s %w", name, ErrNotRunning) }

func (d *dataflow) member(name string) *member {
	for _, m := range d.members {
		if m.spec.Name == name {
			return m
		}
	}
	return nil
}

// workers is how many can read at a time: as many as each member has.
func (d *dataflow) workers() int {
	n := d.engine.workers
	for i, m := range d.members {
		if k := len(m.stores); i == 0 || k < n {
			n = k
		}
	}
	return n
}

// joined makes it last that the members are others than before.
func (d *dataflow) joined(ctx context.Context) error {
	if !d.kept() {
		return nil
	}
	if err := d.renewCommits(ctx); err != nil {
		return err
	}
	return d.rest(ctx)
}

// leaver returns the member of a query, unless another one reads it.
func (d *dataflow) leaver(q *Query) (*member, error) {
	at := slices.IndexFunc(d.members, func(m *member) bool { return m.query == q })
	if at < 0 {
		return nil, nil
	}
	for _, m := range d.members {
		if slices.ContainsFunc(m.feeds, func(f feed) bool { return f.from == d.members[at] }) {
			return nil, readBy(q.name, m.spec.Name)
		}
	}
	return d.members[at], nil
}

// stop takes out the member of a query, unless another one reads it. That of one that is
// kept stays as it is, for later.
func (d *dataflow) stop(q *Query) error {
	m, err := d.leaver(q)
	if m == nil || err != nil {
		return err
	}
	if !d.kept() || !m.spec.Kept {
		d.remove(m, Stopped, nil)
		return nil
	}
	if err := m.lookBack(); err != nil {
		return d.breaks(err)
	}
	d.stopped = append(d.stopped, asStopped(m.meta(d), m.spec))
	d.release(m)
	err = d.joined(d.ctx)
	m.end(Stopped, nil)
	return d.breaks(err)
}

// drop is stop, after which nothing is left of the query.
func (d *dataflow) drop(q *Query) error {
	m, err := d.leaver(q)
	if err != nil {
		return err
	}
	q.dropped = true
	if m != nil {
		kept := d.kept() && m.spec.Kept
		d.remove(m, Stopped, nil)
		if !kept {
			return nil
		}
	} else if !d.forget(q.name) {
		return nil
	}
	if d.vacant() {
		return nil // nothing is left to be kept
	}
	return d.breaks(d.joined(d.ctx))
}

// forget drops a stopped query, and reports whether there was one of that name.
func (d *dataflow) forget(name string) bool {
	at := slices.IndexFunc(d.stopped, func(m stoppedMember) bool { return m.Name == name })
	if at < 0 {
		return false
	}
	for i := range d.stopped[at].Workers {
		d.backend.Drop(storeName(name, i))
	}
	d.stopped = slices.Delete(d.stopped, at, at+1)
	return true
}

// vacant reports that no query has anything here.
func (d *dataflow) vacant() bool {
	return len(d.stopped) == 0 && !slices.ContainsFunc(d.members, func(m *member) bool { return m.spec.Kept || !d.kept() })
}

// breaks ends the dataflow with an error that leaves it open what of it is durable.
func (d *dataflow) breaks(err error) error {
	if err != nil && d.broken == nil {
		d.broken = err
	}
	return err
}

// release takes a member that nobody reads out between two epochs, with its scans.
func (d *dataflow) release(m *member) {
	d.members = slices.DeleteFunc(d.members, func(x *member) bool { return x == m })
	d.scans = slices.DeleteFunc(d.scans, func(s *scan) bool {
		if s.detach(m) {
			return false
		}
		m.scans = append(m.scans, s) // to be closed with it
		return true
	})
}

// remove is release of a member whose state nobody needs any more.
func (d *dataflow) remove(m *member, status Status, err error) {
	d.release(m)
	if m.backend == nil {
		for i := range m.stores {
			d.backend.Drop(storeName(m.spec.Name, i))
		}
	}
	m.end(status, err)
}

// end closes what the member has open and tells its query.
func (m *member) end(status Status, err error) {
	m.query.count()
	if cerr := m.close(); cerr != nil && err == nil {
		err = cerr
	}
	m.query.end(status, err)
}

// finish ends the dataflow: every member shares its fate. What is kept stays.
func (d *dataflow) finish(err error) {
	status := Stopped
	switch {
	case err != nil:
		status = Failed
	case d.through:
		status = Finished
	}
	if err == nil && d.id != "" && d.backend != nil && !d.vacant() && !d.midway && (d.epoch > d.checkpointed || d.through) {
		if err = d.rest(d.ctx); err != nil {
			if status = Failed; errors.Is(err, context.Canceled) {
				status, err = Stopped, nil // the log has it
			}
		}
	}
	d.cancel()
	d.dissolve(func(m *member) { m.end(status, err) })
	for _, w := range d.waiters {
		close(w.done)
	}
	d.waiters = nil
	d.engine.memory.leave(d)
	close(d.exited)
}

// dissolve closes everything that the dataflow has open, and calls each member's end.
func (d *dataflow) dissolve(end func(*member)) {
	nothing := d.backend != nil && d.vacant()
	_ = d.closeUnsaved() // a checkpoint has them, or whoever goes on makes them anew
	for _, m := range slices.Backward(slices.Clone(d.members)) {
		d.release(m)
		end(m)
	}
	for _, s := range d.scans {
		_ = s.source.Close() // the members' ends were told already
	}
	d.scans = nil
	_ = d.closeCommits() // what it has shown it has shown
	switch {
	case d.backend == nil:
	case nothing:
		_ = d.backend.Remove() // what is left of it is of no use to anybody
	default:
		_ = d.backend.Close() // whoever uses it next finds what is wrong with it
	}
	d.backend = nil
}
