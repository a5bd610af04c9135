package bind

import (
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
	alias     func(*ast.ColumnNameExpr) (expr.Expr, error)                            // what a bare name means before the scope is asked; nil for nothing
	windows   *selection                                                              // whose window functions may stand here; nil where none may
	clause    string                                                                  // where the expression stands, for messages
	inArith   bool                                                                    // within an operand of + - * / DIV %, or what is rounded
}

// scalar binds an expression without aggregates.
func (s *session) scalar(n ast.ExprNode, in *scope, clause string) (expr.Expr, error) {
	b := &binding{session: s, in: in, clause: clause}
	return b.expr(n)
}

func (s *session) bindExpr(n ast.ExprNode, in *scope, agg func(*binding, *ast.AggregateFuncExpr, ast.ExprNode) (expr.Expr, error), alias func(*ast.ColumnNameExpr) (expr.Expr, error)) (expr.Expr, error) {
	b := &binding{session: s, in: in, aggregate: agg, alias: alias}
	return b.expr(n)
}

func (b *binding) expr(n ast.ExprNode) (expr.Expr, error) {
	switch x := n.(type) {
	case *ast.ParenthesesExpr:
		return b.expr(x.Expr)
	case *ast.ColumnNameExpr:
		if b.alias != nil {
			if e, err := b.alias(x); e != nil || err != nil {
				return e, err
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
		return b.over(x, nil)
	case *ast.ValuesExpr:
		return b.valuesOf(x)
	case *ast.SubqueryExpr:
		return b.scalarSubquery(x)
	case *ast.ExistsSubqueryExpr:
		return b.exists(x)
	case *ast.CompareSubqueryExpr:
		return b.compareSubquery(x)
	case *ast.RowExpr:
		return b.function("row", x.Values, x)
	case *ast.FuncCastExpr:
		return nil, b.m.Errorf(n, "CONVERT and BINARY are not supported").WithHint("write CAST(x AS type)")
	}
	return nil, b.notYet(n, construct(n))
}

// construct names an expression that is not built.
func construct(n ast.ExprNode) string {
	switch n.(type) {
	case *ast.RowExpr:
		return "a row of values"
	case *ast.VariableExpr:
		return "a variable"
	case *ast.SetCollationExpr:
		return "COLLATE"
	case *ast.DefaultExpr:
		return "DEFAULT(…)"
	case *ast.MatchAgainst:
		return "MATCH … AGAINST"
	}
	return "this expression"
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
	err := s.m.Errorf(n, "a condition is expected here, not a %s", t)
	if t.IsText() {
		return nil, err.WithHint("compare it, as in %s <> ''", e)
	}
	return nil, err
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
	if op, ok := comparisons[x.Op]; ok && (isRow(x.L) || isRow(x.R) || isSubquery(x.L) && isSubquery(x.R)) {
		return b.compareRows(op, x)
	}
	bind := b.expr
	if x.Op == opcode.Plus || x.Op == opcode.Minus {
		bind = b.operand
	}
	if _, ok := arithmetic[x.Op]; ok {
		defer b.computing()()
	}
	l, err := bind(x.L)
	if err != nil {
		return nil, err
	}
	r, err := bind(x.R)
	if err != nil {
		return nil, err
	}
	if op, ok := comparisons[x.Op]; ok {
		return b.compare(op, l, r, x)
	}
	if op, ok := bitwise[x.Op]; ok {
		for _, e := range []*expr.Expr{&l, &r} {
			if *e, err = b.bits(*e, x, op.String()); err != nil {
				return nil, err
			}
		}
		return &expr.Arith{Op: op, L: l, R: r, T: types.Of(types.UBigInt)}, nil
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
