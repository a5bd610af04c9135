package rule

import (
	"math"
	"math/big"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// NarrowComparisons compares a whole number with a constant in the number's own type,
// not in the wider one that both were converted to.
//
//	CAST(a AS BIGINT) > 5          =>  a > 5             for an INT a
//	CAST(a AS DECIMAL) > 2.5       =>  a > 2
//	CAST(a AS BIGINT) IN (1, 2)    =>  a IN (1, 2)
//
// Not where the constant is beyond the type, as in a > 3000000000: a NULL must stay
// NULL, so that the comparison is not simply FALSE. a = 2.5 stays for the same reason.
var NarrowComparisons = Rule{Name: "NarrowComparisons", Expr: narrowComparison}

func narrowComparison(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Compare:
		if c, ok := widened(x.L); ok {
			return narrowed(x, x.Op, c, x.R)
		}
		if c, ok := widened(x.R); ok {
			return narrowed(x, mirrored(x.Op), c, x.L)
		}
	case *expr.In:
		return narrowIn(x)
	}
	return e
}

// widened returns what is converted to a wider exact type.
func widened(e expr.Expr) (expr.Expr, bool) {
	c, ok := e.(*expr.Cast)
	if !ok || !c.Arg.Type().IsInteger() || !c.To.IsInteger() && c.To.Kind != types.Decimal {
		return nil, false
	}
	from, _ := types.DecimalDigits(c.Arg.Type())
	to, _ := types.DecimalDigits(c.To)
	unsigned := c.To.IsUnsigned() && !c.Arg.Type().IsUnsigned()
	return c.Arg, !unsigned && to.Precision-to.Scale >= from.Precision
}

// mirrored is the operator with its operands exchanged.
func mirrored(op expr.Op) expr.Op {
	switch op {
	case expr.Lt:
		return expr.Gt
	case expr.Le:
		return expr.Ge
	case expr.Gt:
		return expr.Lt
	case expr.Ge:
		return expr.Le
	}
	return op
}

// narrowed compares e with a constant in e's type, or returns the comparison as it was.
func narrowed(was *expr.Compare, op expr.Op, e, constant expr.Expr) expr.Expr {
	whole, exactly, ok := floor(constant)
	if !ok {
		return was
	}
	if !exactly { // whole < constant < whole + 1
		switch op {
		case expr.Gt, expr.Ge:
			op = expr.Gt
		case expr.Lt, expr.Le:
			op = expr.Le
		default:
			return was
		}
	}
	l, ok := literalOf(whole, e.Type())
	if !ok {
		return was
	}
	return &expr.Compare{Op: op, L: e, R: l}
}

func narrowIn(x *expr.In) expr.Expr {
	arg, ok := widened(x.Arg)
	if !ok {
		return x
	}
	list := make([]expr.Expr, len(x.List))
	for i, e := range x.List {
		whole, exactly, ok := floor(e)
		if !ok || !exactly {
			return x
		}
		if list[i], ok = literalOf(whole, arg.Type()); !ok {
			return x
		}
	}
	return &expr.In{Arg: arg, List: list, Negated: x.Negated}
}

// floor returns the greatest whole number that is not above a constant, and whether
// it is the constant; false where e is none.
func floor(e expr.Expr) (whole *big.Int, exactly, ok bool) {
	l, ok := e.(*expr.Literal)
	if !ok {
		return nil, false, false
	}
	switch v := l.Value.(type) {
	case int64:
		return big.NewInt(v), true, l.T.IsInteger()
	case uint64:
		return new(big.Int).SetUint64(v), true, l.T.IsInteger()
	case types.DecimalValue:
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(l.T.Scale)), nil)
		whole, rest := new(big.Int).DivMod(v.BigInt(), unit, new(big.Int))
		return whole, rest.Sign() == 0, true
	}
	return nil, false, false
}

// literalOf returns a whole number as a constant of an integer type, false where it
// is beyond the type.
func literalOf(v *big.Int, t types.Type) (expr.Expr, bool) {
	if t.IsUnsigned() {
		top := map[types.Kind]uint64{types.UTinyInt: math.MaxUint8, types.USmallInt: math.MaxUint16, types.UInt: math.MaxUint32, types.UBigInt: math.MaxUint64}[t.Kind]
		if !v.IsUint64() || v.Uint64() > top {
			return nil, false
		}
		return &expr.Literal{T: t, Value: v.Uint64()}, true
	}
	top := map[types.Kind]int64{types.TinyInt: math.MaxInt8, types.SmallInt: math.MaxInt16, types.Int: math.MaxInt32, types.BigInt: math.MaxInt64}[t.Kind]
	if !v.IsInt64() || v.Int64() > top || v.Int64() < -top-1 {
		return nil, false
	}
	return &expr.Literal{T: t, Value: v.Int64()}, true
}
