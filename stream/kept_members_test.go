package stream_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
)

// reader is a kept query over views.
func reader(w *world, name string, views ...string) stream.Spec {
	s := over(name, views...)
	s.Kept, s.Fingerprint = true, "reader"
	s.Sinks = []stream.Output{w.sink(name, "c")}
	return s
}

// stopped says that a query is to stay as it is.
func stopped(s stream.Spec) stream.Spec {
	s.Stopped, s.Sinks = true, nil
	return s
}

func one(t *testing.T, queries []*stream.Query, err error) *stream.Query {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(queries, func(q *stream.Query) bool { st := stream.Stopped; return q != nil && status(q) != st })
	if at < 0 {
		t.Fatal("no query runs")
	}
	return queries[at]
}

func status(q *stream.Query) stream.Status {
	st, _ := q.Status()
	return st
}

// A query that was stopped goes on with what it has missed, whether its dataflow ran on
// without it, or was closed, in this process or another.
func TestStoppedGoesOn(t *testing.T) {
	for _, how := range []string{"running", "closed", "killed"} {
		t.Run(how, func(t *testing.T) {
			w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
			view := pairs(a, "v")
			e := w.process()
			v, q := start(t, e, view), start(t, e, reader(w, "r", "v"))
			a.put("t/0", 1, 2, 1)
			processed(t, e, q)
			if err := q.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := w.rows("r")
			a.put("t/1", 2, 3, 1)
			processed(t, e, v)
			if how != "running" {
				if how == "killed" {
					w.kill = func(string, int) bool { return true }
					_ = w.step("dead")
					w.kill = nil
				}
				w.ended()
				e = w.process()
				queries, err := w.resumed(e, view, stopped(reader(w, "r", "v")))
				if v = one(t, queries, err); status(queries[1]) != stream.Stopped {
					t.Error("what was stopped runs")
				}
				a.put("t/0", 4)
				processed(t, e, v)
			}
			equal(t, w.rows("r"), before)
			queries, err := e.Resume(t.Context(), v.Flow(), func(k stream.Kept) ([]stream.Spec, error) {
				if len(k.Members) != 2 || !k.Members[1].Stopped {
					t.Errorf("kept is %+v", k)
				}
				return []stream.Spec{view, reader(w, "r", "v")}, nil
			})
			q = one(t, queries, err)
			processed(t, e, q)
			equal(t, w.rows("r"), squares(a))
			equal(t, result(t, q), squares(a))
			a.put("t/0", 3)
			processed(t, e, q)
			equal(t, w.rows("r"), squares(a))
			w.ended()
			e = w.process()
			queries, err = w.resumed(e, view, reader(w, "r", "v"))
			if err != nil {
				t.Fatal(err)
			}
			a.put("t/1", 5, 2)
			processed(t, e, queries[1])
			equal(t, w.rows("r"), squares(a))
		})
	}
}

// The only query of a dataflow that is stopped keeps its state.
func TestStoppedAlone(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	spec := func() stream.Spec {
		s := pairs(a, "q")
		s.Sinks = []stream.Output{w.sink("out", "")}
		return s
	}
	e := w.process()
	q := start(t, e, spec())
	a.put("t/0", 1, 2, 1)
	processed(t, e, q)
	flow := q.Flow()
	for range 2 {
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.put("t/0", 1)
		queries, err := e.Resume(t.Context(), flow, func(stream.Kept) ([]stream.Spec, error) { return []stream.Spec{spec()}, nil })
		q = one(t, queries, err)
		processed(t, e, q)
		equal(t, w.rows("out"), squares(a))
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.ended()
	e = w.process()
	queries, err := w.resumed(e, stopped(spec()))
	if err != nil || status(queries[0]) != stream.Stopped {
		t.Fatal(queries, err)
	}
	if err := e.Drop(t.Context(), queries[0]); err != nil {
		t.Fatal(err)
	}
	if ids := w.flowsThere(); len(ids) > 0 {
		t.Errorf("%q are left", ids)
	}
}

// What is dropped leaves nothing, and what runs beside it goes on.
func TestDropOfKept(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	view := pairs(a, "v")
	e := w.process()
	start(t, e, view)
	q, r := start(t, e, reader(w, "q", "v")), start(t, e, reader(w, "r", "v"))
	a.put("t/0", 1, 1)
	processed(t, e, r)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*stream.Query{q, r} {
		if err := e.Drop(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	w.ended()
	e = w.process()
	var kept stream.Kept
	queries, err := e.Resume(t.Context(), w.flowsThere()[0], func(k stream.Kept) ([]stream.Spec, error) { kept = k; return []stream.Spec{view}, nil })
	v := one(t, queries, err)
	if len(kept.Members) != 1 {
		t.Errorf("kept is %+v", kept)
	}
	a.put("t/0", 1)
	processed(t, e, v)
	equal(t, result(t, v), squares(a))
	if err := e.Drop(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if ids := w.flowsThere(); len(ids) > 0 {
		t.Errorf("%q are left", ids)
	}
}

// Two dataflows that a query joins are one from then on, also after a restart.
func TestJoinedGoOnAsOne(t *testing.T) {
	w, a, b := newWorld(t), newFakeTable(t), newFakeTable(t, "t/1")
	b.def.Name = "u"
	specs := func() []stream.Spec {
		va, vb := pairs(a, "a"), pairs(b, "b")
		va.Sinks = []stream.Output{w.sink("a", "c")}
		return []stream.Spec{va, vb, reader(w, "q", "a", "b")}
	}
	e := w.process()
	a.put("t/0", 1, 1)
	b.put("t/1", 7)
	s := specs()
	processed(t, e, start(t, e, s[0]))
	processed(t, e, start(t, e, s[1]))
	if n := len(w.flowsThere()); n != 2 {
		t.Errorf("%d dataflows", n)
	}
	processed(t, e, start(t, e, s[2]))
	equal(t, w.rows("q"), together(squares(a), squares(b)))
	w.ended()
	for i := range 3 {
		e = w.process()
		a.put("t/0", 2)
		b.put("t/1", 8)
		queries, err := w.resumed(e, specs()...)
		if err != nil {
			t.Fatal(err)
		}
		processed(t, e, queries[2])
		equal(t, w.rows("q"), together(squares(a), squares(b)))
		equal(t, w.rows("a"), squares(a))
		if i == 1 {
			e.Abort()
		}
		w.ended()
	}
}

func together(a, b string) string {
	all := append(strings.Split(a, ", "), strings.Split(b, ", ")...)
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// A continuous SELECT beside what is kept is not.
func TestNotKept(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	view := pairs(a, "v")
	e := w.process()
	start(t, e, view)
	q := start(t, e, over("select", "v"))
	a.put("t/0", 1, 1)
	processed(t, e, q)
	equal(t, result(t, q), squares(a))
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(t, e, over("again", "v"))
	w.ended()
	e = w.process()
	queries, err := e.Resume(t.Context(), w.flowsThere()[0], func(k stream.Kept) ([]stream.Spec, error) {
		if fmt.Sprint(k.Members) != "[{v pairs 2 false}]" {
			t.Errorf("kept is %+v", k)
		}
		return []stream.Spec{view}, nil
	})
	v := one(t, queries, err)
	a.put("t/0", 1)
	processed(t, e, v)
	equal(t, result(t, v), squares(a))
}

// A plan that is another than the one whose state is kept is refused, and what was kept stays.
func TestOtherPlanIsRefused(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	e := w.process()
	a.put("t/0", 1, 1)
	processed(t, e, start(t, e, pairs(a, "v")))
	w.ended()
	e = w.process()
	other := pairs(a, "v")
	other.Fingerprint = "other"
	if _, err := w.resumed(e, other); err == nil || !strings.Contains(err.Error(), "its plan is another") {
		t.Errorf("got %v", err)
	}
	queries, err := w.resumed(e, pairs(a, "v"))
	v := one(t, queries, err)
	processed(t, e, v)
	equal(t, result(t, v), squares(a))
}

// Nobody who asks for a source's splits is given other ones of the same name, or fewer.
func TestSourceThatIsAnother(t *testing.T) {
	for _, change := range []string{"made again", "retention has passed"} {
		t.Run(change, func(t *testing.T) {
			w, a := newWorld(t), newFakeTable(t)
			a.ids = map[connectors.Split]string{"t/0": "first"}
			e := w.process()
			a.put("t/0", 1, 1)
			processed(t, e, start(t, e, pairs(a, "v")))
			w.ended()
			e = w.process()
			queries, err := w.resumed(e, pairs(a, "v"))
			one(t, queries, err)
			w.ended()
			e = w.process()
			if change == "made again" {
				a.ids = map[connectors.Split]string{"t/0": "second"}
			} else {
				a.first = connectors.Offsets{"t/0": 3}
			}
			if _, err := w.resumed(e, pairs(a, "v")); err == nil || !strings.Contains(err.Error(), change) {
				t.Errorf("got %v", err)
			}
			if a.open != 0 {
				t.Errorf("%d sources are open", a.open)
			}
		})
	}
}

// A query that ends by itself ends where it was to, however often it is begun again, and what
// it has finished it does not do twice.
func TestBoundedGoesOn(t *testing.T) {
	for _, step := range []string{"", "write", "state after", "manifest before", "publish before"} {
		t.Run(step, func(t *testing.T) {
			w, a := newWorld(t), newFakeTable(t)
			spec := func() stream.Spec {
				s := pairs(a, "q")
				s.Trigger.AvailableNow, s.Limits.MaxRows = true, 2
				s.Sinks = []stream.Output{w.sink("out", "")}
				return s
			}
			a.put("t/0", 1, 2, 1, 3, 1)
			want := squares(a)
			w.kill = func(s string, n int) bool { return s == step && n == 3 }
			e := w.process()
			queries, err := w.begin(e, []stream.Spec{spec()})
			if err == nil {
				<-queries[0].Done()
			}
			w.ended()
			w.kill = nil
			a.put("t/0", 9) // is no part of it
			for range 2 {
				e = w.process()
				if queries, err = w.begin(e, []stream.Spec{spec()}); err != nil {
					t.Fatal(err)
				}
				within(t, "the query", func() { <-queries[0].Done() })
				if st, err := queries[0].Status(); st != stream.Finished || err != nil {
					t.Errorf("%v, %v", st, err)
				}
				equal(t, w.rows("out"), want)
				equal(t, result(t, queries[0]), want)
				w.ended()
			}
		})
	}
}
