package scalar

import (
	"bytes"
	"cmp"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Greatest is GREATEST(a, b, …).
var Greatest = function.Scalar{
	Name: "greatest", Category: ofNumber,
	Doc: "The greatest of values, which are converted to one type as for a comparison; NULL if one of them is.",
	Examples: []function.Example{
		{Expr: "greatest(1, 3, 2)", Value: "3"},
		{Expr: "greatest(1, 2.50)", Value: "2.50"},
		{Expr: "greatest(3, 2.50)", Value: "3.00"},
		{Expr: "greatest(-1, 18446744073709551615)", Value: "18446744073709551615"},
		{Expr: "greatest('가', '나')", Value: "나"},
		{Expr: "greatest(DATE '2026-01-31', DATE '2026-02-01')", Value: "2026-02-01"},
		{Expr: "greatest(1, NULL)", Value: "NULL"},
	},
	Overloads: extremes(1),
}

// Least is LEAST(a, b, …).
var Least = function.Scalar{
	Name: "least", Category: ofNumber,
	Doc: "The least of values, which are converted to one type as for a comparison; NULL if one of them is.",
	Examples: []function.Example{
		{Expr: "least(3, 1, 2)", Value: "1"},
		{Expr: "least(1.5e0, 2)", Value: "1.5"},
		{Expr: "least('나', '가')", Value: "가"},
		{Expr: "least(NULL, 1)", Value: "NULL"},
	},
	Overloads: extremes(-1),
}

func extremes(sign int) []function.Overload {
	return []function.Overload{{
		Args: function.Params(function.Any, function.Any, function.Any), Variadic: true, Same: true, Returns: first,
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) { return extreme(c, args, sign) },
	}}
}

func extreme(c *function.Call, args []*vec.Vec, sign int) (*vec.Vec, error) {
	switch c.Returns.Layout() {
	case types.Bits:
		return function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
			out := args[0].Bool(row)
			for _, a := range args[1:] {
				if v := a.Bool(row); v != out {
					out = sign > 0
				}
			}
			return out, nil
		})(c, args)
	case types.Bytes:
		return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			best := args[0].Bytes(row)
			for _, a := range args[1:] {
				if v := a.Bytes(row); bytes.Compare(v, best)*sign > 0 {
					best = v
				}
			}
			return append(dst, best...), true, nil
		})(c, args)
	case types.Int128:
		return extremeOf(vec.Decimal.Cmp, sign)(c, args)
	case types.Int8:
		return extremeOf(cmp.Compare[int8], sign)(c, args)
	case types.Int16:
		return extremeOf(cmp.Compare[int16], sign)(c, args)
	case types.Int32:
		return extremeOf(cmp.Compare[int32], sign)(c, args)
	case types.Uint8:
		return extremeOf(cmp.Compare[uint8], sign)(c, args)
	case types.Uint16:
		return extremeOf(cmp.Compare[uint16], sign)(c, args)
	case types.Uint32:
		return extremeOf(cmp.Compare[uint32], sign)(c, args)
	case types.Uint64:
		return extremeOf(cmp.Compare[uint64], sign)(c, args)
	case types.Float32:
		return extremeOf(cmp.Compare[float32], sign)(c, args)
	case types.Float64:
		return extremeOf(cmp.Compare[float64], sign)(c, args)
	}
	return extremeOf(cmp.Compare[int64], sign)(c, args)
}

func extremeOf[T vec.Fixed](compare func(a, b T) int, sign int) function.Kernel {
	return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (T, bool, error) {
		best := vec.Slice[T](args[0])[args[0].At(row)]
		for _, a := range args[1:] {
			if v := vec.Slice[T](a)[a.At(row)]; compare(v, best)*sign > 0 {
				best = v
			}
		}
		return best, true, nil
	})
}

// Field is FIELD(x, a, …).
var Field = function.Scalar{
	Name: "field", Category: ofText,
	Doc: "Which of the further arguments equals the first, counted from 1; 0 where none does or the first is NULL.",
	Examples: []function.Example{
		{Expr: "field('글', '한', '글')", Value: "2"},
		{Expr: "field(2, 1, 2.0)", Value: "2"},
		{Expr: "field('x', 'a', NULL)", Value: "0"},
		{Expr: "field(NULL, 'a', NULL)", Value: "0"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any, function.Any, function.Any), Variadic: true, Same: true, NullCall: true,
		Returns: function.Always(function.Int),
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			if args[0].IsNull(row) {
				return 0, true, nil
			}
			for i, a := range args[1:] {
				if !a.IsNull(row) && sameValue(args[0], a, row) {
					return int64(i + 1), true, nil
				}
			}
			return 0, true, nil
		}),
	}},
}

// sameValue compares a row of two columns of one type. Equal values have equal
// bytes, but for DOUBLE's two zeros.
func sameValue(a, b *vec.Vec, row int) bool {
	switch l := a.Type.Layout(); l {
	case types.Bits:
		return a.Bool(row) == b.Bool(row)
	case types.Bytes:
		return bytes.Equal(a.Bytes(row), b.Bytes(row))
	case types.Float64:
		return function.FloatAt(a, row) == function.FloatAt(b, row)
	default:
		w := l.Width()
		return bytes.Equal(a.Data[a.At(row)*w:][:w], b.Data[b.At(row)*w:][:w])
	}
}

// Elt is ELT(n, a, …).
var Elt = function.Scalar{
	Name: "elt", Category: ofText,
	Doc: "The n-th of the further arguments; NULL where there is none.",
	Examples: []function.Example{
		{Expr: "elt(2, '한', '글')", Value: "글"},
		{Expr: "elt(1, 'a', NULL)", Value: "a"},
		{Expr: "elt(3, 'a', 'b')", Value: "NULL"},
		{Expr: "elt(NULL, 'a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Int, function.Text, function.Text), Variadic: true, NullCall: true,
		Returns: function.Always(function.Text),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return dst, false, nil
			}
			n := intAt(args, 0, row)
			if n < 1 || n >= int64(len(args)) || args[n].IsNull(row) {
				return dst, false, nil
			}
			return append(dst, args[n].Bytes(row)...), true, nil
		}),
	}},
}

// IsNull is ISNULL(x).
var IsNull = function.Scalar{
	Name: "isnull", Category: ofCondition,
	Doc: "Whether a value is NULL: x IS NULL.",
	Examples: []function.Example{
		{Expr: "isnull(NULL)", Value: "true"},
		{Expr: "isnull('')", Value: "false"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any), NullCall: true, Returns: function.Always(function.Bool),
		Eval: function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) { return args[0].IsNull(row), nil }),
	}},
}

// Typeof is TYPEOF(x).
var Typeof = function.Scalar{
	Name: "typeof", Category: ofCondition,
	Doc: "The name of a value's type.",
	Examples: []function.Example{
		{Expr: "typeof(1 + 1)", Value: "BIGINT"},
		{Expr: "typeof(1 / 3)", Value: "DECIMAL(23,4)"},
		{Expr: "typeof('글')", Value: "VARCHAR"},
		{Expr: "typeof(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any), NullCall: true, Returns: function.Always(function.Text),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, _ int) ([]byte, bool, error) {
			return append(dst, args[0].Type.String()...), true, nil
		}),
	}},
}
