package stream_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/vec"
)

// disorder makes the times of a split: they go on with leaps back and forth, and some are
// not known.
func disorder(r *rand.Rand, n int) []string {
	out, at := make([]string, n), int64(r.IntN(20))-10
	spread := int64(1 + r.IntN(30))
	for i := range out {
		at += r.Int64N(5)
		if out[i] = fmt.Sprint(at - r.Int64N(spread)); r.IntN(15) == 0 {
			out[i] = "null"
		}
	}
	return out
}

// inTime are the times of a split's log that are not late.
func inTime(log []string, delay int64) []string {
	var out []string
	watermark := int64(math.MinInt64)
	for _, text := range log {
		var at int64
		if _, err := fmt.Sscan(text, &at); err == nil {
			if at < watermark {
				continue
			}
			watermark = max(watermark, at-delay)
		}
		out = append(out, text)
	}
	return out
}

// simulated is a run over splits that are filled piece by piece.
type simulated struct {
	r     *rand.Rand
	log   epochLog
	clock *manualClock
	table *fakeTable
	logs  map[connectors.Split][]string
	w     *stream.Watermark
	rows  int64 // of an epoch
}

func newSimulated(t testing.TB, seed uint64) *simulated {
	s := &simulated{r: rand.New(rand.NewPCG(seed, 1)), clock: &manualClock{at: time.Unix(1000, 0)}, logs: map[connectors.Split][]string{}}
	s.table = newFakeTable(t, "0")
	for k := range 1 + s.r.IntN(4) {
		split := connectors.Split(fmt.Sprint(k))
		s.logs[split] = disorder(s.r, s.r.IntN(30))
		s.table.logs[split] = nil
	}
	s.w = behind(time.Duration(s.r.IntN(15)) * time.Microsecond)
	s.w.ByEpoch = s.r.IntN(3) == 0
	s.rows = 1 + s.r.Int64N(40)
	return s
}

// fill writes all rows, some at a time; each time it calls then.
func (s *simulated) fill(then func()) {
	left := make(map[connectors.Split][]string)
	for split, log := range s.logs {
		left[split] = log
	}
	for len(left) > 0 {
		for k := range len(s.logs) {
			split := connectors.Split(fmt.Sprint(k))
			rest, ok := left[split]
			if n := min(len(rest), s.r.IntN(12)); ok {
				for _, at := range rest[:n] {
					s.table.putText(split, fmt.Sprintf(`{"i": %s}`, at))
				}
				if left[split] = rest[n:]; len(rest) == n {
					delete(left, split)
				}
			}
		}
		then()
	}
}

// bounds checks that watermarks never go back, and that no row of an epoch is below that
// of the epoch before.
func (s *simulated) bounds(t *testing.T, changes []stream.Change) {
	t.Helper()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	after := map[int64]int64{} // the watermark, by epoch
	last := int64(math.MinInt64)
	for _, p := range s.log.seen {
		if p.Name != "q" {
			continue
		}
		if w := p.Sources[0].EventTime.Watermark; w != nil {
			if w.UnixMicro() < last {
				t.Errorf("the watermark goes back from %d to %d", last, w.UnixMicro())
			}
			last = w.UnixMicro()
		}
		after[p.BatchID] = last
	}
	for _, c := range changes {
		before, ok := after[c.Epoch-1]
		if !ok {
			before = math.MinInt64
		}
		for row := range c.Delta.Len {
			if v := c.Delta.Cols[0]; !v.IsNull(row) && vec.Int(v, v.At(row)) < before {
				t.Errorf("in epoch %d a row of %d passes, and the watermark was %d", c.Epoch, vec.Int(v, v.At(row)), before)
			}
		}
	}
}

// changesOf collects what a query puts out until it is stopped.
func changesOf(t *testing.T, q *stream.Query) (all func() []stream.Change) {
	var out []stream.Change
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c, err := range q.Changes(t.Context()) {
			if err != nil {
				t.Error(err)
				return
			}
			out = append(out, c)
		}
	}()
	return func() []stream.Change {
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		<-done
		return out
	}
}

// Which rows are accepted depends on the log of each split alone, however it comes and is
// cut into epochs; and what a watermark promises holds. Two scans of the table in one
// dataflow, of which one begins later, agree.
func TestEventTimeRandom(t *testing.T) {
	for seed := range uint64(1000) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSimulated(t, seed)
			e := opened(t, s.log.keep, func(c *stream.Config) { c.Env.Now = s.clock.now })
			spec := s.table.timed("q", s.w)
			spec.Limits.MaxRows, spec.Result = s.rows, false
			q := start(t, e, spec)
			view := start(t, e, s.kept("v"))
			changes := changesOf(t, q)
			var late *stream.Query
			pieces := 0
			s.fill(func() {
				processed(t, e, q)
				if pieces++; pieces == 2 {
					late = start(t, e, s.beside("w", "v"))
				}
			})
			processed(t, e, view)
			if s.bounds(t, changes()); s.w.ByEpoch {
				return
			}
			var want []string
			for _, log := range s.logs {
				want = append(want, inTime(log, s.w.Delay.Microseconds())...)
			}
			equal(t, result(t, view), counted(want, 1))
			if late != nil {
				processed(t, e, late)
				equal(t, result(t, late), counted(want, 2))
			}
		})
	}
}

// The same while splits become idle and wake, appear, and the clock moves back and forth:
// and where no row comes any more, the watermark is in the end the greatest of all.
func TestEventTimeRandomIdle(t *testing.T) {
	for seed := range uint64(1000) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSimulated(t, seed)
			s.w.Idle = time.Duration(1+s.r.IntN(30)) * time.Second
			s.w.IdleAdvance = s.r.IntN(4) == 0
			s.w.Lateness = time.Duration(s.r.IntN(5)) * time.Microsecond
			e := opened(t, s.log.keep, func(c *stream.Config) { c.Env.Now = s.clock.now })
			spec := s.table.timed("q", s.w)
			spec.Limits.MaxRows, spec.Result = s.rows, false
			q := start(t, e, spec)
			changes := changesOf(t, q)
			s.fill(func() {
				s.clock.move(time.Duration(s.r.IntN(60)-20) * time.Second)
				if s.r.IntN(4) == 0 {
					split := connectors.Split(fmt.Sprint("new", s.r.IntN(3)))
					for _, at := range disorder(s.r, s.r.IntN(6)) {
						s.table.putText(split, fmt.Sprintf(`{"i": %s}`, at))
					}
				}
				processed(t, e, q)
			})
			s.clock.move(time.Minute)
			processed(t, e, q)
			event := q.Progress().Sources[0].EventTime
			for split, w := range event.Splits {
				if w != nil && event.Watermark.Before(*w) {
					t.Errorf("the watermark ends at %v, that of %s at %v", event.Watermark, split, w)
				}
			}
			s.bounds(t, changes())
		})
	}
}

// kept is a view of the table's rows.
func (s *simulated) kept(name string) stream.Spec {
	spec := s.table.timed(name, s.w)
	spec.Limits.MaxRows = s.rows
	return spec
}

// beside is a query over a view and the table itself.
func (s *simulated) beside(name, view string) stream.Spec {
	spec, own := over(name, view, "t"), s.table.timed(name, s.w)
	spec.Inputs[1].Member, spec.Inputs[1].Source = "", own.Inputs[0].Source
	return spec
}

// counted writes rows as a result does, each so many times.
func counted(texts []string, times int) string {
	n := map[string]int{}
	for _, text := range texts {
		n[strings.ToUpper(text)] += times
	}
	var rows []string
	for text, times := range n {
		rows = append(rows, fmt.Sprintf("+%d %s", times, text))
	}
	slices.Sort(rows)
	return strings.Join(rows, ", ")
}
