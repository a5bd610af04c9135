package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Concat is CONCAT(a, …).
var Concat = function.Scalar{
	Name: "concat", Category: ofText,
	Doc: "Joins texts; numbers and times count as their text. It is NULL if one argument is. a || b is the same.",
	Examples: []function.Example{
		{Expr: "concat('한', '글', 1)", Value: "한글1"},
		{Expr: "'a' || 'b' || 2.50", Value: "ab2.50"},
		{Expr: "concat(x'00', 'a')", Value: "0x0061"},
		{Expr: "concat('a', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{joined(function.Text), joined(function.Bytes)},
}

func joined(t types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(t, t), Variadic: true, Returns: function.Always(t),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			for _, a := range args {
				dst = append(dst, a.Bytes(row)...)
			}
			return dst, true, nil
		}),
	}
}

// ConcatWs is CONCAT_WS(separator, a, …).
var ConcatWs = function.Scalar{
	Name: "concat_ws", Category: ofText,
	Doc: "Joins texts with the first argument between them, leaving NULLs out. It is NULL only if the separator is.",
	Examples: []function.Example{
		{Expr: "concat_ws('-', 2026, '한글', 'x')", Value: "2026-한글-x"},
		{Expr: "concat_ws(',', 'a', NULL, '', 'b')", Value: "a,,b"},
		{Expr: "concat_ws(NULL, 'a', 'b')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Text, function.Text, function.Text), Variadic: true,
		Returns: function.Always(function.Text), NullCall: true,
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return dst, false, nil
			}
			any := false
			for _, a := range args[1:] {
				if a.IsNull(row) {
					continue
				}
				if any {
					dst = append(dst, args[0].Bytes(row)...)
				}
				dst = append(dst, a.Bytes(row)...)
				any = true
			}
			return dst, true, nil
		}),
	}},
}
