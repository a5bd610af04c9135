package types_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
)

// Precision and scale of arithmetic follow MySQL, within 38 digits: the scale gives way
// first, but not below six digits. A quotient has four digits more than the dividend.
func TestPrecisionOfDecimals(t *testing.T) {
	const add, sub, mul, div, intDiv, mod = types.OpAdd, types.OpSub, types.OpMul, types.OpDiv, types.OpIntDiv, types.OpMod
	dec := types.DecimalOf
	integer := func(k types.Kind) types.Type { return types.Of(k) }
	for _, x := range []struct {
		op         types.ArithOp
		l, r, want types.Type
	}{
		{add, dec(5, 2), dec(5, 2), dec(6, 2)},
		{add, dec(5, 2), dec(7, 4), dec(8, 4)},
		{sub, dec(3, 0), dec(5, 5), dec(9, 5)},
		{mul, dec(5, 2), dec(7, 4), dec(12, 6)},
		{div, dec(5, 2), dec(7, 4), dec(13, 6)},
		{div, dec(5, 2), dec(3, 0), dec(9, 6)},
		{mod, dec(5, 2), dec(7, 4), dec(7, 4)},
		{intDiv, dec(5, 2), dec(7, 4), integer(types.BigInt)},
		{add, dec(5, 2), integer(types.TinyInt), dec(6, 2)},
		{add, dec(5, 2), integer(types.BigInt), dec(22, 2)},
		{mul, dec(5, 2), integer(types.UBigInt), dec(25, 2)},
		{add, integer(types.BigInt), integer(types.UBigInt), dec(21, 0)},
		{div, integer(types.Int), integer(types.Int), dec(14, 4)},
		{div, integer(types.BigInt), integer(types.BigInt), dec(23, 4)},
		{div, integer(types.Boolean), integer(types.TinyInt), dec(5, 4)},
		{add, integer(types.TinyInt), integer(types.TinyInt), integer(types.BigInt)},
		{add, integer(types.UTinyInt), integer(types.Int), integer(types.BigInt)},
		{mul, integer(types.UBigInt), integer(types.UBigInt), integer(types.UBigInt)},
		{add, integer(types.Null), dec(5, 2), dec(6, 2)},
		{add, integer(types.Null), integer(types.Null), integer(types.BigInt)},
		{add, dec(5, 2), integer(types.Float), integer(types.Double)},
		{intDiv, integer(types.Double), integer(types.Int), integer(types.BigInt)},
		// beyond 38 digits
		{add, dec(38, 0), dec(38, 0), dec(38, 0)},
		{add, dec(38, 10), dec(38, 0), dec(38, 6)},
		{add, dec(38, 38), dec(1, 0), dec(38, 36)},
		{mul, dec(38, 10), dec(38, 10), dec(38, 6)},
		{mul, dec(20, 10), dec(20, 10), dec(38, 18)},
		{mul, dec(38, 2), dec(38, 2), dec(38, 4)},
		{div, dec(38, 10), dec(38, 10), dec(38, 6)},
		{div, dec(38, 0), dec(38, 0), dec(38, 4)},
		{div, dec(30, 4), dec(10, 2), dec(36, 8)},
		{div, dec(34, 6), dec(10, 2), dec(38, 8)},
		{mod, dec(38, 0), dec(20, 10), dec(38, 6)},
	} {
		_, _, got, ok := types.Arithmetic(x.op, x.l, x.r)
		if !ok || !got.Equal(x.want) {
			t.Errorf("operator %d of %s and %s gives %s, %v; not %s", x.op, x.l, x.r, got, ok, x.want)
		}
	}
	for _, x := range []struct{ l, r types.Type }{
		{types.Of(types.Varchar), dec(5, 2)}, {types.Of(types.Date), integer(types.Int)}, {types.Of(types.JSON), types.Of(types.Double)},
	} {
		if _, _, got, ok := types.Arithmetic(add, x.l, x.r); ok {
			t.Errorf("%s + %s gives %s", x.l, x.r, got)
		}
	}
}

// In a comparison, CASE or UNION both parts of a DECIMAL have room, within 38 digits.
func TestCommonDecimals(t *testing.T) {
	dec := types.DecimalOf
	for _, x := range []struct{ l, r, want types.Type }{
		{dec(5, 2), dec(7, 4), dec(7, 4)},
		{dec(5, 2), dec(5, 4), dec(7, 4)},
		{dec(5, 2), types.Of(types.BigInt), dec(21, 2)},
		{dec(38, 0), dec(10, 10), dec(38, 6)},
		{dec(38, 2), dec(38, 30), dec(38, 6)},
		{types.Of(types.BigInt), types.Of(types.UBigInt), dec(20, 0)},
		{types.Of(types.Int), types.Of(types.UInt), types.Of(types.BigInt)},
		{dec(5, 2), types.Of(types.Float), types.Of(types.Double)},
	} {
		if got, ok := types.Comparable(x.l, x.r); !ok || !got.Equal(x.want) {
			t.Errorf("%s beside %s is %s, %v; not %s", x.l, x.r, got, ok, x.want)
		}
		if got, ok := types.Common(x.l, types.Of(types.Null), x.r); !ok || !got.Equal(x.want) {
			t.Errorf("%s and %s have in common %s, %v; not %s", x.l, x.r, got, ok, x.want)
		}
	}
}
