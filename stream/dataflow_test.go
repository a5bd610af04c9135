package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/stream"
)

// bug is what a panic carries that is recovered in test builds, too.
var bug = &invariants.Bug{Msg: "the source is broken"}

// A query over views of two dataflows joins them, and sees what both hold and get.
func TestJoinTwoDataflows(t *testing.T) {
	e := opened(t)
	a, b := newFakeTable(t), newFakeTable(t)
	a.put("t/0", 1)
	b.put("t/0", 2)
	va, vb := start(t, e, a.spec("a")), start(t, e, b.spec("b"))
	processed(t, e, va)
	processed(t, e, vb)
	q := start(t, e, over("q", "a", "b"))
	processed(t, e, q)
	equal(t, result(t, q), "+1 1, +1 2")
	a.put("t/0", 3)
	b.put("t/0", 4)
	processed(t, e, q)
	equal(t, result(t, q), "+1 1, +1 2, +1 3, +1 4")
	equal(t, result(t, va), "+1 1, +1 3")
	equal(t, result(t, vb), "+1 2, +1 4")
}

// A query that is joined into another dataflow before its first epoch has that epoch
// all the same, though there is no data to start it.
func TestJoinBeforeTheFirstEpoch(t *testing.T) {
	e := opened(t)
	a, b := newFakeTable(t), newFakeTable(t)
	hold, entered, letGo := blocked()
	b.on("latest", hold)
	start(t, e, a.spec("a"))
	within(t, "the start", func() {
		started := make(chan *stream.Query, 1)
		go func() { started <- start(t, e, b.spec("b")) }()
		<-entered
		close(letGo)
		vb := <-started
		q := start(t, e, over("q", "a", "b"))
		for _, x := range []*stream.Query{vb, q} {
			if err := x.Begun(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// A Start whose context ends while two dataflows are being joined leaves both as they
// were.
func TestGivenUpJoinLosesNobody(t *testing.T) {
	e := opened(t)
	a, b := newFakeTable(t), newFakeTable(t)
	va, vb := start(t, e, a.spec("a")), start(t, e, b.spec("b"))
	processed(t, e, va)
	processed(t, e, vb)
	hold, entered, letGo := blocked()
	b.on("open", hold)
	b.put("t/0", 7)
	<-entered // b is in the middle of an epoch
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := e.Start(ctx, over("q", "a", "b"))
		failed <- err
	}()
	within(t, "another query's start", func() {
		other := newFakeTable(t)
		processed(t, e, start(t, e, other.spec("other"))) // nobody waits for the join
	})
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(letGo)
	a.put("t/0", 8)
	processed(t, e, va)
	processed(t, e, vb)
	equal(t, result(t, va), "+1 8")
	equal(t, result(t, vb), "+1 7")
	for _, q := range []*stream.Query{va, vb} {
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Members come and go while epochs run; each sees everything from its first row on.
func TestMembersComeAndGo(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t, "t/0", "t/1")
	va := start(t, e, a.spec("a"))
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for i := range 2000 {
			a.put(connectors.Split(fmt.Sprintf("t/%d", i%2)), i)
		}
	}()
	for i := range 30 {
		q := start(t, e, over(fmt.Sprintf("q%d", i), "a"))
		if err := q.Begun(t.Context()); err != nil {
			t.Fatal(err)
		}
		processed(t, e, q)
		rows, err := e.Results(t.Context(), []*stream.Query{va, q})
		if err != nil {
			t.Fatal(err)
		}
		n := []int{0, 0}
		for k, parts := range rows {
			for _, b := range parts {
				n[k] += b.Len
			}
		}
		if n[0] != n[1] {
			t.Errorf("the view has %d rows, its reader %d", n[0], n[1])
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	<-fed
	processed(t, e, va)
	if b, _, _ := va.Result(); b.Len != 2000 {
		t.Errorf("%d rows", b.Len)
	}
}

// A view that is read cannot be stopped, not even by a stop that began before its
// reader came.
func TestStopBehindANewReader(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	va := start(t, e, a.spec("a"))
	processed(t, e, va)
	hold, entered, letGo := blocked()
	a.on("open", hold)
	a.put("t/0", 1)
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, stopped := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := e.Start(ctx, over("q", "a"))
		started <- err
	}()
	go func() { stopped <- va.Stop(t.Context()) }()
	close(letGo)
	serr, terr := <-started, <-stopped
	if (serr == nil) == (terr == nil) {
		t.Errorf("start: %v, stop: %v; one of them is possible", serr, terr)
	}
	if q, ok := e.Query("q"); ok && serr == nil {
		a.put("t/0", 2)
		processed(t, e, q)
		equal(t, result(t, q), "+1 1, +1 2")
	}
}

// Stopping one member closes its source only when nothing waits on it any more, and
// the others go on.
func TestStopWhileItsSourceWaits(t *testing.T) {
	e := opened(t)
	a, b := newFakeTable(t), newFakeTable(t)
	start(t, e, a.spec("a"))
	start(t, e, b.spec("b"))
	q := start(t, e, over("q", "a", "b"))
	processed(t, e, q)
	if err := q.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	vb, _ := e.Query("b")
	if err := vb.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.put("t/0", 5)
	va, _ := e.Query("a")
	processed(t, e, va)
	equal(t, result(t, va), "+1 5")
}

// Closing ends what waits for anything: a start that waits for a broker, a join, a
// reader that does not read, ProcessAllAvailable, an epoch that waits for a broker.
func TestCloseEndsEverything(t *testing.T) {
	e := opened(t, func(c *stream.Config) { c.Grace = time.Millisecond })
	hold, starting, _ := blocked()
	away := newFakeTable(t)
	away.on("latest", hold)
	errs := make(chan error, 3)
	go func() {
		_, err := e.Start(context.Background(), away.spec("away"))
		errs <- err
	}()
	<-starting
	stuck := newFakeTable(t)
	qs := start(t, e, stuck.spec("stuck"))
	processed(t, e, qs)
	hold, reading, _ := blocked()
	stuck.on("open", hold)
	stuck.put("t/0", 1)
	<-reading
	go func() { errs <- e.ProcessAllAvailable(context.Background(), qs) }()
	go func() {
		_, err := e.Start(context.Background(), over("q", "stuck"))
		errs <- err
	}()
	within(t, "Close", e.Close)
	within(t, "a call", func() {
		for range 3 {
			if err := <-errs; err != nil && !errors.Is(err, stream.ErrClosed) && !strings.Contains(err.Error(), "not running") {
				t.Errorf("got %v", err)
			}
		}
	})
	if st, err := qs.Status(); st != stream.Stopped || err != nil {
		t.Errorf("%v, %v", st, err)
	}
	if _, err := e.Start(t.Context(), stuck.spec("late")); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("got %v", err)
	}
	for _, f := range []*fakeTable{away, stuck} {
		if f.open != 0 {
			t.Errorf("%d sources are left open", f.open)
		}
	}
}

// A run that was cut off is not FINISHED.
func TestCutOffIsNotFinished(t *testing.T) {
	e := opened(t, func(c *stream.Config) { c.Grace = time.Millisecond })
	a := newFakeTable(t)
	a.put("t/0", 1, 2, 3)
	hold, entered, _ := blocked()
	a.on("next", hold)
	spec := a.spec("a")
	spec.Trigger.AvailableNow = true
	q := start(t, e, spec)
	<-entered
	q.Abort()
	if st, err := q.Status(); st != stream.Stopped || err != nil {
		t.Errorf("%v, %v", st, err)
	}
	spec.Name = "b"
	q = start(t, e, spec)
	e.Close()
	if st, err := q.Status(); st != stream.Stopped || err != nil {
		t.Errorf("%v, %v", st, err)
	}
}

// One name runs once, however many start it at the same time.
func TestOneNameRunsOnce(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	hold, entered, letGo := blocked()
	a.on("latest", hold)
	first := make(chan error, 1)
	go func() {
		_, err := e.Start(t.Context(), a.spec("a"))
		first <- err
	}()
	<-entered
	if _, err := e.Start(t.Context(), a.spec("A")); !errors.Is(err, stream.ErrRuns) {
		t.Errorf("got %v", err)
	}
	close(letGo)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A failure ends the whole dataflow and no other one, closes what it has open, and is
// told to whoever waits.
func TestFailingMember(t *testing.T) {
	for _, call := range []string{"begin", "write", "prepare", "commit"} {
		t.Run(call, func(t *testing.T) {
			e := opened(t)
			a, other := newFakeTable(t), newFakeTable(t)
			vo := start(t, e, other.spec("other"))
			va := start(t, e, a.spec("a"))
			sink := newFakeSink()
			spec := over("q", "a")
			spec.Sinks = []stream.Output{sink.output(connectors.Update)}
			q := start(t, e, spec)
			processed(t, e, q)
			boom := errors.New("boom")
			sink.mu.Lock()
			sink.before[call] = func(context.Context) error { return boom }
			sink.mu.Unlock()
			a.put("t/0", 1)
			if err := e.ProcessAllAvailable(t.Context(), va); !errors.Is(err, boom) || !strings.Contains(err.Error(), "out: ") {
				t.Errorf("got %v", err)
			}
			for _, x := range []*stream.Query{va, q} {
				if err := x.Wait(t.Context()); !errors.Is(err, boom) {
					t.Errorf("got %v", err)
				}
			}
			equal(t, sink.text(), "")
			if sink.closed != 1 || a.open != 0 {
				t.Errorf("the sink is closed %d times, %d sources are open", sink.closed, a.open)
			}
			other.put("t/0", 2)
			processed(t, e, vo)
			equal(t, result(t, vo), "+1 2")
		})
	}
}

// What fails to start closes what it was given.
func TestFailedStartClosesItsSinks(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	boom := errors.New("boom")
	a.on("splits", func(context.Context) error { return boom })
	sink := newFakeSink()
	spec := a.spec("a")
	spec.Sinks = []stream.Output{sink.output(connectors.Update)}
	if _, err := e.Start(t.Context(), spec); !errors.Is(err, boom) || err.Error() != "table t: boom" {
		t.Errorf("got %v", err)
	}
	spec = over("q", "nobody")
	spec.Sinks = []stream.Output{sink.output(connectors.Update)}
	if _, err := e.Start(t.Context(), spec); err == nil || err.Error() != "nobody is not running" {
		t.Errorf("got %v", err)
	}
	if sink.closed != 2 || a.open != 0 {
		t.Errorf("the sink is closed %d times, %d sources are open", sink.closed, a.open)
	}
}

// An error that looks like the end of a context, and is none of ours, is an error.
func TestForeignCancelIsAnError(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	q := start(t, e, a.spec("a"))
	processed(t, e, q)
	a.on("open", func(context.Context) error { return fmt.Errorf("the library gave up: %w", context.Canceled) })
	a.put("t/0", 1)
	if err := q.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("got %v", err)
	}
	if st, _ := q.Status(); st != stream.Failed {
		t.Errorf("the query is %v", st)
	}
}

// A panic of a source ends its query and not the process.
func TestPanicInASource(t *testing.T) {
	for _, call := range []string{"latest", "wait", "open", "next"} {
		t.Run(call, func(t *testing.T) {
			e := opened(t)
			a := newFakeTable(t)
			q := start(t, e, a.spec("a"))
			processed(t, e, q)
			a.on(call, func(context.Context) error { panic(bug) })
			a.put("t/0", 1)
			if err := q.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "internal error") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A waiter that has given up is forgotten.
func TestWaitersGiveUp(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	q := start(t, e, a.spec("a"))
	processed(t, e, q)
	hold, entered, letGo := blocked()
	a.on("open", hold)
	a.put("t/0", 1)
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	go func() { errs <- e.ProcessAllAvailable(ctx, q) }()
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(letGo)
	processed(t, e, q)
	equal(t, result(t, q), "+1 1")
}
