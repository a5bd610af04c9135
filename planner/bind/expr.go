package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A binding binds one expression.
type binding struct {
	*session
	in        *scope
	aggregate func(*binding, *ast.AggregateFuncExpr, ast.ExprNode) (expr.Expr, error) // nil where none is allowed
	alias     func(*ast.ColumnNameExpr) expr.Expr                                     // may be nil
	clause    string                                                                  // where the expression stands, for messages
}

// scalar binds an expression without aggregates.
func (s *session) scalar(n ast.ExprNode, in *scope, clause string) (expr.Expr, error) {
	b := &binding{session: s, in: in, clause: clause}
	return b.expr(n)
}

func (s *session) bindExpr(n ast.ExprNode, in *scope, agg func(*binding, *ast.AggregateFuncExpr, ast.ExprNode) (expr.Expr, error), alias func(*ast.ColumnNameExpr) expr.Expr) (expr.Expr, error) {
	b := &binding{session: s, in: in, aggregate: agg, alias: alias}
	return b.expr(n)
}

func (b *binding) expr(n ast.ExprNode) (expr.Expr, error) {
	switch x := n.(type) {
	case *ast.ParenthesesExpr:
		return b.expr(x.Expr)
	case *ast.ColumnNameExpr:
		if b.alias != nil {
			if e := b.alias(x); e != nil {
				return e, nil
			}
		}
		return b.column(x, b.in)
	case ast.ParamMarkerExpr:
		return nil, b.notYet(n, "a parameter (?)")
	case ast.ValueExpr:
		return b.literal(x)
	case *ast.BinaryOperationExpr:
		return b.binary(x)
	case *ast.UnaryOperationExpr:
		return b.unary(x)
	case *ast.IsNullExpr:
		arg, err := b.expr(x.Expr)
		return &expr.IsNull{Arg: arg, Negated: x.Not}, err
	case *ast.IsTruthExpr:
		arg, err := b.condition(x.Expr)
		return &expr.IsTruth{Arg: arg, Want: x.True != 0, Negated: x.Not}, err
	case *ast.BetweenExpr:
		return b.between(x)
	case *ast.PatternInExpr:
		return b.membership(x)
	case *ast.PatternLikeOrIlikeExpr:
		return b.like(x)
	case *ast.PatternRegexpExpr:
		return b.regexp(x)
	case *ast.CaseExpr:
		return b.caseExpr(x)
	case *ast.FuncCallExpr:
		return b.call(x)
	case *ast.AggregateFuncExpr:
		return b.aggregateCall(x, nil)
	case *ast.WindowFuncExpr:
		return nil, b.notYet(n, "OVER")
	case *ast.SubqueryExpr, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		return nil, b.notYet(n, "a subquery in an expression")
	case *ast.RowExpr:
		return nil, b.notYet(n, "a row of values")
	case *ast.FuncCastExpr:
		return nil, b.m.Errorf(n, "CONVERT and BINARY are not supported; write CAST(x AS type)")
	case *ast.VariableExpr:
		return nil, b.notYet(n, "a variable")
	}
	return nil, b.notYet(n, "this expression")
}

func (b *binding) exprs(ns []ast.ExprNode) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(ns))
	for i, n := range ns {
		e, err := b.expr(n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (b *binding) aggregateCall(x *ast.AggregateFuncExpr, filter ast.ExprNode) (expr.Expr, error) {
	if b.aggregate == nil {
		if b.clause == "" {
			return nil, b.m.Errorf(x, "an aggregate cannot stand inside another one")
		}
		return nil, b.m.Errorf(x, "%s cannot hold an aggregate", b.clause)
	}
	return b.aggregate(b, x, filter)
}

// condition binds an expression that is to be true or false.
func (b *binding) condition(n ast.ExprNode) (expr.Expr, error) {
	e, err := b.expr(n)
	if err != nil {
		return nil, err
	}
	return b.truth(e, n)
}

// truth makes a condition of a value: a number is true where it is not zero.
func (s *session) truth(e expr.Expr, n ast.Node) (expr.Expr, error) {
	t := e.Type()
	switch {
	case t.Kind == types.Boolean:
		return e, nil
	case t.Kind == types.Null || t.IsNumeric():
		return expr.NewCast(e, types.Of(types.Boolean)), nil
	}
	return nil, s.m.Errorf(n, "a condition is expected here, not a %s", t)
}

var comparisons = map[opcode.Op]expr.Op{
	opcode.EQ: expr.Eq, opcode.NE: expr.Ne, opcode.LT: expr.Lt, opcode.LE: expr.Le, opcode.GT: expr.Gt, opcode.GE: expr.Ge,
	opcode.NullEQ: expr.NullSafeEq,
}

var arithmetic = map[opcode.Op]expr.Op{
	opcode.Plus: expr.Add, opcode.Minus: expr.Sub, opcode.Mul: expr.Mul, opcode.Div: expr.Div, opcode.IntDiv: expr.IntDiv, opcode.Mod: expr.Mod,
}

var bitwise = map[opcode.Op]expr.Op{
	opcode.And: expr.BitAnd, opcode.Or: expr.BitOr, opcode.Xor: expr.BitXor, opcode.LeftShift: expr.ShiftLeft, opcode.RightShift: expr.ShiftRight,
}

func (b *binding) binary(x *ast.BinaryOperationExpr) (expr.Expr, error) {
	switch x.Op {
	case opcode.LogicAnd, opcode.LogicOr, opcode.LogicXor:
		return b.logic(x)
	}
	l, err := b.expr(x.L)
	if err != nil {
		return nil, err
	}
	r, err := b.expr(x.R)
	if err != nil {
		return nil, err
	}
	if op, ok := comparisons[x.Op]; ok {
		return b.compare(op, l, r, x)
	}
	if op, ok := bitwise[x.Op]; ok {
		u := types.Of(types.UBigInt)
		for _, e := range []expr.Expr{l, r} {
			if !e.Type().IsNumeric() && e.Type().Kind != types.Null && e.Type().Kind != types.Boolean {
				return nil, b.m.Errorf(x, "%s takes whole numbers, not %s", op, e.Type())
			}
		}
		return &expr.Arith{Op: op, L: expr.NewCast(l, u), R: expr.NewCast(r, u), T: u}, nil
	}
	op, ok := arithmetic[x.Op]
	if !ok {
		return nil, b.notYet(x, "this operator")
	}
	return b.arith(op, l, r, x)
}

func (b *binding) logic(x *ast.BinaryOperationExpr) (expr.Expr, error) {
	l, err := b.condition(x.L)
	if err != nil {
		return nil, err
	}
	r, err := b.condition(x.R)
	if err != nil {
		return nil, err
	}
	switch x.Op {
	case opcode.LogicAnd:
		return expr.AndOf(l, r), nil
	case opcode.LogicOr:
		args := []expr.Expr{l}
		if o, ok := l.(*expr.Or); ok {
			args = append([]expr.Expr(nil), o.Args...)
		}
		return &expr.Or{Args: append(args, r)}, nil
	}
	return &expr.Compare{Op: expr.Ne, L: l, R: r}, nil
}

// compare converts both sides to the type they are compared in.
func (b *binding) compare(op expr.Op, l, r expr.Expr, n ast.Node) (expr.Expr, error) {
	l, r, err := b.together(l, r, n)
	if err != nil {
		return nil, err
	}
	return &expr.Compare{Op: op, L: l, R: r}, nil
}

// together converts two values to one type. A text that is written in the query is
// converted once, here; a column of texts has to be cast by the user.
func (b *binding) together(l, r expr.Expr, n ast.Node) (expr.Expr, expr.Expr, error) {
	var err error
	if l, r, err = b.textLiterals(l, r, n); err != nil {
		return nil, nil, err
	}
	t, ok := types.Comparable(l.Type(), r.Type())
	if !ok {
		e := b.m.Errorf(n, "%s cannot be compared with %s", l.Type(), r.Type())
		if l.Type().IsText() || r.Type().IsText() {
			return nil, nil, e.WithHint("convert the text: CAST(%s AS …)", textOf(l, r))
		}
		return nil, nil, e
	}
	if t.Kind == types.Null {
		t = types.Of(types.BigInt)
	}
	return expr.NewCast(l, t), expr.NewCast(r, t), nil
}

func textOf(l, r expr.Expr) string {
	if l.Type().IsText() {
		return l.String()
	}
	return r.String()
}

func (b *binding) textLiterals(l, r expr.Expr, n ast.Node) (expr.Expr, expr.Expr, error) {
	r2, err := b.fromText(r, l.Type(), n)
	if err != nil {
		return nil, nil, err
	}
	l2, err := b.fromText(l, r.Type(), n)
	return l2, r2, err
}

// fromText converts a text literal to what it stands beside: a number, a time or a
// truth value.
func (b *binding) fromText(e expr.Expr, beside types.Type, n ast.Node) (expr.Expr, error) {
	lit, ok := e.(*expr.Literal)
	if !ok || lit.T.Kind != types.Varchar || lit.Value == nil {
		return e, nil
	}
	to := beside
	switch {
	case beside.IsTemporal():
		if beside.Kind != types.Time && len(strings.TrimSpace(lit.Value.(string))) > len("2006-01-02") {
			to = types.Of(types.Timestamp)
		}
		if beside.Kind == types.Timestamp {
			to = types.Of(types.Timestamp)
		}
	case beside.IsFloat():
		to = types.Of(types.Double)
	case beside.IsNumeric():
		return b.numberText(lit, n)
	case beside.Kind == types.Boolean:
	default:
		return e, nil
	}
	out, err := expr.EvalConst(&expr.Cast{Arg: lit, To: to})
	if err != nil {
		return nil, b.m.Errorf(n, "%s is not a %s", lit, to.Kind)
	}
	return out, nil
}

// numberText reads a text literal as the exact number it spells.
func (b *binding) numberText(lit *expr.Literal, n ast.Node) (expr.Expr, error) {
	text := strings.TrimSpace(lit.Value.(string))
	if l, ok := numberLiteral(text); ok {
		return l, nil
	}
	return nil, b.m.Errorf(n, "%s is not a number", lit)
}

func (b *binding) arith(op expr.Op, l, r expr.Expr, n ast.Node) (expr.Expr, error) {
	if l.Type().Kind == types.Interval || r.Type().Kind == types.Interval {
		return b.timeArith(op, l, r, n)
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
		e := b.m.Errorf(n, "%s %s %s is not defined", l.Type(), op, r.Type())
		if l.Type().IsText() || r.Type().IsText() {
			e = e.WithHint("convert the text: CAST(%s AS …); to join texts write concat(…) or ||", textOf(l, r))
		}
		return nil, e
	}
	return &expr.Arith{Op: op, L: expr.NewCast(l, lt), R: expr.NewCast(r, rt), T: t}, nil
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
		if as.Kind != types.Date && as.Kind != types.Timestamp {
			as = types.Of(types.Timestamp)
		}
		c, err := b.argument(lit, as, n)
		if err != nil {
			return nil, err
		}
		l = c
	}
	t := l.Type()
	switch {
	case t.Kind == types.Date && !wholeUnits(r, types.MicrosPerDay):
		t = types.TimestampOf(0)
	case t.Kind == types.Date, t.Kind == types.Timestamp:
	case t.Kind == types.Null:
		t = types.Of(types.Timestamp)
	default:
		return nil, b.m.Errorf(n, "an INTERVAL is added to a DATE or TIMESTAMP, not to a %s", t)
	}
	if t.Kind == types.Timestamp && !wholeUnits(r, types.MicrosPerSecond) {
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
		return &expr.BitNot{Arg: expr.NewCast(e, types.Of(types.UBigInt))}, nil
	}
	if e, err = b.fromText(e, types.Of(types.BigInt), x); err != nil {
		return nil, err
	}
	t, _, _, ok := types.Arithmetic(types.OpSub, e.Type(), e.Type())
	if !ok {
		return nil, b.m.Errorf(x, "- takes a number, not %s", e.Type())
	}
	if t.Kind == types.UBigInt {
		t = types.DecimalOf(20, 0)
	}
	return &expr.Neg{Arg: expr.NewCast(e, t)}, nil
}

func (b *binding) between(x *ast.BetweenExpr) (expr.Expr, error) {
	es, err := b.exprs([]ast.ExprNode{x.Expr, x.Left, x.Right})
	if err != nil {
		return nil, err
	}
	low, err := b.compare(expr.Ge, es[0], es[1], x)
	if err != nil {
		return nil, err
	}
	high, err := b.compare(expr.Le, es[0], es[2], x)
	if err != nil {
		return nil, err
	}
	both := expr.AndOf(low, high)
	if x.Not {
		return &expr.Not{Arg: both}, nil
	}
	return both, nil
}

func (b *binding) membership(x *ast.PatternInExpr) (expr.Expr, error) {
	if x.Sel != nil {
		return nil, b.notYet(x.Sel, "IN (SELECT …)")
	}
	arg, err := b.expr(x.Expr)
	if err != nil {
		return nil, err
	}
	list, err := b.exprs(x.List)
	if err != nil {
		return nil, err
	}
	t := arg.Type()
	for i := range list {
		var e expr.Expr
		if e, list[i], err = b.together(arg, list[i], x.List[i]); err != nil {
			return nil, err
		}
		c, ok := types.Comparable(t, e.Type())
		if !ok {
			return nil, b.m.Errorf(x.List[i], "%s cannot be compared with %s", t, e.Type())
		}
		t = c
	}
	if arg, err = b.fromText(arg, t, x); err != nil {
		return nil, err
	}
	for i := range list {
		list[i] = constant(expr.NewCast(list[i], t))
	}
	return &expr.In{Arg: expr.NewCast(arg, t), List: list, Negated: x.Not}, nil
}

// constant computes a conversion of a literal, so that a list is one of literals.
func constant(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Cast); ok {
		if _, ok := c.Arg.(*expr.Literal); ok {
			if l, err := expr.EvalConst(e); err == nil {
				return l
			}
		}
	}
	return e
}

func (b *binding) like(x *ast.PatternLikeOrIlikeExpr) (expr.Expr, error) {
	es, err := b.exprs([]ast.ExprNode{x.Expr, x.Pattern})
	if err != nil {
		return nil, err
	}
	for i, e := range es {
		if es[i], err = b.text(e, x); err != nil {
			return nil, err
		}
	}
	return &expr.Like{Arg: es[0], Pattern: es[1], Escape: x.Escape, Fold: !x.IsLike, Negated: x.Not}, nil
}

// text converts a value to text where that needs no CAST.
func (b *binding) text(e expr.Expr, n ast.Node) (expr.Expr, error) {
	t := e.Type()
	if t.Kind == types.Varchar {
		return e, nil
	}
	if t.IsNested() || t.Kind == types.Binary || t.Kind == types.Interval {
		return nil, b.m.Errorf(n, "a text is expected here, not a %s", t)
	}
	return expr.NewCast(e, types.Of(types.Varchar)), nil
}

func (b *binding) regexp(x *ast.PatternRegexpExpr) (expr.Expr, error) {
	es, err := b.exprs([]ast.ExprNode{x.Expr, x.Pattern})
	if err != nil {
		return nil, err
	}
	for i, e := range es {
		if es[i], err = b.text(e, x); err != nil {
			return nil, err
		}
	}
	return &expr.Regexp{Arg: es[0], Pattern: es[1], Negated: x.Not}, nil
}

func (b *binding) caseExpr(x *ast.CaseExpr) (expr.Expr, error) {
	out := &expr.Case{}
	for _, w := range x.WhenClauses {
		var cond expr.Expr
		var err error
		if x.Value != nil {
			var es []expr.Expr
			if es, err = b.exprs([]ast.ExprNode{x.Value, w.Expr}); err == nil {
				cond, err = b.compare(expr.Eq, es[0], es[1], w.Expr)
			}
		} else {
			cond, err = b.condition(w.Expr)
		}
		if err != nil {
			return nil, err
		}
		then, err := b.expr(w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond, Then: then})
	}
	if x.ElseClause != nil {
		e, err := b.expr(x.ElseClause)
		if err != nil {
			return nil, err
		}
		out.Else = e
	}
	return b.finishCase(out, x)
}

// finishCase converts the branches to their common type.
func (b *binding) finishCase(c *expr.Case, n ast.Node) (expr.Expr, error) {
	ts := make([]types.Type, 0, len(c.Whens)+1)
	for _, w := range c.Whens {
		ts = append(ts, w.Then.Type())
	}
	if c.Else != nil {
		ts = append(ts, c.Else.Type())
	}
	t, ok := types.Common(ts...)
	if !ok {
		return nil, b.m.Errorf(n, "the branches are of types that do not go together: %s", typeList(ts))
	}
	if t.Kind == types.Null {
		t = types.Of(types.Varchar)
	}
	c.T = t
	for i := range c.Whens {
		c.Whens[i].Then = expr.NewCast(c.Whens[i].Then, t)
	}
	if c.Else != nil {
		c.Else = expr.NewCast(c.Else, t)
	}
	return c, nil
}

func typeList(ts []types.Type) string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = t.String()
	}
	return strings.Join(parts, ", ")
}
