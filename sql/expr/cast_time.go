package expr

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func (n *castNode) toDate(v int64) {
	if n.from.Zoned {
		v = n.clock.Local(v)
	}
	days, _ := types.Split(v)
	vec.Append(n.out, days)
}

func (n *castNode) toTime(a *vec.Vec, at int) error {
	v := vec.Int(a, at)
	if n.from.Kind == types.Date {
		v *= types.MicrosPerDay
	}
	if n.from.Zoned && !n.to.Zoned {
		v = n.clock.Local(v)
	}
	if n.from.Kind == types.Timestamp && n.to.Kind == types.Time {
		_, v = types.Split(v)
	}
	if n.to.Zoned && !n.from.Zoned {
		v = n.clock.Moment(v)
	}
	return n.appendTime(v)
}

// zoned converts a whole column between moments and what the clock shows; nil where a
// row may have no value, or a fraction is rounded.
func (n *castNode) zoned(f *frame, a *vec.Vec) *vec.Vec {
	if n.from.Precision > n.to.Precision {
		return nil
	}
	out := result(f, n.to, a, a)
	x, z := vec.Slice[int64](a), vec.Slice[int64](out)
	beyond := false
	for i := range z {
		v := x[i]
		if n.from.Zoned {
			v = n.clock.Local(v)
		} else {
			v = n.clock.Moment(v)
		}
		beyond = beyond || v < types.MinTimestamp || v >= types.EndTimestamp
		z[i] = v
	}
	if beyond {
		return nil
	}
	return out
}

var errMoment = errors.New("the point in time is out of range")

// RoundFraction rounds microseconds to a number of fractional digits of a second,
// half away from the past as MySQL does.
func RoundFraction(v int64, precision int) int64 {
	unit := int64(1)
	for range types.MaxFraction - precision {
		unit *= 10
	}
	if unit == 1 {
		return v
	}
	q := (v + unit/2) / unit
	if (v+unit/2)%unit < 0 {
		q--
	}
	return q * unit
}

// timeText appends the DATE, TIME or TIMESTAMP that a text means. Of a date with a time a
// DATE is the date.
func (n *castNode) timeText(s string) error {
	var v int64
	ok := false
	switch n.to.Kind {
	case types.Date:
		if v, ok = types.ParseLooseTimestamp(s, nil); ok {
			n.toDate(v)
			return nil
		}
	case types.Time:
		v, ok = types.ParseLooseTime(s)
	default:
		v, ok = types.ParseLooseTimestamp(s, n.to.Zone)
	}
	if !ok {
		return vec.ParseText(vec.NewBuilder(n.to), s) // which says what is wanted
	}
	return n.appendTime(v)
}

// appendTime appends a time at the precision wanted.
func (n *castNode) appendTime(v int64) error {
	v = RoundFraction(v, n.to.Precision)
	if n.to.Kind == types.Timestamp && (v < types.MinTimestamp || v >= types.EndTimestamp) {
		return errMoment
	}
	vec.Append(n.out, v)
	return nil
}
