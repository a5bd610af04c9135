package statetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/state"
)

// checkAdopting lets a backend take over the stores of another one, with a disk that fails
// at any change, and in the end at none: one of them has the stores, as they were at its
// last checkpoint, and only one.
func checkAdopting(t *testing.T, disk func() Disk) {
	for seed := range raced(9) {
		for changes := 0; adopt(t, disk(), seed, changes); changes += 1 + changes/8 {
		}
	}
}

// adopt reports whether the disk failed after so many changes.
func adopt(t *testing.T, d Disk, seed uint64, changes int) bool {
	w := newWorld(t, d, seed)
	w.open()
	w.change()
	other, err := w.disk.Open("other")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Settle(w.ctx, false); err != nil {
		t.Fatal(err)
	}
	theirs := openTable(t, other, fmt.Sprintf("theirs/0 %d", w.rand.IntN(tableKinds)))
	theirs.change(w.rand)
	durable := theirs.contents()
	if err := other.Prepare(w.ctx, state.Checkpoint{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Commit(w.ctx), other.Durable()); err != nil {
		t.Fatal(err)
	}
	if seed%3 == 0 { // with changes of no checkpoint
		theirs.change(w.rand)
	} else { // with a table that nobody has opened
		theirs = unopened(t, w, &other, theirs)
	}
	d.FailAfter(changes)
	failed := w.b.Adopt(other) != nil
	if !failed {
		w.tables[theirs.name] = theirs
		if seed%3 == 1 { // it is opened before the next checkpoint
			delete(w.tables, theirs.name)
			w.table(theirs.name).restore(durable)
		}
	}
	for range 4 {
		failed = failed || w.epoch() != nil
	}
	failed = failed || w.durable() != nil
	w.disk = w.disk.Crash(w.rand)
	w.disk.FailAfter(-1)
	w.open()
	again, err := w.disk.Open("other")
	if err != nil {
		t.Fatal(err)
	}
	_, adopted := w.latest.tables[theirs.name]
	if f := again.Found(); (f.Latest.Epoch == 0) != adopted || f.Prepared != nil || len(f.Log) > 0 {
		t.Fatalf("seed %d, after change %d: the stores are adopted: %v, and there is %v", seed, changes, adopted, f)
	}
	if !adopted {
		if err := again.Settle(w.ctx, false); err != nil {
			t.Fatal(err)
		}
		x := openTable(t, again, theirs.name)
		x.restore(durable)
		x.compare()
	}
	return failed
}

// unopened opens a backend again, and none of its tables.
func unopened(t *testing.T, w *world, b *state.Backend, x *worldTable) *worldTable {
	if err := (*b).Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if *b, err = w.disk.Open("other"); err != nil {
		t.Fatal(err)
	}
	if err := (*b).Settle(w.ctx, false); err != nil {
		t.Fatal(err)
	}
	closed := x.contents()
	return &worldTable{name: x.name, store: x.store, t: t, closed: &closed}
}
