package exec

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Session puts beside each row the session that it is of: in its partition, a session goes
// on as long as the next row is no more than a gap later, and ends a gap behind its last. A
// row that comes may make one session of two, and one that is taken back two of one. A row
// without a time is in none.
//
//	Apply   holds the rows
//	Finish  emits the rows of sessions that change, as they were and as they are, and forgets
//	        the sessions that end below the watermark, since no row reaches them any more
//
// A stretch is rows of which each is within the gap of the one before, those that come and
// those that go alike: sessions before and after lie within stretches, and one without a
// change is not looked at.
//
// State: partition, time, row -> weight; with a watermark also end, start, partition of each
// session.
type Session struct {
	Input     Plan
	Partition []int
	Time      int   // a TIMESTAMP
	Gap       int64 // microseconds, more than 0

	AppendOnly bool          // the input only ever adds rows
	Until      Watermark     // of the time; nil for none
	Out        *types.Schema // the input's columns, then the session's start, end, and last millisecond
}

// Inputs implements Plan.
func (p *Session) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Session) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Session) String() string {
	fields := p.Input.Schema().Fields
	out := fmt.Sprintf("Session of %s within %s", fields[p.Time].Name, expr.Micros(p.Gap))
	names := make([]string, len(p.Partition))
	for i, c := range p.Partition {
		names[i] = fields[c].Name
	}
	if len(names) > 0 {
		out += " PER " + strings.Join(names, ", ")
	}
	if p.Until != nil {
		out += " FORGETS " + p.Out.Fields[len(fields)+1].Name + " < " + p.Until.String()
	}
	return out
}

// Open implements Plan.
func (p *Session) Open(env *Env) (Operator, error) {
	rows, err := openPartitions(env, p.Partition, []SortKey{{Column: p.Time}}, nil)
	if err != nil {
		return nil, err
	}
	x := &session{plan: p, rows: rows, out: zset.NewBuilder(p.Out), width: p.Input.Schema().Len(), errorNull: env.EvalErrorNull}
	x.aside = env.aside(x.read, p.AppendOnly)
	if p.Until != nil {
		x.ends, err = openSessionEnds(env, rows, p)
	}
	return x, err
}

type session struct {
	plan      *Session
	rows      *partitions
	ends      *sessionEnds // nil where nothing is forgotten
	aside     *aside       // rows whose session would end beyond all times
	errorNull bool
	sel       []int32 // the rows of a delta that have a time
	width     int     // of the input

	data    []byte // the keys of a stretch
	stretch []sessionRow
	out     *zset.Builder
	bound   []byte
}

// A sessionRow is a row of a stretch. The rows found before the first change come last row
// first.
type sessionRow struct {
	from, to int // of the key
	time     int64
	was, is  int64
}

func (x *session) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	delta, err := x.aside.eval(s, delta)
	if err != nil {
		return err
	}
	x.rows.hold(delta, x.sel)
	return nil
}

// read selects the rows that are in a session.
func (x *session) read(_ *Step, delta *zset.Batch) error {
	times := delta.Cols[x.plan.Time]
	x.sel = grow(x.sel, delta.Len)[:0]
	for row := range delta.Len {
		if times.IsNull(row) {
			continue
		}
		if t := function.IntAt(times, row); t < types.EndTimestamp-x.plan.Gap && t+x.plan.Gap >= types.MinTimestamp+1000 {
			x.sel = append(x.sel, int32(row))
		} else if !x.errorNull {
			return fmt.Errorf("session: the session begins before the year 1 or ends after the year 9999")
		}
	}
	return nil
}

func (x *session) Finish(_ context.Context, s *Step) error {
	err := x.rows.settle(func(partition []byte, changes []storedRow) error {
		for i := 0; i < len(changes); {
			x.data, x.stretch = x.data[:0], x.stretch[:0]
			x.back(partition, changes[i].key)
			before := len(x.stretch)
			i = x.ahead(partition, changes, i)
			if err := x.emit(s, before); err != nil {
				return err
			}
			if x.ends != nil {
				x.ends.note(partition, x.stretch)
			}
		}
		x.rows.apply(changes)
		return nil
	})
	if err != nil {
		return err
	}
	if x.ends != nil {
		if err := x.ends.forget(); err != nil {
			return err
		}
	}
	return x.flush(s, 1)
}

// back finds the rows of a stretch before a change, from the last to the first.
func (x *session) back(partition, change []byte) {
	next := sessionTime(partition, change)
	x.rows.rows.Descend(partition, change, func(k []byte, weight int64) bool {
		t := sessionTime(partition, k)
		if t < next-x.plan.Gap {
			return false
		}
		next = t
		x.add(k, t, weight, weight)
		return true
	})
}

// ahead finds those from a change on, and returns the first change that is not among them.
func (x *session) ahead(partition []byte, changes []storedRow, i int) int {
	from := changes[i].key
	last := sessionTime(partition, from)
	within := func(key []byte) bool {
		t := sessionTime(partition, key)
		if t > last+x.plan.Gap {
			return false
		}
		last = t
		return true
	}
	stopped := false
	x.bound = append(x.bound[:0], partition...)
	x.rows.rows.Ascend(from, after(x.bound), func(k []byte, weight int64) bool {
		was := weight
		for ; i < len(changes); i++ {
			c := bytes.Compare(changes[i].key, k)
			if c > 0 {
				break
			}
			if stopped = !within(changes[i].key); stopped {
				return false
			}
			if c == 0 {
				weight += changes[i].weight
				continue
			}
			x.add(changes[i].key, last, 0, changes[i].weight)
		}
		if stopped = !within(k); stopped {
			return false
		}
		x.add(k, last, was, weight)
		return true
	})
	for ; !stopped && i < len(changes) && within(changes[i].key); i++ {
		x.add(changes[i].key, last, 0, changes[i].weight)
	}
	return i
}

func (x *session) add(key []byte, time, was, is int64) {
	from := len(x.data)
	x.data = append(x.data, key...)
	x.stretch = append(x.stretch, sessionRow{from, len(x.data), time, was, is})
}

// sessionTime is the time of a row, which stands behind its partition in the key.
func sessionTime(partition, key []byte) int64 {
	return int64(binary.BigEndian.Uint64(key[len(partition)+1:]) ^ 1<<63)
}

// emit puts out what changes in a stretch, whose first rows stand in the wrong order.
func (x *session) emit(s *Step, before int) error {
	rows := x.stretch
	for i, j := 0, before-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	was, is := sessions{rows: rows, gap: x.plan.Gap, old: true}, sessions{rows: rows, gap: x.plan.Gap}
	for i, r := range rows {
		was.at(i)
		is.at(i)
		same := r.was > 0 && r.is > 0 && was.start == is.start && was.end == is.end
		if same {
			x.put(r, is.start, is.end, r.is-r.was)
		} else {
			x.put(r, was.start, was.end, -r.was)
			x.put(r, is.start, is.end, r.is)
		}
		if err := x.flush(s, vec.BatchRows-1); err != nil {
			return err
		}
	}
	return nil
}

func (x *session) put(r sessionRow, start, end, weight int64) {
	if weight == 0 {
		return
	}
	storedRow{key: x.data[r.from:r.to]}.columns(x.out.Cols[:x.width])
	for i, t := range []int64{start, end, end - 1000} {
		vec.Append(x.out.Cols[x.width+i], t)
	}
	x.out.EndRowWeight(weight)
}

// flush emits the rows that wait, if there are at least so many.
func (x *session) flush(s *Step, least int) error {
	if x.out.Len() < least {
		return nil
	}
	err := s.Emit(x.out.Build())
	x.out.Reset()
	return err
}

// sessions goes over the rows of a stretch as they were, or as they are.
type sessions struct {
	rows       []sessionRow
	gap        int64
	old        bool
	start, end int64 // of the session at hand
	next       int   // the first row behind it
}

// at moves to the session of row i, the last row asked for or the next. Where the row is not
// there it moves or not.
func (w *sessions) at(i int) {
	if i < w.next || !w.there(i) {
		return
	}
	w.start, w.end = w.rows[i].time, w.rows[i].time+w.gap
	for w.next = i; w.next < len(w.rows); w.next++ {
		if !w.there(w.next) {
			continue
		}
		if w.rows[w.next].time > w.end {
			return
		}
		w.end = w.rows[w.next].time + w.gap
	}
}

func (w *sessions) there(i int) bool {
	if w.old {
		return w.rows[i].was > 0
	}
	return w.rows[i].is > 0
}
