package stream_test

import (
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/durable"
	"github.com/sqlstream/sqlstream/stream"
)

// spilled is the bytes that a query has beyond memory.
func spilled(q *stream.Query) int64 {
	n := int64(0)
	for _, o := range q.Progress().StateOperators {
		n += o.SpilledBytes
	}
	return n
}

// numbers puts values below n into a table, k copies of each.
func (f *fakeTable) numbers(n, k int) {
	var values []int
	for i := range n * k {
		values = append(values, i*7%n)
	}
	f.put("t/0", values...)
}

// A query whose state outgrows memory goes on, also in the next process: with checkpoints
// at once where what they are to write is too much, and while its result is read.
func TestGoOnBeyondMemory(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	w.memory = 1 << 20
	spec := pairs(a, "q")
	spec.CheckpointInterval = 1 << 60
	spec.Limits = stream.Limits{MaxRows: 10_000}
	for round := range 3 {
		e := w.process()
		queries, err := w.begin(e, []stream.Spec{spec})
		if err != nil {
			t.Fatal(err)
		}
		q := queries[0]
		a.numbers(20_000, 1)
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for range 3 {
					if _, _, err := q.Result(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		processed(t, e, q)
		readers.Wait()
		if spilled(q) == 0 {
			t.Errorf("round %d: nothing is beyond memory", round)
		}
		if got := result(t, q); got != squares(a) {
			t.Fatalf("round %d: the result has %d bytes, want %d", round, len(got), len(squares(a)))
		}
		w.ended()
	}
}

// What does not last has room beyond memory, too. A result that is small, or that memory has
// room for, can be read when its query has ended; of another it is said that it is gone.
func TestResultBeyondMemory(t *testing.T) {
	for _, c := range []struct {
		rows  int
		ends  int64
		stays bool
	}{
		{30_000, 1 << 20, true},
		{120_000, 1 << 30, true},
		{200_000, 1 << 20, false},
	} {
		if testing.Short() && c.rows > 30_000 {
			continue // the race detector's turn
		}
		d, err := durable.Open(vfs.NewMem(), "dir", durable.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a := newFakeTable(t)
		a.numbers(c.rows, 2)
		e := opened(t, func(c *stream.Config) {
			c.NewBackend = func() (state.Backend, error) { return d.Passing(), nil }
			c.MemoryLimit = 1 << 20
		})
		spec := a.spec("q")
		spec.Limits = stream.Limits{MaxRows: 10_000}
		q := start(t, e, spec)
		processed(t, e, q)
		if spilled(q) == 0 {
			t.Fatal("nothing is beyond memory")
		}
		b, _, err := q.Result()
		if err != nil || b.Len != c.rows || b.Weight(0) != 2 {
			t.Fatalf("%d rows: %v", b.Len, err)
		}
		a.numbers(c.rows, 1)
		processed(t, e, q)
		e.SetMemoryLimit(c.ends)
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, _, err = q.Result()
		if c.stays && (err != nil || b.Len != c.rows) || !c.stays && err == nil {
			t.Errorf("%d rows with room for %d bytes: %v", c.rows, c.ends, err)
		}
		e.Close()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
