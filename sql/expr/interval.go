package expr

import (
	"errors"
	"math"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// intervalNode adds or subtracts an INTERVAL: months first, clamped to the month's
// end as in MySQL, then microseconds. The left operand is the point in time.
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
	return out, active(out, sel, func(i int) error {
		span := spans[i&rm]
		t := vec.Int(l, i&lm)
		if l.Type.Kind == types.Date {
			t *= types.MicrosPerDay
		}
		t, ok := AddInterval(t, sign*span.Months, sign*span.Micros)
		if !ok {
			return n.fails.at(out, f.Mem, i, errors.New("the point in time is out of range"))
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

// The years that a DATE or TIMESTAMP may have.
var (
	minTime = int64(types.Days(1, 1, 1)) * types.MicrosPerDay
	maxTime = int64(types.Days(10000, 1, 1)) * types.MicrosPerDay
)

// AddInterval moves a timestamp by months, keeping to the month's end, and then
// by microseconds; false where it leaves the years 0001 to 9999.
func AddInterval(t, months, micros int64) (int64, bool) {
	if months != 0 {
		days, ofDay := types.Split(t)
		y, m, d := types.Civil(days)
		total := int64(y)*12 + int64(m-1) + months
		if total < 12 || total >= 10000*12 {
			return 0, false
		}
		y, m = int(total/12), int(total%12)+1
		t = int64(types.Days(y, m, min(d, types.DaysIn(y, m))))*types.MicrosPerDay + ofDay
	}
	if micros > 0 && t > math.MaxInt64-micros || micros < 0 && t < math.MinInt64-micros {
		return 0, false
	}
	t += micros
	return t, t >= minTime && t < maxTime
}
