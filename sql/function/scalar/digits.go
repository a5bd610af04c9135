package scalar

import (
	mathbits "math/bits"
	"strconv"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Bin is BIN(n).
var Bin = function.Scalar{
	Name: "bin", Category: ofNumber,
	Doc: "A whole number in binary digits; of a negative one those of its two's complement in 64 bits.",
	Examples: []function.Example{
		{Expr: "bin(12)", Value: "1100"},
		{Expr: "bin(-1)", Value: "1111111111111111111111111111111111111111111111111111111111111111"},
		{Expr: "bin(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{inBase(2), ofUnsigned(inBase(2))},
}

// Oct is OCT(n).
var Oct = function.Scalar{
	Name: "oct", Category: ofNumber,
	Doc: "A whole number in octal digits; of a negative one those of its two's complement in 64 bits.",
	Examples: []function.Example{
		{Expr: "oct(12)", Value: "14"},
		{Expr: "oct(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{inBase(8), ofUnsigned(inBase(8))},
}

func inBase(base int) function.Overload {
	return textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return strconv.AppendUint(dst, vec.Slice[uint64](args[0])[args[0].At(row)], base), true, nil
	}, function.Int)
}

// ofUnsigned is an overload of a BIGINT whose kernel takes its bits, for BIGINT UNSIGNED.
func ofUnsigned(o function.Overload) function.Overload {
	o.Args = function.Params(function.Uint)
	return o
}

// BitCount is BIT_COUNT(n).
var BitCount = function.Scalar{
	Name: "bit_count", Category: ofNumber,
	Doc: "How many bits of a whole number are 1, of a negative one those of its two's complement in 64 bits.",
	Examples: []function.Example{
		{Expr: "bit_count(29)", Value: "4"},
		{Expr: "bit_count(-1)", Value: "64"},
		{Expr: "bit_count(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{bitCount, ofUnsigned(bitCount)},
}

var bitCount = intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
	return int64(mathbits.OnesCount64(vec.Slice[uint64](args[0])[args[0].At(row)])), true, nil
}, function.Int)
