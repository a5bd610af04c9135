package stream

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Watermark says how far behind the latest one the event time of a table's rows may be.
type Watermark struct {
	Column  int   // the event time's position in the table
	Columns []int // of the table, that Times reads
	// Times returns a function that gives, of rows with Columns alone, the event time and
	// what each row makes the watermark. What it gives is good until its next call.
	Times func() (func(*zset.Batch) (at, watermark *vec.Vec, err error), error)
	// Delay is how far a watermark lies behind its row where that is always the same, else -1.
	Delay time.Duration

	ByEpoch     bool          // rows are late that are below the watermark when their epoch begins
	FailLate    bool          // a late row is an error
	Idle        time.Duration // after which a split without rows counts no longer; 0 for never
	IdleAdvance bool          // while all are idle the watermark goes with the clock
	MaxFuture   time.Duration // rows further ahead of the clock are left out; 0 for none
	Lateness    time.Duration // that is allowed beyond the watermark
}

// An eventTime follows the event time of a scan's rows.
//
// Each split has a watermark: the greatest that its rows have made so far. A row is late
// if it is older than that of its split before it, so that which rows are late depends on
// nothing but the split's own records. The table's watermark is the least of those of the
// splits that count: one without rows holds it back until it is idle. Where all are idle
// it is the greatest. It never goes back.
type eventTime struct {
	spec   *Watermark
	splits map[connectors.Split]*splitTime
	at     int64     // the table's watermark, least where there is none yet
	moved  time.Time // when it did so last, or the scan began
	most   *int64    // that of the scans of a query that go by the greatest; nil for its own
	late   int64     // rows left out, since the start
	ahead  int64     // of them those too far in the future
}

// unknown is the watermark before there is one: nothing lies below it.
const unknown = math.MinInt64

// A splitTime is the event time of one split. While a range of it is read, it belongs
// to the worker that reads.
type splitTime struct {
	watermark int64
	last      time.Time // of the epoch that read rows of it, or found it
	idle      bool
	seen      bool      // it had a range to read
	left      int64     // rows left out, since the start
	late      []lateRow // of the epoch: the first
	lates     int64
	aheads    int64
}

// A lateRow is a row that was left out.
type lateRow struct{ at, watermark int64 }

func newEventTime(w *Watermark) *eventTime {
	if w == nil {
		return nil
	}
	return &eventTime{spec: w, splits: map[connectors.Split]*splitTime{}, at: unknown}
}

// begin takes in splits that are new, and those to be read that did not count: the rows
// of either are late where the table's watermark is beyond them already.
func (e *eventTime) begin(pos connectors.Offsets, ranges []connectors.Range, now time.Time) {
	if e == nil {
		return
	}
	if e.moved.IsZero() {
		e.moved = now
	}
	for split := range pos {
		if e.splits[split] == nil {
			e.splits[split] = &splitTime{watermark: e.at, last: now}
		}
	}
	for _, r := range ranges {
		s := e.splits[r.Split]
		s.watermark, s.idle, s.last, s.seen = max(s.watermark, e.at), false, now, true
	}
}

// accept selects the rows that are neither late nor too far ahead, nil for all of them,
// and adds the others to left, which may be nil.
func (e *eventTime) accept(s *splitTime, at, watermark *vec.Vec, now int64, left *leftOut) []int32 {
	latest := int64(math.MaxInt64)
	if e.spec.MaxFuture > 0 {
		latest = now + e.spec.MaxFuture.Microseconds()
	}
	if mark, all := e.allInTime(s.watermark, at, watermark, latest); all {
		s.watermark = mark
		return nil
	}
	lateness := e.spec.Lateness.Microseconds()
	var kept []int32
	all := true
	out := func(row int) {
		if all {
			all, kept = false, make([]int32, row, at.Len)
			for i := range kept {
				kept[i] = int32(i)
			}
		}
	}
	for row := range at.Len {
		if !at.IsNull(row) {
			t, bound := vec.Int(at, at.At(row)), s.watermark
			if e.spec.ByEpoch {
				bound = e.at
			}
			switch {
			case t < bound:
				s.lates++
				if len(s.late) == 0 {
					s.late = append(s.late, lateRow{t, bound})
				}
				out(row)
				left.add(row, bound, false)
				continue
			case t > latest:
				s.aheads++
				out(row)
				left.add(row, bound, true)
				continue
			}
			if !watermark.IsNull(row) {
				s.watermark = max(s.watermark, min(t, vec.Int(watermark, watermark.At(row)))-lateness)
			}
		}
		if !all {
			kept = append(kept, int32(row))
		}
	}
	if all {
		return nil
	}
	return kept
}

// allInTime returns the watermark of a split, which was mark, after rows of which none is
// NULL, late, or beyond latest; false where one is.
func (e *eventTime) allInTime(mark int64, at, watermark *vec.Vec, latest int64) (int64, bool) {
	if at.Const || watermark.Const || at.Valid != nil || watermark.Valid != nil {
		return 0, false
	}
	lateness, own, bound := e.spec.Lateness.Microseconds(), !e.spec.ByEpoch, e.at
	if own {
		bound = mark
	}
	marks := vec.Slice[int64](watermark)
	for row, t := range vec.Slice[int64](at) {
		if t < bound || t > latest {
			return 0, false
		}
		if m := min(t, marks[row]) - lateness; m > mark {
			if mark = m; own {
				bound = m
			}
		}
	}
	return mark, true
}

// state computes what the table's watermark is at a time, and which splits are idle then.
func (e *eventTime) state(s *scan, now time.Time) (at int64, idle map[connectors.Split]bool) {
	idle = map[connectors.Split]bool{}
	least, greatest, counted := int64(math.MaxInt64), int64(unknown), false
	for split, t := range e.splits {
		if s.absent(split) {
			continue
		}
		greatest = max(greatest, t.watermark)
		caughtUp := s.pos[split] >= s.until(split)
		silent := t.idle || e.spec.Idle > 0 && now.Sub(t.last) >= e.spec.Idle
		if idle[split] = silent && caughtUp; !idle[split] {
			least, counted = min(least, t.watermark), true
		}
	}
	switch {
	case counted:
		return max(e.at, least), idle
	case e.spec.IdleAdvance && len(idle) > 0 && e.spec.Delay >= 0:
		greatest = max(greatest, now.Truncate(idleStep).Add(-e.spec.Delay-e.spec.Lateness).UnixMicro())
	}
	return max(e.at, greatest), idle // as where they had become idle one by one, the furthest last
}

// idleStep is by how much a watermark moves that follows the clock: each step is an epoch.
const idleStep = time.Second

// absent reports a split of a bounded run that has no rows at all.
func (s *scan) absent(split connectors.Split) bool {
	end, bounded := s.end[split]
	return bounded && s.started[split] >= end
}

// advance brings the table's watermark up to date at the end of an epoch.
func (e *eventTime) advance(s *scan, now time.Time) {
	if e == nil {
		return
	}
	at, idle := e.state(s, now)
	if at > e.at {
		e.at, e.moved = at, now
	}
	for split, is := range idle {
		e.splits[split].idle = is
	}
	if e.most != nil {
		*e.most = max(*e.most, e.at)
	}
}

// catchUp takes over the greatest watermark of the query, once all have advanced.
func (e *eventTime) catchUp(now time.Time) {
	if e.most != nil && *e.most > e.at {
		e.at, e.moved = *e.most, now
	}
}

// due reports that at a time the table's watermark moves by itself, or a split becomes idle.
func (s *scan) due(now time.Time) bool {
	if s.time == nil {
		return false
	}
	at, idle := s.time.state(s, now)
	for split, is := range idle {
		if s.time.splits[split].idle != is {
			return true
		}
	}
	return at > s.time.at
}

// setBack lets the time without rows begin anew where the clock was set back, and reports
// that it was: else a split would not be idle before the clock is where it was.
func (e *eventTime) setBack(now time.Time) bool {
	if e == nil {
		return false
	}
	back := e.moved.After(now)
	for _, t := range e.splits {
		if t.last.After(now) {
			t.last, back = now, true
		}
	}
	if e.moved.After(now) {
		e.moved = now
	}
	return back
}

// next returns when a split may become idle, false where that changes nothing.
func (s *scan) next(now time.Time) (time.Time, bool) {
	if s.time == nil || s.time.spec.Idle == 0 {
		return time.Time{}, false
	}
	var first time.Time
	for split, t := range s.time.splits {
		at := t.last.Add(s.time.spec.Idle)
		if !s.absent(split) && at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		return now.Add(idleStep), s.time.spec.IdleAdvance
	}
	return first, true
}

// value is the table's watermark as a column of one row, nil where there is none.
func (e *eventTime) value(t types.Type) *vec.Vec {
	if e.at == unknown {
		return nil
	}
	b := vec.NewBuilder(t)
	vec.Append(b, e.at)
	return b.Vec()
}

// tellWatermark tells the watermark to the circuits.
func (s *scan) tellWatermark(now time.Time) {
	if s.time == nil {
		return
	}
	if s.time.catchUp(now); s.spec.Late != nil {
		return // its rows are of any time
	}
	column := s.time.spec.Column
	v := s.time.value(s.spec.Table.Columns[column].Type)
	if v == nil {
		return
	}
	for _, u := range s.uses {
		u.member.circuit.SetWatermark(exec.WatermarkOf{Table: s.spec.Table.Name, Column: column}, v)
	}
}

// tellLate says that rows were left out, the first time that there are some.
func (s *scan) tellLate(notice func(string)) {
	if s.time == nil {
		return
	}
	before, ahead := s.time.late-s.time.ahead, s.time.ahead
	lates, aheads, first := s.time.take()
	if s.spec.Late != nil {
		return // who reads them knows
	}
	name := s.spec.Table.Name
	if lates > 0 && before == 0 {
		notice(fmt.Sprintf("table %s: a row is late and left out: %s; LATE(%s) has such rows", name, first, name))
	}
	if aheads > 0 && ahead == 0 {
		notice(fmt.Sprintf("table %s: a row is left out that is more than max_future (%s) ahead of the clock", name, s.time.spec.MaxFuture))
	}
}

// take returns the rows that the epoch has left out, and clears the counts.
func (e *eventTime) take() (lates, aheads int64, first *lateRow) {
	for _, split := range slices.Sorted(maps.Keys(e.splits)) {
		s := e.splits[split]
		lates, aheads = lates+s.lates, aheads+s.aheads
		if first == nil && len(s.late) > 0 {
			first = &s.late[0]
		}
		s.left += s.lates + s.aheads
		s.lates, s.aheads, s.late = 0, 0, nil
	}
	e.late += lates + aheads
	e.ahead += aheads
	return lates, aheads, first
}

// same reports that two scans of a table go on alike.
func (e *eventTime) same(o *eventTime) bool {
	if e == nil || o == nil {
		return e == o
	}
	return e.at == o.at && e.most == o.most && maps.EqualFunc(e.splits, o.splits, func(a, b *splitTime) bool { return a.watermark == b.watermark })
}

// heldBy returns the split that the watermark waits for, "" for none.
func (e *eventTime) heldBy(s *scan) connectors.Split {
	var held connectors.Split
	for _, split := range slices.Sorted(maps.Keys(e.splits)) {
		if t := e.splits[split]; !t.idle && !s.absent(split) && (held == "" || t.watermark < e.splits[held].watermark) {
			held = split
		}
	}
	return held
}

var errLate = errors.New("late_rows = 'fail' stops at a late row; declare a longer delay, or late_rows = 'drop'")

func (l *lateRow) String() string {
	return fmt.Sprintf("%s is before the watermark %s", shown(l.at), shown(l.watermark))
}

func shown(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05.999999")
}
