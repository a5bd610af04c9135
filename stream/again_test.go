package stream_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/stream"
)

func soon(c *stream.Config) { c.RestartAfter = time.Millisecond }

// restarting is a query that begins again after failures, with sinks that can be opened
// again.
func restarting(w *world, f *fakeTable, name string, outs ...func() stream.Output) stream.Spec {
	s := pairs(f, name)
	s.Restart = true
	for _, o := range outs {
		out := o()
		out.Open = func(context.Context) (connectors.Sink, error) { return o().Sink, nil }
		s.Sinks = append(s.Sinks, out)
	}
	return s
}

// Whatever step fails, a query that is to begin again does so, and shows each row once.
func TestBeginsAgain(t *testing.T) {
	steps := []string{"begin", "write", "prepare", "state before", "state after", "transaction before", "transaction after", "manifest before", "manifest after", "publish before", "publish after"}
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
			e := w.process(soon)
			q := start(t, e, restarting(w, a, "q",
				func() stream.Output { return w.sink("shared", "c") },
				func() stream.Output { return w.sink("out", "") }))
			a.put("t/0", 1, 1, 2)
			processed(t, e, q)
			w.failing(step, 3)
			a.put("t/1", 2, 3)
			throughFailures(t, e, q)
			a.put("t/0", 1)
			throughFailures(t, e, q)
			for _, sink := range []string{"shared", "out"} {
				equal(t, w.rows(sink), squares(a))
			}
			equal(t, result(t, q), squares(a))
			w.ended()
			e = w.process(soon)
			queries, err := w.resumed(e, restarting(w, a, "q",
				func() stream.Output { return w.sink("shared", "c") },
				func() stream.Output { return w.sink("out", "") }))
			q = one(t, queries, err)
			processed(t, e, q)
			equal(t, result(t, q), squares(a))
		})
	}
}

// throughFailures is processed of a query that begins again meanwhile.
func throughFailures(t *testing.T, e *stream.Engine, q *stream.Query) {
	t.Helper()
	err := e.ProcessAllAvailable(t.Context(), q)
	for errors.Is(err, errPasses) && status(q) == stream.Running {
		err = e.ProcessAllAvailable(t.Context(), q) // it was about to
	}
	if err != nil {
		t.Fatal(err)
	}
}

var errPasses = errors.New("the broker is away")

// A source that fails does not end a query that is to begin again, and one that always
// will does.
func TestWhatPasses(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		passes bool
	}{
		"environment":     {errPasses, true},
		"bug":             {&invariants.Bug{Msg: "the source is broken"}, false},
		"another process": {connectors.ErrTaken, false},
		"bad record":      {&connectors.BadRecord{Split: "t/0", Reason: "no JSON"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, a, other := newWorld(t), newFakeTable(t), newFakeTable(t)
			e := w.process(soon)
			v := start(t, e, restarting(w, other, "other"))
			q := start(t, e, restarting(w, a, "q"))
			a.put("t/0", 1, 1)
			processed(t, e, q)
			var n atomic.Int64
			a.on("open", func(context.Context) error {
				if n.Add(1) <= 3 {
					return c.err
				}
				return nil
			})
			a.put("t/0", 2)
			if c.passes {
				throughFailures(t, e, q)
				equal(t, result(t, q), squares(a))
			} else if err := q.Wait(t.Context()); !errors.Is(err, c.err) || status(q) != stream.Failed {
				t.Errorf("%v, %v", status(q), err)
			}
			other.put("t/0", 5)
			processed(t, e, v)
			equal(t, result(t, v), squares(other))
		})
	}
}

// Without restart a failure is the end, until the query is resumed in the same process.
func TestFailedIsResumed(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	e := w.process()
	spec := func() stream.Spec {
		s := pairs(a, "q")
		s.Sinks = []stream.Output{w.sink("out", "c")}
		return s
	}
	q := start(t, e, spec())
	a.put("t/0", 1, 1)
	processed(t, e, q)
	a.on("open", func(context.Context) error { return errPasses })
	a.put("t/0", 2, 1)
	if err := q.Wait(t.Context()); !errors.Is(err, errPasses) {
		t.Errorf("got %v", err)
	}
	a.on("open", nil)
	queries, err := e.Resume(t.Context(), q.Flow(), func(stream.Kept) ([]stream.Spec, error) { return []stream.Spec{spec()}, nil })
	q = one(t, queries, err)
	processed(t, e, q)
	equal(t, w.rows("out"), squares(a))
}

// A query that waits to begin again can be stopped, and dropped; closing does not wait.
func TestEndOfWhatBeginsAgain(t *testing.T) {
	for _, how := range []string{"stop", "drop", "close", "abort"} {
		t.Run(how, func(t *testing.T) {
			w, a := newWorld(t), newFakeTable(t)
			down := make(chan struct{}, 100)
			e := w.process(func(c *stream.Config) {
				c.RestartAfter = time.Hour
				c.Env.Notice = func(text string) {
					if strings.Contains(text, "begins again") {
						down <- struct{}{}
					}
				}
			})
			q := start(t, e, restarting(w, a, "q"))
			a.on("open", func(context.Context) error { return errPasses })
			a.put("t/0", 2, 1)
			<-down
			if err := e.ProcessAllAvailable(t.Context(), q); !errors.Is(err, errPasses) {
				t.Errorf("got %v", err)
			}
			within(t, how, func() {
				var err error
				switch how {
				case "stop":
					err = q.Stop(t.Context())
				case "drop":
					err = e.Drop(t.Context(), q)
				case "close":
					e.Close()
				default:
					e.Abort()
				}
				if err != nil {
					t.Error(err)
				}
				<-q.Done()
			})
			if st, err := q.Status(); st != stream.Stopped || err != nil {
				t.Errorf("%v, %v", st, err)
			}
			if left := len(w.flowsThere()); (left == 0) != (how == "drop") {
				t.Errorf("%d dataflows are left", left)
			}
		})
	}
}

// A source that gives other records the second time is found out.
func TestOtherRecordsAreFoundOut(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	spec := func() stream.Spec {
		s := pairs(a, "v")
		s.CheckpointInterval = 1 << 60
		return s
	}
	e := w.process()
	v := start(t, e, spec())
	for i := range 3 {
		a.put("t/0", i)
		processed(t, e, v)
	}
	w.killedNow()
	a.change(func() { a.logs["t/0"][1] = `{"i": 7}` })
	e = w.process()
	queries, err := w.resumed(e, spec())
	if err == nil {
		err = queries[0].Wait(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "not deterministic") {
		t.Errorf("got %v", err)
	}
}

// A running epoch that is given up at once leaves nothing behind: the next process runs it.
func TestAbortLosesNothing(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	spec := func() stream.Spec {
		s := pairs(a, "q")
		s.Sinks = []stream.Output{w.sink("out", "")}
		return s
	}
	e := w.process()
	q := start(t, e, spec())
	a.put("t/0", 1, 1)
	processed(t, e, q)
	hold, entered, _ := blocked()
	a.on("open", hold)
	a.put("t/0", 2, 1)
	<-entered
	within(t, "Abort", e.Abort)
	if st, err := q.Status(); st != stream.Stopped || err != nil {
		t.Errorf("%v, %v", st, err)
	}
	w.ended()
	a.on("open", nil)
	e = w.process()
	queries, err := w.resumed(e, spec())
	q = one(t, queries, err)
	processed(t, e, q)
	equal(t, w.rows("out"), squares(a))
}

// Who reads the result of a query that does not run has its state open: the engine is closed
// once that is closed, too.
func TestCloseWaitsForAReader(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	spec := pairs(a, "q")
	spec.Result = true
	e := w.process()
	q := start(t, e, spec)
	a.put("t/0", 1)
	processed(t, e, q)
	w.ended()
	opened, closed := make(chan *slow, 1), make(chan struct{})
	e = w.process(func(c *stream.Config) {
		open := c.OpenFlow
		c.OpenFlow = func(id string) (state.Backend, error) {
			b, err := open(id)
			s := &slow{Backend: b, until: closed}
			opened <- s
			return s, err
		}
	})
	q = e.Ended(spec, w.flowsThere()[0], stream.Stopped, nil)
	go func() { _, _, _ = q.Result() }()
	s := <-opened
	go func() {
		for !e.Closed() {
			runtime.Gosched()
		}
		close(closed)
	}()
	within(t, "Close", e.Close)
	if !s.closed.Load() {
		t.Error("the state is read from")
	}
	if _, _, err := q.Result(); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

// Who waits for something else before its query goes on does not hold up the engine's end.
func TestCloseGivesUpWhoResumes(t *testing.T) {
	w, a := newWorld(t), newFakeTable(t)
	e := w.process()
	start(t, e, pairs(a, "q"))
	w.ended()
	e = w.process(func(c *stream.Config) { c.Grace = time.Millisecond })
	waits, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := e.Resume(t.Context(), w.flowsThere()[0], func(stream.Kept) ([]stream.Spec, error) {
			close(waits)
			<-goOn
			return nil, nil
		})
		done <- err
	}()
	<-waits
	within(t, "Close", e.Close)
	close(goOn)
	<-done
}

// A slow backend opens no store before a time.
type slow struct {
	state.Backend
	until  chan struct{}
	closed atomic.Bool
}

func (s *slow) Store(name string) (state.Store, error) {
	<-s.until
	return s.Backend.Store(name)
}

func (s *slow) Close() error {
	err := s.Backend.Close()
	s.closed.Store(true)
	return err
}
