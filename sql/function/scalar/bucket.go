package scalar

import (
	"errors"
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// WidthBucket is WIDTH_BUCKET(x, low, high, n).
var WidthBucket = function.Scalar{
	Name: "width_bucket", Category: ofNumber,
	Doc: "Which of n buckets of equal width between two bounds a number falls into, from 1 on; 0 below all of them, n + 1 above. The bounds may stand the other way round.",
	Examples: []function.Example{
		{Expr: "width_bucket(5.3, 0, 10, 5)", Value: "3"},
		{Expr: "width_bucket(-1, 0, 10, 5)", Value: "0"},
		{Expr: "width_bucket(10, 0, 10, 5)", Value: "6"},
		{Expr: "width_bucket(1, 10, 0, 5)", Value: "5"},
		{Expr: "width_bucket(NULL, 0, 10, 5)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		x, low, high := function.FloatAt(args[0], row), function.FloatAt(args[1], row), function.FloatAt(args[2], row)
		n := intAt(args, 3, row)
		switch {
		case n < 1 || n == math.MaxInt64:
			return 0, false, errors.New("the number of buckets must be above zero")
		case low == high || math.IsNaN(low-high) || math.IsInf(low, 0) || math.IsInf(high, 0) || math.IsNaN(x):
			return 0, false, errors.New("the bounds of the buckets must be two different numbers")
		}
		if low > high {
			x, low, high = -x, -low, -high
		}
		switch {
		case x < low:
			return 0, true, nil
		case x >= high:
			return n + 1, true, nil
		}
		return min(int64((x-low)/(high-low)*float64(n)), n-1) + 1, true, nil
	}, function.Float, function.Float, function.Float, function.Int)},
}

// Interval is INTERVAL(x, a, b, …).
var Interval = function.Scalar{
	Name: "interval", Category: ofCondition,
	Doc: "How many of the numbers behind the first, which are in ascending order, are not greater than it; -1 where the first is NULL.",
	Examples: []function.Example{
		{Expr: "INTERVAL(23, 1, 15, 17, 30, 44)", Value: "3"},
		{Expr: "INTERVAL(0.5, 1, 15)", Value: "0"},
		{Expr: "INTERVAL(NULL, 1)", Value: "-1"},
	},
	Overloads: []function.Overload{intervalOf(function.Int, function.IntAt), intervalOf(function.Float, function.FloatAt)},
}

func intervalOf[T int64 | float64](t types.Type, at func(v *vec.Vec, row int) T) function.Overload {
	o := intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		if args[0].IsNull(row) {
			return -1, true, nil
		}
		x, n := at(args[0], row), int64(0)
		for _, a := range args[1:] {
			if !a.IsNull(row) && at(a, row) > x {
				break
			}
			n++
		}
		return n, true, nil
	}, t, t, t)
	o.Variadic, o.NullCall = true, true
	return o
}
