package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/state"
)

// Kept is what a dataflow that was closed, or has failed, has left behind.
type Kept struct {
	Flow    string // the name of its backend
	Epoch   int64  // as BatchID counts, that its last checkpoint is behind; -1 for none
	Members []KeptMember
}

// A KeptMember is a query of such a dataflow.
type KeptMember struct {
	Name        string
	Fingerprint string
	Workers     int  // that its plan is to be made for: what the machine has now does not matter
	Stopped     bool // the query was stopped, and its state kept
}

// Resume goes on with the dataflow of a backend that lasts, where its last checkpoint and
// its log end. specs is told whom it consists of and returns their Specs: of those that run
// on, and with Stopped set of those that keep their state for later. Members without a
// Spec are dropped; Specs without a member are started. It returns the queries in the order
// of the Specs; what is computed again is so in the first epochs of each.
//
// A dataflow that runs in this engine takes back those of its members that are stopped, and
// for which there is a Spec without Stopped; other Specs are ignored, and their queries nil.
//
// The sinks of the Specs are the engine's, even where it fails.
func (e *Engine) Resume(ctx context.Context, flow string, specs func(Kept) ([]Spec, error)) ([]*Query, error) {
	ctx, cancel := e.open(ctx)
	defer cancel()
	if e.openFlow == nil {
		return nil, errors.New("nothing is kept beyond the process")
	}
	var queries []*Query
	err := Guard(func() (err error) {
		if d := e.live(flow); d != nil {
			if queries, err = e.takeBack(ctx, d, specs); !errors.Is(err, errEnded) {
				return err
			}
			<-d.exited
		}
		queries, err = e.reopen(ctx, flow, specs)
		return err
	})
	return queries, e.unlessClosed(err)
}

// live returns the dataflow of that name that runs, nil for none.
func (e *Engine) live(flow string) *dataflow {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.queries {
		if q.flow == nil || q.flow.id != flow {
			continue
		}
		select {
		case <-q.flow.exited:
		default:
			return q.flow
		}
	}
	return nil
}

// reopen goes on with a dataflow that does not run.
func (e *Engine) reopen(ctx context.Context, flow string, specs func(Kept) ([]Spec, error)) ([]*Query, error) {
	done, err := e.reopens(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	b, err := e.openKept(flow)
	if err != nil {
		return nil, err
	}
	d := newDataflow(e, flow, b)
	r, err := d.recovery()
	if err == nil {
		r.specs, err = specs(r.kept())
	}
	if err == nil {
		err = r.enlist()
	}
	defer r.release()
	if err == nil {
		err = r.run(ctx)
	}
	if err != nil {
		d.cancel()
		return nil, errors.Join(err, r.giveUp())
	}
	return r.queries, r.startOthers(ctx)
}

// A recovery is a dataflow on its way from what its backend has found.
type recovery struct {
	flow    *dataflow
	found   state.Found
	latest  *meta // of the latest checkpoint, nil for none
	meta    *meta // of it or the one behind it: both are of the same members
	specs   []Spec
	queries []*Query  // for each Spec
	members []*member // that go on
	stays   []Spec    // of the others, that keep their state
	stopped []*Query  // of these
	names   []string  // that are reserved
}

func (d *dataflow) recovery() (*recovery, error) {
	r := &recovery{flow: d, found: d.backend.Found(), meta: &meta{Batch: 0}}
	var err error
	if r.found.Latest.Epoch > 0 {
		if r.latest, err = decodeMeta(r.found.Latest.Meta); err != nil {
			return r, d.lasting(err)
		}
		r.meta = r.latest
	}
	if r.found.Prepared != nil {
		if r.meta, err = decodeMeta(r.found.Prepared.Meta); err != nil {
			return r, d.lasting(err)
		}
	}
	return r, nil
}

// kept says whom the dataflow consists of.
func (r *recovery) kept() Kept {
	k := Kept{Flow: r.flow.id, Epoch: r.meta.Batch - 1}
	for _, m := range r.meta.Members {
		k.Members = append(k.Members, KeptMember{m.Name, m.Fingerprint, m.Workers, m.Stopped})
	}
	return k
}

// enlist makes members and queries of the Specs.
func (r *recovery) enlist() error {
	r.queries = make([]*Query, len(r.specs))
	for i := range r.meta.Members {
		was := &r.meta.Members[i]
		at := slices.IndexFunc(r.specs, func(s Spec) bool { return s.Name == was.Name })
		if at < 0 {
			continue
		}
		spec := r.specs[at]
		if was.Fingerprint != spec.Fingerprint {
			return fmt.Errorf("query %s is not the one whose state is kept: its plan is another; %s", was.Name, startAnew)
		}
		q := newQuery(r.flow.engine, spec)
		q.flow, r.queries[at] = r.flow, q
		if spec.Stopped {
			r.stays, r.stopped = append(r.stays, spec), append(r.stopped, q)
			continue
		}
		if err := r.flow.engine.reserve(spec.Name, nil); err != nil {
			return err
		}
		r.names = append(r.names, spec.Name)
		r.members = append(r.members, &member{spec: spec, query: q, most: unknown, was: was})
	}
	return nil
}

func (r *recovery) release() {
	for _, name := range r.names {
		r.flow.engine.release(name)
	}
}

// run recovers the dataflow and begins its loop, where it has something to do.
func (r *recovery) run(ctx context.Context) error {
	d := r.flow
	if len(r.members) == 0 {
		r.rest()
		return nil
	}
	if err := d.recover(ctx, r); err != nil {
		return err
	}
	if err := d.engine.launch(d); err != nil {
		return err
	}
	r.list()
	return nil
}

// rest closes a dataflow of which nobody goes on.
func (r *recovery) rest() {
	d := r.flow
	for _, spec := range r.stays {
		d.stopped = append(d.stopped, asStopped(*r.memberOf(spec.Name), spec))
	}
	r.list()
	d.finish(nil)
}

// list puts the stopped queries into the engine's list.
func (r *recovery) list() {
	e := r.flow.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range r.stopped {
		q.end(Stopped, nil)
		e.queries = append(e.queries, q)
	}
}

func (r *recovery) memberOf(name string) *memberMeta {
	at := slices.IndexFunc(r.meta.Members, func(m memberMeta) bool { return m.Name == name })
	return &r.meta.Members[at]
}

// giveUp closes what is open, and leaves what is kept as it was.
func (r *recovery) giveUp() error {
	d := r.flow
	var errs []error
	for _, m := range r.members {
		d.release(m)
		errs = append(errs, m.close())
	}
	for _, spec := range r.specs {
		if !slices.ContainsFunc(r.members, func(m *member) bool { return m.spec.Name == spec.Name }) {
			errs = append(errs, spec.closeSinks())
		}
	}
	return errors.Join(append(errs, d.closeUnsaved(), d.closeCommits(), d.backend.Close())...)
}

// startOthers starts the queries that were no members.
func (r *recovery) startOthers(ctx context.Context) error {
	var errs []error
	for i, spec := range r.specs {
		switch {
		case r.queries[i] != nil && !spec.Stopped:
			continue
		case r.queries[i] != nil || spec.Stopped:
			errs = append(errs, spec.closeSinks())
			continue
		}
		q, err := r.flow.engine.Start(ctx, spec)
		r.queries[i], errs = q, append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *Spec) closeSinks() error {
	var errs []error
	for _, out := range s.Sinks {
		errs = append(errs, out.Sink.Close())
	}
	return errors.Join(errs...)
}
