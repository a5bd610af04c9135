package scalar

import (
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// float1 declares a function of one DOUBLE. A value that f has none for (NaN) is
// NULL, one beyond DOUBLE an error.
func float1(name, doc string, f func(float64) float64, examples ...function.Example) function.Scalar {
	return function.Scalar{
		Name: name, Category: ofNumber, Doc: doc, Examples: append(examples, function.Example{Expr: name + "(NULL)", Value: "NULL"}),
		Overloads: []function.Overload{floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
			return finite(f(function.FloatAt(args[0], row)), function.FloatAt(args[0], row))
		}, function.Float)},
	}
}

// finite checks a result against what it was computed from.
func finite(v float64, from ...float64) (float64, bool, error) {
	if math.IsNaN(v) {
		for _, x := range from {
			if math.IsNaN(x) {
				return v, true, nil
			}
		}
		return v, false, nil
	}
	if math.IsInf(v, 0) {
		for _, x := range from {
			if math.IsInf(x, 0) {
				return v, true, nil
			}
		}
		return v, false, errDouble
	}
	return v + 0, true, nil
}

func float2(f func(x, y float64) float64) function.Overload {
	return floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
		x, y := function.FloatAt(args[0], row), function.FloatAt(args[1], row)
		return finite(f(x, y), x, y)
	}, function.Float, function.Float)
}

// positive is f where it has a value: above zero.
func positive(f func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		if x <= 0 {
			return math.NaN()
		}
		return f(x)
	}
}

// The functions of DOUBLE.
var (
	Sqrt    = float1("sqrt", "The square root; NULL of a negative number.", math.Sqrt, function.Example{Expr: "sqrt(16)", Value: "4"}, function.Example{Expr: "sqrt(-1)", Value: "NULL"})
	Exp     = float1("exp", "e to the power of a number. A result beyond DOUBLE is an error.", math.Exp, function.Example{Expr: "exp(0)", Value: "1"}, function.Example{Expr: "exp(1)", Value: "2.718281828459045"})
	Ln      = float1("ln", "The natural logarithm; NULL unless the number is positive.", positive(math.Log), function.Example{Expr: "ln(1)", Value: "0"}, function.Example{Expr: "ln(0)", Value: "NULL"})
	Log2    = float1("log2", "The logarithm to base 2; NULL unless the number is positive.", positive(math.Log2), function.Example{Expr: "log2(1024)", Value: "10"}, function.Example{Expr: "log2(-1)", Value: "NULL"})
	Log10   = float1("log10", "The logarithm to base 10; NULL unless the number is positive.", positive(math.Log10), function.Example{Expr: "log10(1000)", Value: "3"}, function.Example{Expr: "log10(0)", Value: "NULL"})
	Sin     = float1("sin", "The sine of an angle in radians.", math.Sin, function.Example{Expr: "sin(0)", Value: "0"}, function.Example{Expr: "round(sin(pi() / 6), 6)", Value: "0.5"})
	Cos     = float1("cos", "The cosine of an angle in radians.", math.Cos, function.Example{Expr: "cos(0)", Value: "1"}, function.Example{Expr: "cos(pi())", Value: "-1"})
	Tan     = float1("tan", "The tangent of an angle in radians.", math.Tan, function.Example{Expr: "tan(0)", Value: "0"}, function.Example{Expr: "round(tan(pi() / 4), 6)", Value: "1"})
	Cot     = float1("cot", "The cotangent of an angle in radians; of 0 it is an error.", func(x float64) float64 { return 1 / math.Tan(x) }, function.Example{Expr: "round(cot(pi() / 4), 6)", Value: "1"}, function.Example{Expr: "round(cot(12), 6)", Value: "-1.572673"})
	Asin    = float1("asin", "The angle of a sine, in radians; NULL outside of -1 to 1.", math.Asin, function.Example{Expr: "asin(1) = pi() / 2", Value: "true"}, function.Example{Expr: "asin(2)", Value: "NULL"})
	Acos    = float1("acos", "The angle of a cosine, in radians; NULL outside of -1 to 1.", math.Acos, function.Example{Expr: "acos(1)", Value: "0"}, function.Example{Expr: "acos(-2)", Value: "NULL"})
	Degrees = float1("degrees", "An angle in radians as degrees.", func(x float64) float64 { return x * (180 / math.Pi) }, function.Example{Expr: "degrees(pi())", Value: "180"}, function.Example{Expr: "degrees(0)", Value: "0"})
	Radians = float1("radians", "An angle in degrees as radians.", func(x float64) float64 { return x * (math.Pi / 180) }, function.Example{Expr: "radians(180)", Value: "3.141592653589793"}, function.Example{Expr: "radians(0)", Value: "0"})
)

// Atan is ATAN(x) and ATAN(y, x).
var Atan = function.Scalar{
	Name: "atan", Aliases: []string{"atan2"}, Category: ofNumber,
	Doc: "The angle of a tangent, in radians; with two arguments, that of the point at height y and width x.",
	Examples: []function.Example{
		{Expr: "atan(0)", Value: "0"},
		{Expr: "atan2(1, 0) = pi() / 2", Value: "true"},
		{Expr: "atan(0, -1)", Value: "3.141592653589793"},
		{Expr: "atan(NULL)", Value: "NULL"},
	},
	Overloads: append(float1("atan", "", math.Atan).Overloads, float2(math.Atan2)),
}

// Log is LOG(x) and LOG(base, x).
var Log = function.Scalar{
	Name: "log", Category: ofNumber,
	Doc: "The natural logarithm; with two arguments, that of the second to the base of the first. NULL where there is none.",
	Examples: []function.Example{
		{Expr: "log(exp(2))", Value: "2"},
		{Expr: "log(2, 65536)", Value: "16"},
		{Expr: "log(1, 100)", Value: "NULL"},
		{Expr: "log(NULL)", Value: "NULL"},
	},
	Overloads: append(float1("log", "", positive(math.Log)).Overloads, float2(func(base, x float64) float64 {
		if base <= 0 || base == 1 || x <= 0 {
			return math.NaN()
		}
		return math.Log(x) / math.Log(base)
	})),
}

// Power is POWER(x, y).
var Power = function.Scalar{
	Name: "power", Aliases: []string{"pow"}, Category: ofNumber,
	Doc: "The first number to the power of the second, as DOUBLE. A result beyond DOUBLE, or none at all, is an error.",
	Examples: []function.Example{
		{Expr: "power(2, 10)", Value: "1024"},
		{Expr: "pow(2, -1)", Value: "0.5"},
		{Expr: "pow(-8, 3)", Value: "-512"},
		{Expr: "pow(2, NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
		x, y := function.FloatAt(args[0], row), function.FloatAt(args[1], row)
		v, ok, err := finite(math.Pow(x, y), x, y)
		if !ok && err == nil {
			err = errDouble // pow(-8, 0.5)
		}
		return v, ok, err
	}, function.Float, function.Float)},
}

// Pi is PI().
var Pi = function.Scalar{
	Name: "pi", Category: ofNumber,
	Doc: "The number π as DOUBLE.",
	Examples: []function.Example{
		{Expr: "pi()", Value: "3.141592653589793"},
		{Expr: "pi() + NULL", Value: "NULL"},
	},
	Overloads: []function.Overload{floatOf(func(*function.Call, []*vec.Vec, int) (float64, bool, error) { return math.Pi, true, nil })},
}
