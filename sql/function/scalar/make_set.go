package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// MakeSet is MAKE_SET(bits, s, …).
var MakeSet = function.Scalar{
	Name: "make_set", Category: ofText,
	Doc: "The texts whose bit is 1 in a number, with commas between them; the first text has the lowest bit. NULLs are left out.",
	Examples: []function.Example{
		{Expr: "make_set(5, '한', '글', 'c')", Value: "한,c"},
		{Expr: "make_set(3, 'a', NULL)", Value: "a"},
		{Expr: "make_set(0, 'a')", Value: ""},
		{Expr: "make_set(NULL, 'a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Int, function.Text, function.Text), Variadic: true, NullCall: true,
		Returns: function.Always(function.Text),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return dst, false, nil
			}
			bits, any := uint64(intAt(args, 0, row)), false
			for i, a := range args[1:min(len(args), 65)] {
				if bits>>i&1 == 0 || a.IsNull(row) {
					continue
				}
				if any {
					dst = append(dst, ',')
				}
				dst, any = append(dst, a.Bytes(row)...), true
			}
			return dst, true, nil
		}),
	}},
}

// maxBits is how many bits a number has, and EXPORT_SET shows where nothing else is said.
const maxBits = 64

// ExportSet is EXPORT_SET(bits, on, off[, separator[, number]]).
var ExportSet = function.Scalar{
	Name: "export_set", Category: ofText,
	Doc: "The bits of a number from the lowest on, a text for each that is 1 and another for each that is 0, with a separator, a comma if none is given, between them; of 64 bits or the number given.",
	Examples: []function.Example{
		{Expr: "export_set(5, 'Y', 'N', ',', 4)", Value: "Y,N,Y,N"},
		{Expr: "export_set(6, '1', '0', '', 10)", Value: "0110000000"},
		{Expr: "export_set(NULL, '1', '0')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		exportSet(function.Int, function.Text, function.Text),
		exportSet(function.Int, function.Text, function.Text, function.Text),
		exportSet(function.Int, function.Text, function.Text, function.Text, function.Int),
	},
}

func exportSet(args ...types.Type) function.Overload {
	return textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		bits, n, separator := uint64(intAt(args, 0, row)), int64(maxBits), []byte(",")
		if len(args) > 3 {
			separator = args[3].Bytes(row)
		}
		if len(args) > 4 {
			if n = intAt(args, 4, row); n < 0 || n > maxBits {
				n = maxBits
			}
		}
		if n*int64(max(len(args[1].Bytes(row)), len(args[2].Bytes(row)))+len(separator)) > function.MaxText {
			return dst, false, function.ErrTooLong
		}
		for i := range n {
			if i > 0 {
				dst = append(dst, separator...)
			}
			which := 2
			if bits>>i&1 == 1 {
				which = 1
			}
			dst = append(dst, args[which].Bytes(row)...)
		}
		return dst, true, nil
	}, args...)
}
