package stream_test

import (
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/stream"
)

// With the greatest watermark every table that a query reads has the watermark of the one
// that is furthest, and rows of the others below it are late; another query goes by its own.
func TestGreatestWatermark(t *testing.T) {
	a, b := newFakeTable(t, "a"), newFakeTable(t, "b")
	b.def.Name = "u"
	e := opened(t)
	both := func(name string, greatest bool) *stream.Query {
		spec, other := a.timed(name, behind(5*time.Second)), b.timed("", behind(5*time.Second))
		other.Inputs[0].Scan.Table = "u"
		spec.Plan = &exec.UnionAll{Ins: []exec.Plan{spec.Plan, other.Plan}, Out: spec.Schema}
		spec.Inputs, spec.GreatestWatermark = append(spec.Inputs, other.Inputs...), greatest
		return start(t, e, spec)
	}
	most, least := both("most", true), both("least", false)
	b.put("b", 50_000_000)
	processed(t, e, most)
	processed(t, e, least)
	a.put("a", 100_000_000)
	processed(t, e, most)
	processed(t, e, least)
	b.put("b", 94_000_000, 95_000_000)
	processed(t, e, most)
	processed(t, e, least)
	equal(t, result(t, most), "+1 100000000, +1 50000000, +1 95000000")
	equal(t, result(t, least), "+1 100000000, +1 50000000, +1 94000000, +1 95000000")
	for i, s := range most.Progress().Sources {
		if w := moment(s.EventTime.Watermark); w != "95" {
			t.Errorf("the watermark of source %d is %s", i, w)
		}
	}
	if n := most.Progress().Sources[1].EventTime.LateRows; n != 1 {
		t.Errorf("%d rows are late", n)
	}
}

// A watermark that goes with the clock moves in steps of a second, each an epoch: the loop
// does not run one for every moment of the clock, nor for a clock that stands still.
func TestIdleEpochs(t *testing.T) {
	clock := &manualClock{at: time.Unix(1000, 0)}
	e := opened(t, func(c *stream.Config) { c.Env.Now = clock.now })
	a, w := newFakeTable(t), behind(5*time.Second)
	w.Idle, w.IdleAdvance = time.Minute, true
	a.put("t/0", 100_000_000)
	q := start(t, e, a.timed("q", w))
	for i, c := range []struct {
		by     time.Duration
		epochs int64 // since the start
	}{{0, 1}, {59 * time.Second, 1}, {time.Second, 2}, {0, 2}, {time.Microsecond, 2}, {999_998 * time.Microsecond, 2}, {time.Microsecond, 3}, {0, 3}, {time.Hour, 4}} {
		clock.move(c.by)
		for range 3 {
			processed(t, e, q)
		}
		if n := q.Progress().BatchID + 1; n != c.epochs {
			t.Errorf("move %d: %d epochs, want %d", i, n, c.epochs)
		}
	}
}
