package stream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
)

// A query goes on where the process before has ended: with its state, its positions, and
// the number of its epoch.
func TestGoOn(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
	spec := func() stream.Spec {
		s := pairs(a, "q")
		s.Sinks = []stream.Output{w.sink("out", "")}
		return s
	}
	a.put("t/0", 1, 2, 1)
	e := w.process()
	q := start(t, e, spec())
	processed(t, e, q)
	epoch := q.Progress().BatchID
	w.ended()
	a.put("t/1", 2, 3)
	for range 3 {
		e = w.process()
		queries, err := w.resumed(e, spec())
		if err != nil {
			t.Fatal(err)
		}
		q = queries[0]
		if got := q.Resumed(); got < epoch {
			t.Errorf("goes on behind epoch %d, not %d", got, epoch)
		}
		processed(t, e, q)
		equal(t, result(t, q), squares(a))
		equal(t, w.rows("out"), squares(a))
		if st, err := q.Status(); st != stream.Running || err != nil {
			t.Errorf("%v, %v", st, err)
		}
		w.ended()
		a.put("t/0", 1)
	}
}

// kinds are dataflows whose output leaves in different ways.
func kinds(w *world, a *fakeTable) map[string]func() []stream.Spec {
	with := func(change func(*stream.Spec), outs ...func() stream.Output) func() []stream.Spec {
		return func() []stream.Spec {
			s := pairs(a, "q")
			s.CheckpointInterval = 1
			for _, o := range outs {
				s.Sinks = append(s.Sinks, o())
			}
			if change != nil {
				change(&s)
			}
			return []stream.Spec{s}
		}
	}
	publishing := func() stream.Output { return w.sink("out", "") }
	shared := func() stream.Output { return w.sink("shared", "c") }
	atLeastOnce := func() stream.Output {
		o := w.sink("out", "")
		o.Guarantee, o.Sink.(*lastingSink).forgets = connectors.AtLeastOnce, true
		return o
	}
	return map[string]func() []stream.Spec{
		"published":                      with(nil, publishing),
		"in a transaction":               with(nil, shared),
		"both":                           with(nil, shared, publishing),
		"at least once":                  with(nil, atLeastOnce),
		"at least once, seldom kept":     with(func(s *stream.Spec) { s.CheckpointInterval = 1 << 60 }, atLeastOnce),
		"result only":                    with(nil),
		"in two transactions":            with(nil, shared, func() stream.Output { return w.sink("out", "d") }),
		"transaction, and at least once": with(nil, shared, atLeastOnce),
	}
}

// life feeds the table and lets the queries take that in, some rows at a time. It ends early
// where the process is killed, with errKilled.
func (w *world) life(a *fakeTable, e *stream.Engine, queries []*stream.Query, from, to int) error {
	for i := from; i < to; i++ {
		a.put(connectors.Split(fmt.Sprintf("t/%d", i%2)), i%5, i%3)
		for _, q := range queries {
			if err := e.ProcessAllAvailable(w.t.Context(), q); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin starts the queries anew, or goes on with what is kept.
func (w *world) begin(e *stream.Engine, specs []stream.Spec) ([]*stream.Query, error) {
	if len(w.flowsThere()) > 0 {
		return w.resumed(e, specs...)
	}
	var queries []*stream.Query
	for _, s := range specs {
		q, err := e.Start(w.t.Context(), s)
		if err != nil {
			return nil, err
		}
		queries = append(queries, q)
	}
	return queries, nil
}

// Wherever the process is killed, also while it recovers: what is exactly once is so, and
// what is at least once lacks nothing.
func TestKilledAnywhere(t *testing.T) {
	for name := range kinds(newWorld(t), newFakeTable(t)) {
		t.Run(name, func(t *testing.T) { killedAnywhere(t, name, 0) })
		t.Run(name+", without memory", func(t *testing.T) { killedAnywhere(t, name, 1) })
	}
}

// killedAnywhere kills a process that may take so much memory.
func killedAnywhere(t *testing.T, name string, memory int64) {
	w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
	w.memory = memory
	e := w.process()
	queries, err := w.begin(e, kinds(w, a)[name]())
	if err == nil {
		err = w.life(a, e, queries, 0, 3)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.ended()
	steps := map[string]int{}
	for _, s := range w.steps {
		steps[s]++
	}
	for step, n := range steps {
		for k := range n {
			t.Run(fmt.Sprintf("%s %d", step, k+1), func(t *testing.T) { killedAt(t, name, memory, step, k+1) })
		}
	}
}

func killedAt(t *testing.T, name string, memory int64, step string, n int) {
	w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
	w.kill = func(s string, k int) bool { return s == step && k == n }
	w.memory = memory
	e := w.process()
	queries, err := w.begin(e, kinds(w, a)[name]())
	if err == nil {
		err = w.life(a, e, queries, 0, 3)
	}
	if err == nil { // this time it took fewer epochs
		w.killedNow()
	}
	w.ended()
	if !errors.Is(err, errKilled) && !w.dead {
		t.Fatalf("not killed: %v", err)
	}
	w.kill = func(s string, k int) bool { return s == "manifest before" && k == 2 } // and once more
	for range 2 {
		e = w.process()
		if queries, err = w.begin(e, kinds(w, a)[name]()); err == nil {
			err = w.life(a, e, queries, 3, 5)
		}
		w.ended()
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		w.kill = nil
	}
	e = w.process()
	if queries, err = w.begin(e, kinds(w, a)[name]()); err == nil {
		err = w.life(a, e, queries, 5, 6)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		equal(t, result(t, q), squares(a))
	}
	for _, sink := range []string{"shared", "out"} {
		rows, there := w.rows(sink), len(w.staged[sink]) > 0 || len(w.shown[sink]) > 0
		switch {
		case !there:
		case sink == "shared" || name == "published" || name == "both":
			equal(t, rows, squares(a))
		default:
			atLeast(t, rows, squares(a))
		}
	}
}

// atLeast checks that rows are there as often as they should be, or more often.
func atLeast(t *testing.T, got, want string) {
	t.Helper()
	counts := func(text string) map[string]int {
		out := map[string]int{}
		for _, r := range strings.Split(text, ", ") {
			var n int
			var v string
			if _, err := fmt.Sscanf(r, "%d %s", &n, &v); err != nil {
				t.Fatalf("%q: %v", r, err)
			}
			out[v] = n
		}
		return out
	}
	have := counts(got)
	for v, n := range counts(want) {
		if have[v] < n {
			t.Errorf("%s is there %d times, not %d", v, have[v], n)
		}
	}
}
