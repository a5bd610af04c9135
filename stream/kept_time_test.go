package stream_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
)

// killedNow is the end of a process between any two of its steps.
func (w *world) killedNow() {
	w.dies(func(string, int) bool { return true })
	_ = w.step("now")
	w.dies(nil)
	w.ended()
}

// dies says at which steps the process is killed, while others may be at a step.
func (w *world) dies(kill func(string, int) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kill = kill
}

// Which rows are late, and how many were, is the same where the process is killed time and
// again, whatever of it the checkpoints have and the log.
func TestEventTimeRandomKilled(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, w := newSimulated(t, seed), newWorld(t)
			s.w.ByEpoch = false
			spec := func() stream.Spec {
				q := s.kept("v")
				q.Kept, q.CheckpointInterval = true, []time.Duration{1, time.Second, 1 << 60}[seed%3]
				return q
			}
			clock := func(c *stream.Config) { c.Env.Now = s.clock.now }
			e := w.process(clock)
			q := start(t, e, spec())
			s.fill(func() {
				processed(t, e, q)
				s.clock.move(time.Duration(s.r.IntN(3)) * time.Second)
				switch s.r.IntN(3) {
				case 0:
					w.killedNow()
				case 1:
					w.ended()
				default:
					return
				}
				e = w.process(clock)
				queries, err := w.resumed(e, spec())
				q = one(t, queries, err)
			})
			processed(t, e, q)
			var want []string
			rows := 0
			for _, log := range s.logs {
				want = append(want, inTime(log, s.w.Delay.Microseconds())...)
				rows += len(log)
			}
			equal(t, result(t, q), counted(want, 1))
			if p := q.Progress(); len(p.Sources) > 0 && p.Sources[0].EventTime.LateRows != int64(rows-len(want)) {
				t.Errorf("%d rows are late, not %d", p.Sources[0].EventTime.LateRows, rows-len(want))
			}
		})
	}
}

// An epoch with a checkpoint at its end has its rows, and those that are late, counted in that:
// whoever goes on from there knows of them.
func TestCountsOfAnEpochThatIsACheckpoint(t *testing.T) {
	a, w := newFakeTable(t, "a"), newWorld(t)
	clock := &manualClock{at: time.Unix(1000, 0)}
	spec := func() stream.Spec {
		q := a.timed("v", behind(0))
		q.Kept, q.CheckpointInterval = true, time.Second
		return q
	}
	now := func(c *stream.Config) { c.Env.Now = clock.now }
	e := w.process(now)
	q := start(t, e, spec())
	for round := range 3 {
		clock.move(time.Minute)
		base := 1000 * (round + 1)
		a.change(func() {
			for _, at := range []int{base, base - 1, base - 2} {
				a.logs["a"] = append(a.logs["a"], fmt.Sprintf(`{"i": %d}`, at))
			}
		})
		processed(t, e, q)
		w.ended()
		e = w.process(now)
		queries, err := w.resumed(e, spec())
		q = one(t, queries, err)
	}
	a.change(func() { a.logs["a"] = append(a.logs["a"], `{"i": 9000}`) })
	processed(t, e, q)
	if p := q.Progress(); p.Sources[0].EventTime.LateRows != 6 || p.TotalRows != 10 {
		t.Errorf("of %d rows %d are late, want 6 of 10", p.TotalRows, p.Sources[0].EventTime.LateRows)
	}
}

// The watermark is the same after a restart as it was, while splits become idle and wake,
// and the clock moves back and forth: a replay decides what was decided.
func TestIdleSplitsOfAKilledProcess(t *testing.T) {
	compared := 0
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, w := newSimulated(t, seed), newWorld(t)
			s.w.Idle = time.Duration(1+s.r.IntN(30)) * time.Second
			s.w.IdleAdvance = s.r.IntN(4) == 0
			spec := func() stream.Spec {
				q := s.kept("v")
				q.Kept, q.CheckpointInterval = true, 1<<60
				return q
			}
			clock := func(c *stream.Config) { c.Env.Now = s.clock.now }
			e := w.process(clock)
			q := start(t, e, spec())
			s.fill(func() {
				s.clock.move(time.Duration(s.r.IntN(60)-20) * time.Second)
				if s.r.IntN(4) == 0 {
					split := connectors.Split(fmt.Sprint("new", s.r.IntN(3)))
					for _, at := range disorder(s.r, s.r.IntN(6)) {
						s.table.putText(split, fmt.Sprintf(`{"i": %s}`, at))
					}
				}
				processed(t, e, q)
				if s.r.IntN(3) > 0 {
					return
				}
				before := standing(t, q)
				w.killedNow()
				e = w.process(clock)
				queries, err := w.resumed(e, spec())
				q = one(t, queries, err)
				processed(t, e, q)
				if len(q.Progress().Sources) > 0 { // else nothing had to be run again
					compared++
					equal(t, standing(t, q), before)
				}
			})
		})
	}
	if compared < 100 {
		t.Errorf("only %d restarts had something to run again", compared)
	}
}

// standing is what is known of a query's table, and its result.
func standing(t *testing.T, q *stream.Query) string {
	event, err := json.Marshal(q.Progress().Sources[0].EventTime)
	if err != nil {
		t.Fatal(err)
	}
	return string(event) + " " + result(t, q)
}
