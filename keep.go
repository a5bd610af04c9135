package sqlstream

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/stream"
)

// keeps reports that a query outlives the process: one whose output goes somewhere, in a
// database with a directory. The reader of a SELECT is gone with the process, and so is what
// a query that ends by itself was given of views.
func (db *DB) keeps(l *launch) bool {
	switch {
	case db.dir == nil || l.kind == "SELECT" && !db.selects:
		return false
	case !stream.Trigger(l.tail.Trigger).Ends():
		return true
	}
	for _, leaf := range l.plan.Leaves {
		if leaf.Relation != nil && leaf.Relation.View {
			return false
		}
	}
	return true
}

// fingerprint is what the state of the query is known by: no other query's, and of no
// other plan.
func (l *launch) fingerprint() string {
	if l.id == "" {
		return ""
	}
	return l.id + " " + l.plan.Fingerprint()
}

// enter puts into the catalog what is about to start: a query that begins and is not kept
// would put out its rows a second time.
func (db *DB) enter(l *launch) error {
	if l.entry == nil && !db.keeps(l) {
		return nil
	}
	var plan []byte
	if db.keeps(l) {
		var err error
		if plan, err = l.plan.Stored(); err != nil {
			return fmt.Errorf("the plan of query %s cannot be kept: %w", l.name, err)
		}
	}
	return db.catalog.Change(func(n *catalog.Names) error {
		if l.entry != nil {
			if err := n.Put(l.entry, l.orReplace); err != nil {
				return err
			}
		}
		if db.keeps(l) {
			n.PutQuery(catalog.Query{
				ID: l.id, Name: l.name, Kind: l.kind, SQL: l.at.Text(), File: l.at.Source.File, Set: l.terms.settings,
				Mode: l.mode.String(), Plan: plan, Status: Running.String(),
			})
		}
		return nil
	})
}

// leaveOut takes back what enter has put there.
func (db *DB) leaveOut(l *launch) error {
	if l.entry == nil && l.id == "" {
		return nil
	}
	return db.catalog.Change(func(n *catalog.Names) error {
		if e, ok := n.Lookup(l.name); ok && e == l.entry {
			if err := n.Drop(l.name); err != nil {
				return err
			}
		}
		if k, ok := n.Query(l.name); ok && k.ID == l.id {
			n.DropQuery(l.name)
		}
		return nil
	})
}

// watch keeps what becomes of a query.
func (db *DB) watch(q *Query) {
	if q.launch.id == "" {
		return
	}
	db.watching.Go(func() {
		<-q.run.Done()
		if err := db.note(q); err != nil {
			db.env.Notice(fmt.Sprintf("query %s: %v", q.Name(), err))
		}
	})
}

// note keeps the status of a query that has ended. One that ends because the database is
// closed goes on when it is opened again.
func (db *DB) note(q *Query) error {
	if q.launch.id == "" {
		return nil
	}
	status, cause := q.run.Status()
	if status == Running || status == Stopped && db.engine.Closed() {
		return nil
	}
	return db.setStatusWhile(func() bool { return db.queryOf(q.run) == q }, q.launch, status, cause)
}

func (db *DB) setStatus(l *launch, status Status, cause error) error {
	return db.setStatusWhile(func() bool { return true }, l, status, cause)
}

// errAsItIs ends a change of the catalog that changes nothing.
var errAsItIs = errors.New("nothing changes")

// setStatusWhile keeps the status of a query unless its handle has given way to another by
// then: one that has ended may be told of when it goes on already. What the status is can be
// asked within the change alone: another one may be on its way to the disk.
func (db *DB) setStatusWhile(listed func() bool, l *launch, status Status, cause error) error {
	next := catalog.Query{Status: status.String()}
	if cause != nil {
		next.Error = cause.Error()
	}
	err := db.catalog.Change(func(n *catalog.Names) error {
		k, ok := n.Query(l.name)
		if !ok || k.ID != l.id || k.Status == next.Status && k.Error == next.Error || !listed() {
			return errAsItIs
		}
		changed := *k
		changed.Status, changed.Error = next.Status, next.Error
		n.PutQuery(changed)
		return nil
	})
	if errors.Is(err, errAsItIs) {
		return nil
	}
	return err
}
