package scalar

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Round is ROUND(x[, digits]).
var Round = function.Scalar{
	Name: "round", Category: ofNumber,
	Doc: "The number rounded to a number of digits behind the point, 0 if none is given; a negative number of digits rounds before the point. DECIMAL is rounded exactly, half away from zero, and has so many digits then; of a DOUBLE halves go to the even neighbour, and 1.005e0 is a little less than it says.",
	Examples: []function.Example{
		{Expr: "round(2.5)", Value: "3"},
		{Expr: "round(-1.255, 2)", Value: "-1.26"},
		{Expr: "round(1234, -2)", Value: "1200"},
		{Expr: "round(2.5e0)", Value: "2"},
		{Expr: "round(1.005e0, 2)", Value: "1"},
		{Expr: "round(99.95, 1)", Value: "100.0"},
		{Expr: "round(99.95, 3)", Value: "99.950"},
		{Expr: "round(NULL, 1)", Value: "NULL"},
	},
	Overloads: rounds(rounding{types.Rescale, math.RoundToEven}),
}

// Truncate is TRUNCATE(x, digits).
var Truncate = function.Scalar{
	Name: "truncate", Aliases: []string{"trunc"}, Category: ofNumber,
	Doc: "The number with the digits beyond the given number behind the point cut off.",
	Examples: []function.Example{
		{Expr: "truncate(1.999, 1)", Value: "1.9"},
		{Expr: "truncate(-1.999, 0)", Value: "-1"},
		{Expr: "truncate(1299, -2)", Value: "1200"},
		{Expr: "truncate(1.999e0, 2)", Value: "1.99"},
		{Expr: "truncate(1.9, NULL)", Value: "NULL"},
	},
	Overloads: rounds(rounding{cutDecimal, math.Trunc}),
}

// A rounding is how digits are given up: of a DECIMAL from one scale to another, and
// of a DOUBLE to a whole number.
type rounding struct {
	decimal func(d vec.Decimal, from, to int) (vec.Decimal, bool)
	float   func(float64) float64
}

func cutDecimal(d vec.Decimal, from, to int) (vec.Decimal, bool) {
	if to >= from {
		return types.Rescale(d, from, to)
	}
	if from-to > types.MaxPrecision {
		return vec.Decimal{}, true
	}
	q, _ := d.Div(types.Pow10(from - to))
	return q, true
}

func rounds(r rounding) []function.Overload {
	return []function.Overload{
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return intAt(args, 0, row), true, nil
		}, function.Int),
		r.ints(), r.unsigned(),
		{Args: function.Params(function.Uint), Returns: first, Eval: func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }},
		r.decimals(1), r.decimals(2),
		floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
			return r.float(function.FloatAt(args[0], row)) + 0, true, nil // -0 becomes +0
		}, function.Float),
		floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
			return r.digits(function.FloatAt(args[0], row), intAt(args, 1, row)), true, nil
		}, function.Float, function.Int),
	}
}

var errInteger = errors.New("the result is out of range of BIGINT")

func (r rounding) ints() function.Overload {
	return intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		x, digits := intAt(args, 0, row), intAt(args, 1, row)
		if digits >= 0 {
			return x, true, nil
		}
		if digits < -19 {
			return 0, true, nil
		}
		d, _ := r.decimal(types.DecimalFromInt(x), 0, int(digits))
		d, _ = types.Rescale(d, int(digits), 0)
		v := int64(d.LowBits())
		if d.HighBits() != v>>63 {
			return 0, false, errInteger
		}
		return v, true, nil
	}, function.Int, function.Int)
}

func (r rounding) unsigned() function.Overload {
	return function.Overload{
		Args: function.Params(function.Uint, function.Int), Returns: first,
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (uint64, bool, error) {
			x, digits := vec.Uint(args[0], args[0].At(row)), intAt(args, 1, row)
			if digits >= 0 {
				return x, true, nil
			}
			if digits < -20 {
				return 0, true, nil
			}
			d, _ := r.decimal(decimal128.FromU64(x), 0, int(digits))
			d, _ = types.Rescale(d, int(digits), 0)
			if d.HighBits() != 0 {
				return 0, false, errInteger
			}
			return d.LowBits(), true, nil
		}),
	}
}

func (r rounding) decimals(n int) function.Overload {
	return function.Overload{
		Args: function.Params(function.Numeric, function.Int)[:n],
		ReturnsOf: func(args []types.Type, constant func(int) any) types.Type {
			t, scale := args[0], 0
			whole := t.Precision - t.Scale
			digits, known := int64(0), n == 1
			if n == 2 {
				digits, known = constant(1).(int64)
			}
			switch {
			case !known: // they come from a column
				whole, scale = whole+1, t.Scale
			case digits < int64(t.Scale): // 9.5 becomes 10
				whole, scale = whole+1, int(max(digits, 0))
			default:
				scale = max(int(min(digits, maxScale, int64(types.MaxPrecision-whole))), t.Scale)
			}
			return types.DecimalOf(max(min(whole+scale, types.MaxPrecision), 1), scale)
		},
		Eval: function.Fixed(func(c *function.Call, args []*vec.Vec, row int) (vec.Decimal, bool, error) {
			from, to := args[0].Type.Scale, int64(0)
			if n == 2 {
				to = min(max(intAt(args, 1, row), -types.MaxPrecision), int64(from))
			}
			d, ok := r.decimal(function.DecimalAt(args[0], row), from, int(to))
			if ok {
				d, ok = types.Rescale(d, int(to), c.Returns.Scale)
			}
			if !ok || !types.DecimalFits(d, c.Returns.Precision) {
				return d, false, errDecimal
			}
			return d, true, nil
		}),
	}
}

var errDecimal = errors.New("the result is out of range of DECIMAL(38)")

// maxScale is the most digits behind the point that ROUND, TRUNCATE and FORMAT give, as in
// MySQL.
const maxScale = 30

// digits rounds as MySQL does: what the float multiplied by a power of ten is, so that
// 1.005e0, which is a little less, is 1.00 to two digits.
func (r rounding) digits(x float64, digits int64) float64 {
	if digits < -308 {
		return 0
	}
	unit := math.Pow10(int(min(max(digits, -digits), 308)))
	if digits < 0 {
		return r.float(x/unit)*unit + 0
	}
	if scaled := x * unit; !math.IsInf(scaled, 0) {
		return r.float(scaled)/unit + 0 // -0 becomes +0
	}
	return x
}

// Ceiling is CEILING(x).
var Ceiling = function.Scalar{
	Name: "ceiling", Aliases: []string{"ceil"}, Category: ofNumber,
	Doc: "The least whole number that is not less than the argument.",
	Examples: []function.Example{
		{Expr: "ceiling(1.01)", Value: "2"},
		{Expr: "ceil(-1.9)", Value: "-1"},
		{Expr: "ceil(1.5e0)", Value: "2"},
		{Expr: "ceil(NULL)", Value: "NULL"},
	},
	Overloads: wholes(math.Ceil, 1),
}

// Floor is FLOOR(x).
var Floor = function.Scalar{
	Name: "floor", Category: ofNumber,
	Doc: "The greatest whole number that is not greater than the argument.",
	Examples: []function.Example{
		{Expr: "floor(1.99)", Value: "1"},
		{Expr: "floor(-1.01)", Value: "-2"},
		{Expr: "floor(7)", Value: "7"},
		{Expr: "floor(NULL)", Value: "NULL"},
	},
	Overloads: wholes(math.Floor, -1),
}

func wholes(float func(float64) float64, sign int) []function.Overload {
	same := func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }
	return []function.Overload{
		{Args: function.Params(function.Int), Returns: first, Eval: same},
		{Args: function.Params(function.Uint), Returns: first, Eval: same},
		{
			Args: function.Params(function.Numeric),
			Returns: func(args []types.Type) types.Type {
				return types.DecimalOf(min(args[0].Precision-args[0].Scale+1, types.MaxPrecision), 0)
			},
			Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (vec.Decimal, bool, error) {
				d := function.DecimalAt(args[0], row)
				q, rest := d.Div(types.Pow10(args[0].Type.Scale))
				if rest.Sign()*sign > 0 {
					q = q.Add(types.DecimalFromInt(int64(sign)))
				}
				return q, true, nil
			}),
		},
		floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
			return float(function.FloatAt(args[0], row)), true, nil
		}, function.Float),
	}
}
