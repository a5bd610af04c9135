package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/state"
)

// Drop ends a query, if it runs, and forgets its state.
func (e *Engine) Drop(ctx context.Context, q *Query) error {
	d := e.flowOf(q)
	kept := d != nil && q.spec.Kept && d.id != ""
	if !kept || e.live(d.id) != nil {
		err := e.leave(ctx, q, func(d *dataflow) error { return d.drop(q) })
		if err != nil || !kept {
			return err
		}
		if <-q.done; q.dropped {
			return nil
		}
		<-d.exited // it was waiting to begin again
	}
	return e.dropKept(ctx, d.id, q.name)
}

// Abort ends everything at once, without waiting for running epochs: what lasts goes on
// behind the last of them that has happened.
func (e *Engine) Abort() {
	e.mu.Lock()
	e.close()
	e.cancel()
	e.mu.Unlock()
	e.reopened()
	e.wg.Wait()
}

// dropKept forgets a query of a dataflow that does not run.
func (e *Engine) dropKept(ctx context.Context, flow, name string) error {
	done, err := e.reopens(ctx)
	if err != nil {
		return err
	}
	defer done()
	b, err := e.openKept(flow)
	if err != nil {
		return err
	}
	d := newDataflow(e, flow, b)
	defer d.cancel()
	r, err := d.recovery()
	if err != nil {
		return errors.Join(err, b.Close())
	}
	at := slices.IndexFunc(r.meta.Members, func(m memberMeta) bool { return m.Name == name })
	switch {
	case at < 0:
		return b.Close()
	case len(r.meta.Members) == 1:
		return b.Remove()
	}
	return errors.Join(d.without(ctx, r, at), b.Close())
}

// without makes a checkpoint that lacks a member. What the log has behind the one before is
// logged behind this one.
func (d *dataflow) without(ctx context.Context, r *recovery, at int) error {
	name := r.meta.Members[at].Name
	if r.latest != nil && r.meta.Shown.Epoch != r.latest.Shown.Epoch {
		return fmt.Errorf("query %s has failed together with others while their output was written; resume them first", name)
	}
	if err := d.lasting(d.backend.Settle(ctx, true)); err != nil {
		return err
	}
	epoch := r.found.Latest.Epoch
	if r.found.Prepared != nil {
		epoch = r.found.Prepared.Epoch
	}
	var log []state.Record
	last := epoch + 1
	for _, l := range r.found.Log {
		if l.Epoch > epoch {
			log, last = append(log, l), max(last, l.Epoch)
		}
	}
	for i := range r.meta.Members[at].Workers {
		d.backend.Drop(storeName(name, i))
	}
	r.meta.Members = slices.Delete(r.meta.Members, at, at+1)
	data, err := r.meta.encode()
	if err != nil {
		return err
	}
	err = d.backend.Prepare(ctx, state.Checkpoint{Epoch: last, Meta: data})
	if err == nil {
		err = d.backend.Commit(ctx)
	}
	for _, l := range log {
		if err == nil {
			err = d.backend.Log(ctx, l.Epoch-epoch+last, l.Data)
		}
	}
	if err == nil {
		err = d.backend.Durable()
	}
	return d.lasting(err)
}
