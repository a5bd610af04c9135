package stream_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A sum adds up changes, and minds that no epoch comes after a later one.
type sum struct {
	t     testing.TB
	epoch int64
	rows  map[string]int64
}

func newSum(t testing.TB) *sum { return &sum{t, -1, map[string]int64{}} }

func (s *sum) add(c stream.Change) {
	if c.Epoch < s.epoch {
		s.t.Errorf("epoch %d after %d", c.Epoch, s.epoch)
	}
	s.epoch = c.Epoch
	for row := range c.Delta.Len {
		text := string(c.Delta.AppendRowText(nil, row))
		_, text, _ = strings.Cut(text, " ")
		if s.rows[text] += c.Delta.Weight(row); s.rows[text] == 0 {
			delete(s.rows, text)
		}
	}
}

func (s *sum) text() string {
	var out []string
	for row, w := range s.rows {
		out = append(out, fmt.Sprintf("%+d %s", w, row))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// A subscriber gets the result so far and then every change, each once, whenever it
// comes and goes: what it adds up is the result of the epoch that it has last heard of.
func TestSubscribersUnderLoad(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t, "t/0", "t/1", "t/2")
	spec := a.spec("a")
	spec.Limits.MaxRows = 10 // many epochs
	q := start(t, e, spec)
	const rows = 3000
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 { // leave early, and come back
				n := 0
				for _, err := range q.Changes(t.Context()) {
					if err != nil {
						t.Error(err)
					}
					if n++; n == 3 {
						break
					}
				}
			}
			s := newSum(t)
			total := int64(0)
			for c, err := range q.Changes(t.Context()) {
				if err != nil {
					t.Error(err)
				}
				s.add(c)
				for row := range c.Delta.Len {
					total += c.Delta.Weight(row)
				}
				if total >= rows {
					break
				}
			}
			if got := s.text(); got != result(t, q) {
				t.Error("the changes do not add up to the result")
			}
		})
	}
	for i := range rows {
		a.put(connectors.Split(fmt.Sprintf("t/%d", i%3)), i%100)
	}
	wg.Wait()
}

// The first reader of a query without result gets every row from the first on, however
// late it comes; the dataflow waits for it.
func TestFirstSubscriberMissesNothing(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	for i := range 1000 {
		a.put("t/0", i)
	}
	spec := a.spec("a")
	spec.Result, spec.AppendOnly, spec.Mode = false, true, connectors.Append
	spec.Trigger.AvailableNow = true
	spec.Limits.MaxRows = 1
	q := start(t, e, spec)
	next := int64(0)
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for row := range c.Delta.Len {
			if got := string(c.Delta.AppendRowText(nil, row)); got != fmt.Sprintf("+1 %d", next) {
				t.Fatalf("got %s, want %d", got, next)
			}
			next++
		}
	}
	if next != 1000 {
		t.Errorf("%d rows", next)
	}
	finished(t, q)
}

// A reader that lags when its query is stopped gets a beginning without gaps.
func TestLaggingReaderOfAStoppedQuery(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	spec := a.spec("a")
	spec.Result, spec.AppendOnly, spec.Mode = false, true, connectors.Append
	spec.Limits.MaxRows = 1
	q := start(t, e, spec)
	for i := range 200 {
		a.put("t/0", i)
	}
	within(t, "stopping", func() {
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	n := 0
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(c.Delta.String()); got != fmt.Sprintf("+1 %d", n) {
			t.Fatalf("got %s, want %d", got, n)
		}
		n++
	}
}

// A stop that is refused or given up leaves readers that lag with everything.
func TestGivenUpStopLosesNoChange(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	spec := a.spec("a")
	spec.Result, spec.AppendOnly, spec.Mode = false, true, connectors.Append
	spec.Limits.MaxRows = 1
	q := start(t, e, spec)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for i := range 200 {
		a.put("t/0", i)
	}
	n := 0
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(c.Delta.String()); got != fmt.Sprintf("+1 %d", n) {
			t.Fatalf("got %s, want %d", got, n)
		}
		if n++; n == 200 {
			break
		}
	}
}

// The result of a query that has ended can be had, by its reader, too; that of a failed
// one comes with the error.
func TestSubscribeToTheDead(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	a.put("t/0", 1, 2)
	spec := a.spec("done")
	spec.Trigger.Once = true
	done := start(t, e, spec)
	finished(t, done)
	failed := start(t, e, a.spec("failed"))
	processed(t, e, failed)
	a.putText("t/0", "nonsense")
	_ = failed.Wait(t.Context())
	for _, c := range []struct {
		q    *stream.Query
		fail bool
	}{{done, false}, {failed, true}} {
		s := newSum(t)
		var last error
		for ch, err := range c.q.Changes(t.Context()) {
			if last = err; err == nil {
				s.add(ch)
			}
		}
		equal(t, s.text(), "+1 1, +1 2")
		if (last != nil) != c.fail {
			t.Errorf("the last value is %v", last)
		}
		equal(t, result(t, c.q), "+1 1, +1 2")
		if len(c.q.Stats()) != 1 {
			t.Error("the counts of rows are gone")
		}
	}
}

// A context that ends is the last value, and nobody is waited for after.
func TestSubscriberWithContext(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	q := start(t, e, a.spec("a"))
	processed(t, e, q)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	a.put("t/0", 1)
	for _, err := range q.Changes(ctx) {
		if last = err; err == nil {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v", last)
	}
	for i := range 300 {
		a.put("t/0", i)
		processed(t, e, q)
	}
}

// texts is a table of one column of text, and a query over it.
func texts(t testing.TB) (*fakeTable, stream.Spec) {
	a := newFakeTable(t)
	a.def.Columns[0].Type = types.Of(types.Varchar)
	return a, a.spec("a")
}

// Where the texts of an epoch or a result are too many for one batch there are several,
// and together they are right: in the result, the changes, the sinks, and for readers
// that come later. (A batch holds 2 GiB; the test makes that 4 kB.)
func TestMoreTextThanABatchHolds(t *testing.T) {
	for _, appendOnly := range []bool{true, false} {
		t.Run(fmt.Sprint("append=", appendOnly), func(t *testing.T) {
			e := opened(t, func(c *stream.Config) { c.BatchBytes = 4 << 10 })
			a, spec := texts(t)
			want := newSum(t)
			for i := range 300 {
				text := fmt.Sprintf("%d%s", i%150, strings.Repeat("x", 100))
				a.putText(connectors.Split(fmt.Sprintf("t/%d", i%2)), fmt.Sprintf(`{"i": "%s"}`, text))
				want.rows[text]++
			}
			sink := newFakeSink()
			spec.AppendOnly = appendOnly
			spec.Sinks = []stream.Output{sink.output(connectors.Update)}
			q := start(t, e, spec)
			processed(t, e, q)
			scan := &exec.Scan{Table: "a", Columns: []int{0}, Out: spec.Schema}
			reader := start(t, e, stream.Spec{
				Name: "b", Plan: scan, Schema: spec.Schema, Result: true, Mode: connectors.Update,
				Inputs: []stream.Input{{Scan: scan, Member: "a"}},
			})
			processed(t, e, reader)
			for _, x := range []*stream.Query{q, reader} {
				equal(t, result(t, x), want.text())
				got, n := newSum(t), 0
				for c, err := range x.Changes(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					if size := c.Delta.Size(); size > 4<<10+8192*110 {
						t.Errorf("a change holds %d bytes", size)
					}
					got.add(c)
					if n += c.Delta.Len; n >= 150 {
						break
					}
				}
				equal(t, got.text(), want.text())
			}
			written := newSum(t)
			for line := range strings.Lines(sink.text()) {
				var w int64
				var text string
				if _, err := fmt.Sscan(line, &w, &text); err != nil {
					t.Fatal(err)
				}
				written.rows[text] += w
			}
			equal(t, written.text(), want.text())
		})
	}
}

// A result that must be one batch, since it has an order, and is too large for that, is
// refused and not wrong.
func TestOrderedResultTooLarge(t *testing.T) {
	e := opened(t)
	a, spec := texts(t)
	spec.Sort = func(*zset.Batch) *zset.Batch { panic(&vec.Overflow{}) } // what making the batch does
	a.putText("t/0", `{"i": "x"}`)
	q := start(t, e, spec)
	processed(t, e, q)
	if _, _, err := q.Result(); err == nil || !strings.Contains(err.Error(), "2 GiB") {
		t.Errorf("got %v", err)
	}
}

// Nothing that the engine started outlives it.
func TestNoGoroutineOutlivesTheEngine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		e := opened(t)
		a := newFakeTable(t)
		va := start(t, e, a.spec("a"))
		q := start(t, e, over("q", "a"))
		a.put("t/0", 1)
		for range q.Changes(t.Context()) {
			break
		}
		processed(t, e, va)
		e.Discard(q)
		e.Close()
		if a.waiting != 0 || a.open != 0 || a.readers != 0 {
			t.Errorf("%d waits, %d sources, %d readers", a.waiting, a.open, a.readers)
		}
	}
	for n := 0; runtime.NumGoroutine() > before; n++ { // one that ends is counted for a moment
		if runtime.Gosched(); n > 1_000_000 {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines are left:\n%s", runtime.NumGoroutine()-before, buf[:runtime.Stack(buf, true)])
		}
	}
}
