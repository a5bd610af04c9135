package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

func (b *binding) arith(op expr.Op, l, r expr.Expr, n ast.Node) (expr.Expr, error) {
	if l.Type().Kind == types.Interval || r.Type().Kind == types.Interval {
		return b.timeArith(op, l, r, n)
	}
	if l.Type().Kind == types.Null && r.Type().IsText() {
		l = &expr.Literal{T: types.Of(types.BigInt)} // NULL is a number here, and the text becomes one
	}
	if r.Type().Kind == types.Null && l.Type().IsText() {
		r = &expr.Literal{T: types.Of(types.BigInt)}
	}
	l, r, err := b.textLiterals(l, r, n)
	if err != nil {
		return nil, err
	}
	if l.Type().IsTemporal() || r.Type().IsTemporal() {
		return nil, b.m.Errorf(n, "%s %s %s is not defined", l.Type(), op, r.Type()).
			WithHint("add an INTERVAL, or take the difference with timestampdiff(unit, from, to)")
	}
	lt, rt, t, ok := types.Arithmetic(types.ArithOp(op-expr.Add), l.Type(), r.Type())
	if !ok {
		err := b.m.Errorf(n, "%s %s %s is not defined", l.Type(), op, r.Type())
		if op == expr.Add && l.Type().IsText() && r.Type().IsText() {
			return nil, err.WithHint("to join texts write concat(%s, %s)", l, r)
		}
		return nil, textHint(err, l, r)
	}
	return &expr.Arith{Op: op, L: carried(l, lt), R: carried(r, rt), T: t}, nil
}

// timeArith is a point in time plus or minus an interval.
func (b *binding) timeArith(op expr.Op, l, r expr.Expr, n ast.Node) (expr.Expr, error) {
	if l.Type().Kind == types.Interval && op == expr.Add {
		l, r = r, l
	}
	if r.Type().Kind != types.Interval || op != expr.Add && op != expr.Sub {
		return nil, b.m.Errorf(n, "an INTERVAL is added to a time or taken from it")
	}
	if lit, ok := l.(*expr.Literal); ok && lit.T.Kind == types.Varchar && lit.Value != nil {
		as := spelledType(strings.TrimSpace(lit.Value.(string)))
		if !as.IsTemporal() {
			as = types.Of(types.Timestamp)
		}
		c, err := b.argument(lit, as, n)
		if err != nil {
			return nil, err
		}
		l = c
	}
	if span, ok := r.(*variableSpan); ok {
		return b.addSpan(op, l, span, n)
	}
	t := l.Type()
	clock := false
	if span, ok := r.(*fixedSpan); ok {
		clock, r = span.clock, span.Expr
	}
	switch {
	case t.Kind == types.Time && !inMonths(r):
	case t.Kind == types.Time:
		return nil, b.m.Errorf(n, "months are not added to a TIME")
	case t.Kind == types.Date && (clock || !wholeUnits(r, types.MicrosPerDay)):
		t = types.TimestampOf(0)
	case t.Kind == types.Date, t.Kind == types.Timestamp:
	case t.Kind == types.Null:
		t = types.Of(types.Timestamp)
	default:
		return nil, b.m.Errorf(n, "an INTERVAL is added to a DATE, TIME or TIMESTAMP, not to a %s", t)
	}
	if t.Kind != types.Date && !wholeUnits(r, types.MicrosPerSecond) {
		t.Precision = types.MaxFraction
	}
	l = expr.NewCast(l, t)
	return &expr.Arith{Op: op, L: l, R: r, T: t}, nil
}

func (b *binding) unary(x *ast.UnaryOperationExpr) (expr.Expr, error) {
	switch x.Op {
	case opcode.Not, opcode.Not2:
		e, err := b.condition(x.V)
		return &expr.Not{Arg: e}, err
	case opcode.Plus:
		return b.expr(x.V)
	case opcode.Minus:
		if l, ok := negativeLiteral(x.V); ok {
			return l, nil
		}
	}
	e, err := b.expr(x.V)
	if err != nil {
		return nil, err
	}
	if x.Op == opcode.BitNeg {
		e, err := b.bits(e, x, "~")
		return &expr.BitNot{Arg: e}, err
	}
	if e, err = b.fromText(e, types.Of(types.BigInt), x); err != nil {
		return nil, err
	}
	t, _, _, ok := types.Arithmetic(types.OpSub, e.Type(), e.Type())
	if !ok {
		return nil, textHint(b.m.Errorf(x, "- takes a number, not %s", e.Type()), e, &expr.Literal{T: types.Of(types.BigInt)})
	}
	if t.Kind == types.UBigInt {
		t = types.DecimalOf(20, 0)
	}
	return &expr.Neg{Arg: expr.NewCast(e, t)}, nil
}

// bits converts an operand to the 64 bits that an operator works on.
func (b *binding) bits(e expr.Expr, n ast.Node, op string) (expr.Expr, error) {
	e, err := b.fromText(e, types.Of(types.BigInt), n)
	if err != nil {
		return nil, err
	}
	switch t := e.Type(); {
	case t.IsUnsigned():
		return expr.NewCast(e, types.Of(types.UBigInt)), nil
	case t.IsNumeric(), t.Kind == types.Boolean, t.Kind == types.Null:
		return expr.NewCast(e, types.Of(types.BigInt)), nil
	}
	return nil, textHint(b.m.Errorf(n, "%s takes whole numbers, not %s", op, e.Type()), e, &expr.Literal{T: types.Of(types.BigInt)})
}
