package sqlstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/stream"
)

// takeOver puts a materialized view in the place of one that runs and remembers enough to
// begin with: what is new of it is filled from that, and nothing is read again. It is false
// where that is not so. The old one is dropped when the new one is durable, so that whoever
// opens the directory after a crash finds either of them, whole.
func (db *DB) takeOver(ctx context.Context, l *launch, old *Query) (Result, bool, error) {
	if l.kind != "MATERIALIZED VIEW" || old.kind != l.kind || !sameTerms(old.launch.terms.settings, l.terms.settings) {
		return Result{}, false, nil
	}
	handed, ok := planner.Inherited(old.plan, l.plan)
	if !ok {
		return Result{}, false, nil
	}
	if readers := db.engine.Readers(old.run.Name()); len(readers) > 0 {
		return Result{}, true, fmt.Errorf("%s is read by %s", l.name, readers[0])
	}
	spec, err := db.specOf(ctx, l)
	if err != nil {
		return Result{}, true, errors.Join(err, closeSinks(spec))
	}
	spec.Inherits = &stream.Inheritance{From: old.run, States: handed.Names()}
	was, kept := db.catalog.Query(l.name)
	before, _ := db.catalog.Lookup(l.name)
	run, err := db.engine.Start(ctx, spec)
	if err != nil {
		return Result{}, true, err
	}
	if err := db.enter(l); err != nil {
		return Result{}, true, errors.Join(err, db.engine.Drop(ctx, run))
	}
	if err := db.engine.Drop(ctx, old.run); err != nil {
		back := db.catalog.Change(func(n *catalog.Names) error {
			if kept {
				n.PutQuery(*was)
			}
			return n.Put(before, true)
		})
		return Result{}, true, errors.Join(err, back, db.engine.Drop(ctx, run))
	}
	db.forget(old)
	r := Result{Query: db.listed(run, l), Message: "query " + l.name + " started"}
	r.Notes = l.notes(handed.String())
	return r, true, nil
}

// wake lets a materialized view that was stopped go on, for another one to take its place; nil
// where that cannot be.
func (db *DB) wake(ctx context.Context, l *launch) *Query {
	k, kept := db.catalog.Query(l.name)
	q := db.queryNamed(l.name)
	if !kept || q == nil || l.kind != "MATERIALIZED VIEW" || k.Kind != l.kind || k.Status != Stopped.String() {
		return nil
	}
	if _, err := db.resume(ctx, k, q); err != nil {
		return nil
	}
	return db.runningQuery(l.name)
}
