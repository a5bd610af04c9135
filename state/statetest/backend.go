package statetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
)

// A Disk is what backends of a test keep their files on.
type Disk interface {
	// Open opens the backend of a name, where the last one was closed or the disk crashed.
	Open(name string) (state.Backend, error)
	// FailAfter lets so many changes of the disk through; each one behind them fails, until it
	// is called again. With -1 none fails.
	FailAfter(changes int)
	// Crash returns the disk as a machine leaves it that dies now, or at the first change that
	// failed. The backends of before are to be used no more. If none has failed yet the
	// changes are counted on.
	Crash(r *rand.Rand) Disk
}

// RunBackend holds the laws of a backend to those that disks have, each of them empty.
func RunBackend(t *testing.T, disk func() Disk) {
	t.Run("reopened", func(t *testing.T) {
		for seed := range raced(6) {
			w := newWorld(t, disk(), seed)
			w.spills = seed%2 == 0
			w.open()
			for range 40 {
				if err := w.epoch(); err != nil {
					t.Fatal(err)
				}
				if w.rand.IntN(4) == 0 {
					w.reopen(w.rand.IntN(2) == 0)
				}
			}
		}
	})
	t.Run("crashing", func(t *testing.T) {
		for seed := range raced(2) {
			for changes := 0; crashAfter(t, disk(), seed, changes); changes += 1 + changes/12 {
			}
		}
	})
	t.Run("adopting", func(t *testing.T) { checkAdopting(t, disk) })
}

// crashAfter lets a backend fail after so many changes of the disk, and then goes on with
// what is left. It reports whether the run came so far.
func crashAfter(t *testing.T, d Disk, seed uint64, changes int) bool {
	w := newWorld(t, d, seed)
	w.open()
	d.FailAfter(changes)
	for range 12 {
		if err := w.epoch(); err != nil {
			if w.rand.IntN(3) == 0 { // there is room again
				_ = w.b.Close() // it may tell once more what has failed
			} else {
				w.disk = w.disk.Crash(w.rand)
			}
			w.disk.FailAfter(-1)
			w.open()
			for range 3 {
				if err := w.epoch(); err != nil {
					t.Fatalf("seed %d, after change %d: %v", seed, changes, err)
				}
			}
			w.reopen(true)
			return true
		}
	}
	return w.failed
}

// A world is a dataflow on a backend, and what is to be found of it.
type world struct {
	t    *testing.T
	disk Disk
	rand *rand.Rand
	ctx  context.Context

	b      state.Backend
	now    int64
	tables map[string]*worldTable // by "store table"

	latest   kept
	prepared *kept // it is known to be durable
	trying   *kept // it may be durable: Prepare has failed, or nobody has waited for the disk
	commits  bool  // Commit was called, and it is not known whether it has happened
	spills   bool  // memory is too small
	log      []state.Record
	logging  *state.Record // it may be durable, since Log has failed
	failed   bool          // the disk has, while the backend was opened
}

// kept is a checkpoint and what the tables had.
type kept struct {
	epoch  int64
	tables map[string]contents
}

func (k *kept) meta() []byte {
	if k.epoch == 0 {
		return nil
	}
	return fmt.Appendf(nil, "checkpoint %d", k.epoch)
}

func newWorld(t *testing.T, d Disk, seed uint64) *world {
	return &world{t: t, disk: d, rand: sample.Rand(seed), ctx: context.Background()}
}

// open opens the backend, looks at what it has found, and takes it up. A disk that fails
// meanwhile is taken up once more as it is then.
func (w *world) open() {
	w.t.Helper()
	if w.tryOpen() == nil {
		return
	}
	w.failed = true
	w.disk = w.disk.Crash(w.rand)
	w.disk.FailAfter(-1)
	if err := w.tryOpen(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tryOpen() error {
	w.t.Helper()
	var err error
	if w.b, err = w.disk.Open("flow"); err != nil {
		return err
	}
	found := w.b.Found()
	if k := cmp.Or(w.prepared, w.trying); w.commits && k != nil && found.Latest.Epoch == k.epoch {
		w.latest, w.prepared, w.trying = *k, nil, nil
	}
	if found.Latest.Epoch != w.latest.epoch || string(found.Latest.Meta) != string(w.latest.meta()) {
		w.t.Fatalf("found checkpoint %d %q, want %d", found.Latest.Epoch, found.Latest.Meta, w.latest.epoch)
	}
	if found.Prepared != nil && w.trying != nil && found.Prepared.Epoch == w.trying.epoch {
		w.prepared = w.trying
	}
	w.checkFound(found)
	if s, ok := w.b.(state.Spiller); ok && w.spills {
		s.Limit(w.rand.Int64N(2) * 512)
	}
	w.trying, w.logging, w.commits = nil, nil, false
	happened := w.rand.IntN(2) == 0
	if err := w.b.Settle(w.ctx, happened); err != nil {
		if w.commits = happened && w.prepared != nil; !w.commits {
			w.trying, w.prepared = w.prepared, nil
		}
		return err
	}
	if happened && w.prepared != nil {
		w.latest = *w.prepared
	}
	w.prepared = nil
	w.log = slices.DeleteFunc(w.log, func(r state.Record) bool { return r.Epoch <= w.latest.epoch })
	w.now = max(w.now, w.latest.epoch)
	w.openTables()
	return nil
}

func (w *world) checkFound(found state.Found) {
	w.t.Helper()
	switch p := found.Prepared; {
	case (p != nil) != (w.prepared != nil):
		w.t.Fatalf("found %v prepared, want %v", p, w.prepared)
	case p != nil && (p.Epoch != w.prepared.epoch || string(p.Meta) != string(w.prepared.meta())):
		w.t.Fatalf("found checkpoint %d prepared, want %d", p.Epoch, w.prepared.epoch)
	}
	w.log = slices.DeleteFunc(w.log, func(r state.Record) bool { return r.Epoch <= w.latest.epoch })
	if w.logging != nil && len(found.Log) == len(w.log)+1 {
		w.log = append(w.log, *w.logging)
	}
	same := func(a, b state.Record) bool { return a.Epoch == b.Epoch && string(a.Data) == string(b.Data) }
	if !slices.EqualFunc(found.Log, w.log, same) {
		w.t.Fatalf("found log %v, want %v", found.Log, w.log)
	}
}

// openTables opens the tables that there are by the latest checkpoint, and compares them.
func (w *world) openTables() {
	w.t.Helper()
	w.tables = map[string]*worldTable{}
	for _, name := range slices.Sorted(maps.Keys(w.latest.tables)) {
		x := w.table(name)
		x.restore(w.latest.tables[name])
		x.compare()
	}
}

func (w *world) table(name string) *worldTable {
	x, ok := w.tables[name]
	if !ok {
		x = openTable(w.t, w.b, name)
		w.tables[name] = x
	}
	return x
}

// reopen closes the backend and opens it again.
func (w *world) reopen(closed bool) {
	if closed {
		if err := w.b.Close(); err != nil {
			w.t.Fatal(err)
		}
		w.settled()
	}
	w.disk = w.disk.Crash(w.rand)
	w.open()
}

// epoch logs an epoch, changes tables, and mostly makes a checkpoint.
func (w *world) epoch() error {
	w.now++
	for range 1 + w.rand.IntN(2) {
		r := state.Record{Epoch: w.now, Data: fmt.Appendf(nil, "record %d %d", w.now, w.rand.IntN(1000))}
		if err := w.b.Log(w.ctx, r.Epoch, r.Data); err != nil {
			w.logging = &r
			return err
		}
		w.log = append(w.log, r)
	}
	if w.rand.IntN(4) > 0 {
		if err := w.durable(); err != nil { // a table that is opened would wait, too
			return err
		}
		w.change()
	}
	w.spill()
	if w.rand.IntN(4) == 0 {
		return nil
	}
	if err := w.checkpoint(); err != nil {
		return err
	}
	w.spill()
	return nil
}

// spill leaves little or nothing in memory, where the backend has room beyond it.
func (w *world) spill() {
	w.t.Helper()
	s, ok := w.b.(state.Spiller)
	if !ok || !w.spills || w.rand.IntN(2) == 0 {
		return
	}
	if err := s.Spill(w.rand.Int64N(2) << 14); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) checkpoint() error {
	k := &kept{w.now, map[string]contents{}}
	for name, x := range w.tables {
		k.tables[name] = x.contents()
	}
	if err := w.b.Prepare(w.ctx, state.Checkpoint{Epoch: w.now, Meta: k.meta()}); err != nil {
		if !w.commits {
			w.trying = k
		}
		return err
	}
	w.settled() // it has waited for the one before
	w.trying = k
	if err := w.maybeDurable(); err != nil {
		return err
	}
	if w.rand.IntN(8) == 0 {
		w.reopen(w.rand.IntN(2) == 0)
		return nil
	}
	w.commits = true
	if err := w.b.Commit(w.ctx); err != nil {
		return err
	}
	return w.maybeDurable()
}

// maybeDurable waits for the disk, or does not.
func (w *world) maybeDurable() error {
	if w.rand.IntN(2) == 0 {
		return nil
	}
	return w.durable()
}

func (w *world) durable() error {
	err := w.b.Durable()
	if err == nil {
		w.settled()
	}
	return err
}

// settled says that the disk has all that it was given.
func (w *world) settled() {
	if w.trying != nil {
		w.prepared, w.trying = w.trying, nil
	}
	if w.commits {
		w.latest, w.prepared, w.commits = *w.prepared, nil, false
	}
}

// change works on some tables, and now and then forgets a store.
func (w *world) change() {
	for range 1 + w.rand.IntN(4) {
		store := fmt.Sprintf("q%d/0", w.rand.IntN(3))
		if w.rand.IntN(20) == 0 {
			w.b.Drop(store)
			maps.DeleteFunc(w.tables, func(_ string, x *worldTable) bool { return x.store == store })
			continue
		}
		w.table(fmt.Sprintf("%s %d", store, w.rand.IntN(tableKinds))).change(w.rand)
	}
}
