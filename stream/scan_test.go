package stream_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/stream"
)

// An epochLog keeps the progress of every epoch.
type epochLog struct {
	mu   sync.Mutex
	seen []stream.Progress
}

func (l *epochLog) keep(c *stream.Config) {
	c.OnProgress = func(p stream.Progress) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen = append(l.seen, p)
	}
}

// rows are the input rows of the epochs that had some.
func (l *epochLog) rows() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []int64
	for _, p := range l.seen {
		if p.NumInputRows > 0 {
			out = append(out, p.NumInputRows)
		}
	}
	return out
}

func finished(t *testing.T, q *stream.Query) {
	t.Helper()
	if err := q.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := q.Status(); st != stream.Finished {
		t.Errorf("the query is %v", st)
	}
}

// An epoch takes in no more rows than allowed, however many splits there are and
// however much each has; and every split gets its turn.
func TestRowLimit(t *testing.T) {
	for _, c := range []struct {
		limit  int64
		counts []int
		epochs int // at most
	}{
		{1, []int{1, 1, 1, 1, 1}, 5},
		{1, []int{3, 0, 1}, 4},
		{2, []int{1, 1, 1, 1, 1}, 3},
		{3, []int{100, 1, 1}, 99},
		{10, []int{1000, 1}, 112},
		{10, []int{7, 7, 7}, 3},
		{1000, []int{7, 7, 7}, 1},
		{1 << 62, []int{7, 7, 7}, 1},
	} {
		t.Run(fmt.Sprint(c.limit, c.counts), func(t *testing.T) {
			var log epochLog
			e := opened(t, log.keep)
			a := newFakeTable(t, "t/99")
			total := 0
			for k, n := range c.counts {
				for range n {
					a.put(connectors.Split(fmt.Sprintf("t/%d", k)), total)
					total++
				}
			}
			spec := a.spec("a")
			spec.Trigger.AvailableNow = true
			spec.Limits.MaxRows = c.limit
			q := start(t, e, spec)
			finished(t, q)
			if b, _, _ := q.Result(); b.Len != total {
				t.Errorf("%d rows of %d", b.Len, total)
			}
			rows := log.rows()
			if most := slices.Max(rows); most > c.limit {
				t.Errorf("an epoch took %d rows", most)
			}
			if len(rows) > c.epochs {
				t.Errorf("there were %d epochs", len(rows))
			}
		})
	}
}

// A small split beside a large one is read in the first epoch and not in the last.
func TestSmallSplitIsNotStarved(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	for i := range 10_000 {
		a.put("t/0", i)
	}
	a.put("t/1", -1)
	spec := a.spec("a")
	spec.Limits.MaxRows = 10
	hold, entered, letGo := blocked()
	var opens atomic.Int32
	a.on("open", func(ctx context.Context) error {
		if opens.Add(1) > 2 { // the second epoch
			return hold(ctx)
		}
		return nil
	})
	q := start(t, e, spec)
	<-entered
	if got := result(t, q); !strings.HasPrefix(got, "+1 -1,") {
		t.Errorf("after the first epoch: %s", got)
	}
	close(letGo)
}

// Records that are longer than was thought end the epoch early: the limit of bytes
// holds from the first epoch on, give or take what one read brings.
func TestByteLimitHoldsFromTheStart(t *testing.T) {
	var log epochLog
	e := opened(t, log.keep)
	a := newFakeTable(t)
	for i := range 5000 { // a kilobyte each
		a.putText(connectors.Split(fmt.Sprintf("t/%d", i%4)), fmt.Sprintf(`{"i": %d, "x": "%s"}`, i, strings.Repeat("x", 1000)))
	}
	spec := a.spec("a")
	spec.Trigger.AvailableNow = true
	spec.Limits.MaxBytes = 500 << 10
	q := start(t, e, spec)
	finished(t, q)
	if b, _, _ := q.Result(); b.Len != 5000 {
		t.Errorf("%d rows", b.Len)
	}
	if most := slices.Max(log.rows()); most > 500+4*100 {
		t.Errorf("an epoch took %d kB", most)
	}
	for _, p := range log.seen {
		if p.BatchID > 0 && !maps.Equal(p.Sources[0].StartOffset, log.seen[p.BatchID-1].Sources[0].EndOffset) {
			t.Errorf("epoch %d starts at %v, the one before ended at %v", p.BatchID, p.Sources[0].StartOffset, log.seen[p.BatchID-1].Sources[0].EndOffset)
		}
	}
}

// ONCE takes everything in one epoch, whatever the limits.
func TestOnceIsOneEpoch(t *testing.T) {
	var log epochLog
	e := opened(t, log.keep)
	a := newFakeTable(t)
	for i := range 1000 {
		a.put("t/0", i)
	}
	spec := a.spec("a")
	spec.Trigger.Once = true
	spec.Limits = stream.Limits{MaxRows: 10, MaxBytes: 10}
	finished(t, start(t, e, spec))
	equal(t, fmt.Sprint(log.rows()), "[1000]")
}

// A run that ends reads what there was at its start: neither what comes later, nor
// splits that do, and it ends though its source goes on having more.
func TestBoundedRunIgnoresWhatComes(t *testing.T) {
	for _, once := range []bool{true, false} {
		e := opened(t)
		a := newFakeTable(t)
		a.put("t/0", 1, 2, 3)
		var opens atomic.Int32
		a.on("open", func(context.Context) error {
			n := int(opens.Add(1))
			a.put("t/0", 10+n)
			a.put(connectors.Split(fmt.Sprintf("t/%d", n)), 20)
			return nil
		})
		spec := a.spec("a")
		spec.Trigger = stream.Trigger{AvailableNow: !once, Once: once}
		spec.Limits.MaxRows = 1
		q := start(t, e, spec)
		within(t, "the run", func() { finished(t, q) })
		equal(t, result(t, q), "+1 1, +1 2, +1 3")
	}
}

// A scan that is done and whose source has more does not keep the loop awake while it
// waits for another.
func TestDoneScanIsNotWaitedFor(t *testing.T) {
	e := opened(t)
	a, b := newFakeTable(t), newFakeTable(t)
	a.stop = connectors.Offsets{"t/0": 2}
	a.put("t/0", 1, 2, 3)
	start(t, e, b.spec("b"))
	start(t, e, a.spec("a"))
	var looks atomic.Int32
	q, err := e.Start(t.Context(), over("q", "b"))
	if err != nil {
		t.Fatal(err)
	}
	processed(t, e, q)
	va, _ := e.Query("a")
	finished(t, va)
	equal(t, result(t, va), "+1 1, +1 2")

	c := newFakeTable(t)
	c.stop = connectors.Offsets{"t/0": 2}
	c.put("t/0", 1)
	c.putText("t/1", "{}")
	vc := start(t, e, c.spec("c"))
	q = start(t, e, over("both", "b", "c"))
	c.put("t/0", 2, 3, 4)
	processed(t, e, q)
	c.on("latest", func(context.Context) error { looks.Add(1); return nil })
	for i := range 3 {
		b.put("t/0", i)
		processed(t, e, q)
	}
	if n := looks.Load(); n > 50 {
		t.Errorf("the done source was looked at %d times", n)
	}
	equal(t, result(t, vc), "+1 1, +1 2")
}

// A split that a run has to read and that goes away is an error, not a wait for ever.
func TestLostSplit(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t, "t/0", "t/1")
	a.put("t/0", 1, 2)
	a.put("t/1", 3, 4)
	var once sync.Once
	a.on("open", func(context.Context) error {
		once.Do(func() { a.change(func() { delete(a.logs, "t/1") }) })
		return nil
	})
	a.on("next", func(context.Context) error { return nil })
	spec := a.spec("a")
	spec.Trigger.AvailableNow = true
	spec.Limits.MaxRows = 1
	q := start(t, e, spec)
	within(t, "the run", func() {
		if err := q.Wait(t.Context()); err == nil || err.Error() != "table t: t/1 is gone before it was read to its end" {
			t.Errorf("got %v", err)
		}
	})
}

// A split that comes while the query runs is read from its start; one whose end goes
// back is waited for and read no row twice.
func TestSplitsComeAndGoBack(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	q := start(t, e, a.spec("a"))
	a.put("t/0", 1, 2)
	processed(t, e, q)
	a.put("t/7", 3)
	processed(t, e, q)
	equal(t, result(t, q), "+1 1, +1 2, +1 3")
	a.change(func() { a.ends = connectors.Offsets{"t/0": 1} })
	a.put("t/7", 4)
	processed(t, e, q)
	a.change(func() { a.ends = nil })
	a.put("t/0", 5)
	processed(t, e, q)
	equal(t, result(t, q), "+1 1, +1 2, +1 3, +1 4, +1 5")
}

// Two queries of one dataflow over one table always show the same rows, even while the
// table grows under both, and read it once when they have met.
func TestScansOfOneTableAgree(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	for i := range 500 {
		a.put("t/0", i)
	}
	def := a.source() // one table of the catalog
	same := func(name string) stream.Spec {
		s := a.spec(name)
		s.Inputs[0].Source = def
		return s
	}
	va := start(t, e, same("a"))
	processed(t, e, va)
	vb := start(t, e, same("b"))
	q := start(t, e, over("q", "a", "b"))
	processed(t, e, q)
	fed := make(chan struct{})
	a.on("latest", func(context.Context) error { // it grows between any two looks
		a.mu.Lock()
		a.logs["t/0"] = append(a.logs["t/0"], fmt.Sprintf(`{"i": %d}`, len(a.logs["t/0"])))
		a.mu.Unlock()
		return nil
	})
	go func() {
		defer close(fed)
		for range 200 {
			a.put("t/0", 1)
		}
	}()
	for range 50 {
		rows, err := e.Results(t.Context(), []*stream.Query{va, vb})
		if err != nil {
			t.Fatal(err)
		}
		if x, y := rows[0][0].String(), rows[1][0].String(); sorted(x) != sorted(y) {
			t.Fatalf("the queries have %d and %d rows", rows[0][0].Len, rows[1][0].Len)
		}
	}
	<-fed
	processed(t, e, q)
	if n := len(q.Progress().Sources); n != 1 {
		t.Errorf("the table is read %d times", n)
	}
}

// Bad records are counted exactly, by policy, in every epoch and after scans have met.
func TestBadRecords(t *testing.T) {
	for _, c := range []struct {
		policy format.Policy
		want   string
	}{
		{format.Skip, "+1 1, +1 2"},
		{format.Null, "+1 1, +1 2, +3 NULL"},
	} {
		var notices []string
		e := opened(t, func(cfg *stream.Config) {
			cfg.Env.Notice = func(text string) { notices = append(notices, text) }
		})
		a := newFakeTable(t)
		src := a.source()
		src.OnError = c.policy
		spec, second := a.spec("a"), a.spec("b")
		spec.Inputs[0].Source, second.Inputs[0].Source = src, src
		a.putText("t/0", `{"i": 1}`, `{"i": `, `{"i": "x"}`)
		q := start(t, e, spec)
		processed(t, e, q)
		a.putText("t/0", `nonsense`, `{"i": 2}`)
		processed(t, e, q)
		equal(t, result(t, q), c.want)
		b := start(t, e, second)
		both := start(t, e, over("both", "a", "b"))
		processed(t, e, both)
		for _, s := range append(q.Progress().Sources, b.Progress().Sources...) {
			if s.BadRecords != 3 {
				t.Errorf("%d bad records are counted", s.BadRecords)
			}
		}
		e.Close()
		if !strings.Contains(strings.Join(notices, "\n"), "t/0 at offset 1: ") {
			t.Errorf("notices: %q", notices)
		}
	}
}

// With on_error = 'fail' the error names the record.
func TestBadRecordFails(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	a.putText("t/0", `{"i": 1}`, `{"i": "x"}`)
	q := start(t, e, a.spec("a"))
	if err := q.Wait(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "table t: t/0 at offset 1: ") {
		t.Errorf("got %v", err)
	}
}

// A clock that is set back, or always says nothing at all, neither stops epochs nor
// makes Progress lie.
func TestClockGoesBack(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var log epochLog
	e := opened(t, log.keep, func(c *stream.Config) {
		c.Env.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(7 * time.Millisecond)
			return now
		}
	})
	a := newFakeTable(t)
	spec := a.spec("a")
	spec.Trigger.Every = 5 * time.Millisecond
	q := start(t, e, spec)
	within(t, "an epoch", func() {
		for i := range 5 {
			a.put("t/0", i)
			processed(t, e, q)
			mu.Lock()
			now = now.Add(-time.Hour)
			mu.Unlock()
		}
	})
	for _, p := range log.seen {
		if d := p.DurationMs; min(d.AddBatch, d.CommitOffsets, d.LatestOffset, d.TriggerExecution) < 0 || p.InputRowsPerSecond < 0 || p.ProcessedRowsPerSecond < 0 {
			t.Errorf("%s", p)
		}
	}
	e = opened(t, func(c *stream.Config) { c.Env.Now = func() time.Time { return time.Time{} } })
	q = start(t, e, a.spec("zero"))
	processed(t, e, q)
	a.put("t/0", 9)
	processed(t, e, q)
	if b, _, _ := q.Result(); b.Len != 6 {
		t.Errorf("%d rows", b.Len)
	}
}

// A scan that is told where to begin begins there, in those splits that it is told of.
func TestBeginningOfAScan(t *testing.T) {
	e := opened(t)
	a := newFakeTable(t)
	a.put("t/0", 1, 2, 3)
	a.put("t/1", 4, 5)
	spec := a.spec("q")
	spec.Inputs[0].Source.From = connectors.Offsets{"t/0": 2, "t/9": 7}
	q := start(t, e, spec)
	processed(t, e, q)
	equal(t, result(t, q), "+1 3, +1 4, +1 5")
	began, err := q.Began(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := began[spec.Inputs[0].Source.Table.Name], (connectors.Offsets{"t/0": 2, "t/1": 0}); !maps.Equal(got, want) {
		t.Errorf("reading began at %v, want %v", began, want)
	}
}
