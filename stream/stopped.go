package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/zset"
)

// A stoppedMember is one that keeps its state for later.
type stoppedMember struct {
	memberMeta
	spec Spec // without sinks
}

func asStopped(was memberMeta, spec Spec) stoppedMember {
	was.Stopped, spec.Sinks = true, nil
	return stoppedMember{was, spec}
}

// lookBack is what member.lookBack does, for members that ran at the checkpoint and are to stay
// now, perhaps because they failed with all the others: the views that they read run without
// them, or one after the other.
func (r *recovery) lookBack() error {
	type input struct {
		reader, view *Spec
		at           int
	}
	var seen []input
	results := map[*Spec][]*zset.Batch{} // of views, as of the checkpoint
	for i := range r.stays {
		reader := &r.stays[i]
		if r.memberOf(reader.Name).Begins != running {
			continue // it has not taken in what it begins with
		}
		for at, in := range reader.Inputs {
			if in.Member == "" {
				continue
			}
			view := r.spec(in.Member)
			if view == nil {
				return fmt.Errorf("query %s, which is stopped, reads %s, of which nothing is to be left", reader.Name, in.Member)
			}
			seen = append(seen, input{reader, view, at})
			if _, ok := results[view]; ok {
				continue
			}
			rows, err := r.resultOf(view)
			if err != nil {
				return err
			}
			results[view] = rows
		}
	}
	for _, x := range seen { // when no view is read any more, which may be one of these
		if err := r.keepSeen(x.reader.Name, x.at, x.view.Schema, results[x.view]); err != nil {
			return err
		}
		r.memberOf(x.reader.Name).Begins = behind
	}
	return nil
}

// resultOf copies the result of a view as of the checkpoint.
func (r *recovery) resultOf(view *Spec) ([]*zset.Batch, error) {
	d := r.flow
	store, err := d.backend.Store(storeName(view.Name, 0))
	if err != nil {
		return nil, d.lasting(err)
	}
	t, err := openResult(store, "result", view.Schema, d.engine.batchBytes)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	rows, _ := t.snapshot()
	return rows, store.Close()
}

// keepSeen keeps the rows of a view as those that an input of a stopped member has read.
func (r *recovery) keepSeen(name string, input int, view *types.Schema, rows []*zset.Batch) error {
	d := r.flow
	store, err := d.backend.Store(storeName(name, 0))
	if err != nil {
		return d.lasting(err)
	}
	if !slices.Contains(d.unsaved, store) {
		d.unsaved = append(d.unsaved, store)
	}
	seen, err := openSeen(store, input, view, d.engine.batchBytes)
	if err != nil {
		return err
	}
	return seen.apply(0, rows)
}

// spec returns the Spec of a member that goes on or stays, nil for none.
func (r *recovery) spec(name string) *Spec {
	for _, m := range r.members {
		if strings.EqualFold(m.spec.Name, name) {
			return &m.spec
		}
	}
	at := slices.IndexFunc(r.stays, func(s Spec) bool { return strings.EqualFold(s.Name, name) })
	if at < 0 {
		return nil
	}
	return &r.stays[at]
}

// saveStopped makes a checkpoint of what stopped members were given, after which their stores
// may be opened and closed.
func (d *dataflow) saveStopped() error {
	if len(d.unsaved) == 0 {
		return nil
	}
	return d.breaks(d.rest(d.ctx))
}

// closeUnsaved closes the stores of stopped members, of which a checkpoint has all, or of which
// it is not to have more.
func (d *dataflow) closeUnsaved() error {
	var first error
	for _, s := range d.unsaved {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	d.unsaved = nil
	return first
}

func openSeen(store state.Store, input int, view *types.Schema, batchBytes int) (*resultTable, error) {
	return openResult(store, fmt.Sprintf("seen/%d", input), view, batchBytes)
}
