package expr

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// intervalNode adds or subtracts an INTERVAL: months first, clamped to the month's
// end as in MySQL, then microseconds. The left operand is the point in time; months of
// a moment are those of the calendar in its zone.
type intervalNode struct{ arithNode }

func (n *intervalNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	l, r, out, err := n.operands(f, sel)
	if err != nil {
		return nil, err
	}
	spans := vec.Slice[vec.IntervalValue](r)
	lm, rm := step(l), step(r)
	sign := int64(1)
	if n.op == Sub {
		sign = -1
	}
	ownValid(out, f.Mem)
	if sel == nil && r.Const && !l.Const && !out.Const && n.shift(l, out, spans[0], sign) {
		return out, nil
	}
	return out, active(out, sel, func(i int) error {
		span := spans[i&rm]
		t := vec.Int(l, i&lm)
		if n.t.Kind == types.Time {
			return n.clock(f, out, i, t+sign*span.Micros)
		}
		if l.Type.Kind == types.Date {
			t *= types.MicrosPerDay
		}
		t, ok := types.AddIntervalIn(n.t.Zone, t, sign*span.Months, sign*span.Micros)
		if !ok {
			return n.fails.at(out, f.Mem, i, errMoment)
		}
		if n.t.Kind == types.Date {
			days, _ := types.Split(t)
			vec.Slice[int32](out)[i] = days
		} else {
			vec.Slice[int64](out)[i] = t
		}
		return nil
	})
}

// shift moves all rows of a TIMESTAMP by the same microseconds, and reports whether it could: where
// one of them, which may be NULL, would leave the range they are looked at one by one.
func (n *intervalNode) shift(l, out *vec.Vec, by vec.IntervalValue, sign int64) bool {
	first, most := types.MinTimestamp, types.EndTimestamp-types.MinTimestamp
	if by.Months != 0 || by.Micros < -most || by.Micros > most || n.t.Kind == types.Time || n.t.Kind == types.Date || l.Type.Kind == types.Date {
		return false
	}
	micros, outside := sign*by.Micros, false
	from, to := vec.Slice[int64](l)[:out.Len], vec.Slice[int64](out)
	to = to[:len(from)]
	for i, t := range from {
		to[i] = t + micros
		outside = outside || uint64(t-first) >= uint64(most) || uint64(t+micros-first) >= uint64(most)
	}
	return !outside
}

var errClock = errors.New("the TIME is out of range")

// clock puts a TIME into a row, of up to 838 hours as in MySQL.
func (n *intervalNode) clock(f *frame, out *vec.Vec, row int, t int64) error {
	if t <= -839*types.MicrosPerHour || t >= 839*types.MicrosPerHour {
		return n.fails.at(out, f.Mem, row, errClock)
	}
	vec.Slice[int64](out)[row] = t
	return nil
}

// Micros is an INTERVAL of so many microseconds.
func Micros(n int64) *Literal {
	return &Literal{T: types.Of(types.Interval), Value: vec.IntervalValue{Micros: n}}
}
