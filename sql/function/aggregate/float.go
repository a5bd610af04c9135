package aggregate

import (
	"math"

	"github.com/sqlstream/sqlstream/vec"
)

// floatSlot adds up DOUBLE with Neumaier's compensation, right to the last bits or
// so while nothing is taken back.
type floatSlot struct{ average bool }

type floatSum struct {
	n      int64
	sum, c float64
}

func (floatSlot) Width() int { return 24 }

func (floatSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	v := args[0]
	values := vec.Slice[float64](v)
	for i, g := range gids {
		if v.IsNull(i) {
			continue
		}
		w := weightOf(weights, i)
		a := at[floatSum](&rows, g)
		a.n += w
		a.add(values[v.At(i)] * float64(w))
	}
	return nil
}

func (a *floatSum) add(x float64) {
	t := a.sum + x
	if math.Abs(a.sum) >= math.Abs(x) {
		a.c += (a.sum - t) + x
	} else {
		a.c += (x - t) + a.sum
	}
	a.sum = t
}

func (floatSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[floatSum](&src, int32(i)), at[floatSum](&rows, g)
		to.n += from.n
		to.add(from.sum)
		to.add(from.c)
	}
	return nil
}

func (s floatSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[floatSum](&rows, g)
		switch {
		case a.n == 0:
			out.AppendNull()
		case s.average:
			vec.Append(out, a.value()/float64(a.n)+0)
		default:
			vec.Append(out, a.value()+0)
		}
	}
	return nil
}

// value leaves the compensation out where the sum is not finite: it is NaN then.
func (a *floatSum) value() float64 {
	if math.IsInf(a.sum, 0) || math.IsNaN(a.sum) {
		return a.sum
	}
	return a.sum + a.c
}
