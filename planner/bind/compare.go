package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

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
	if jsonPair(l.Type(), r.Type()) {
		l, err := b.jsonKey(l, n)
		if err != nil {
			return nil, nil, err
		}
		r, err := b.jsonKey(r, n)
		return l, r, err
	}
	var err error
	if l, r, err = b.textLiterals(l, r, n); err != nil {
		return nil, nil, err
	}
	t, ok := types.Comparable(l.Type(), r.Type())
	if !ok {
		return nil, nil, textHint(b.m.Errorf(n, "%s cannot be compared with %s", l.Type(), r.Type()), l, r)
	}
	if t.Kind == types.Null {
		t = types.Of(types.BigInt)
	}
	for _, e := range []expr.Expr{l, r} {
		if err := b.readsClock(e, t, n); err != nil {
			return nil, nil, err
		}
	}
	return expr.NewCast(l, t), expr.NewCast(r, t), nil
}

// textHint advises to convert the one of two operands that is a text.
func textHint(err *sql.Error, l, r expr.Expr) error {
	if !l.Type().IsText() {
		l, r = r, l
	}
	to := r.Type()
	if !l.Type().IsText() || to.IsText() {
		return err
	}
	if to.IsInteger() {
		to = types.Of(types.BigInt)
	}
	return err.WithHint("convert the text: CAST(%s AS %s)", l, to)
}

// argumentHint advises to convert the first argument that is a text, as a number may
// be wanted.
func argumentHint(err *sql.Error, args []expr.Expr) error {
	for _, a := range args {
		if a.Type().IsText() {
			return err.WithHint("where a number is wanted convert the text: CAST(%s AS BIGINT)", a)
		}
	}
	return err
}

// parameterHint advises to convert the first argument that is a text where an overload
// takes something else.
func parameterHint(err *sql.Error, f *function.Scalar, args []expr.Expr) error {
	for _, o := range f.Overloads {
		if len(o.Args) != len(args) {
			continue
		}
		for i, a := range args {
			to := o.Args[i].Type
			switch {
			case !a.Type().IsText() || to.IsText() || to.Kind == types.Null:
			case to.IsNumeric():
				return argumentHint(err, args[i:])
			default:
				return err.WithHint("convert the text: CAST(%s AS %s)", a, to)
			}
		}
	}
	return err
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
			to = beside // its zone, where it has one
			to.Precision = types.MaxFraction
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
		return b.inSubquery(x)
	}
	if isRow(x.Expr) || isSubquery(x.Expr) && slices.ContainsFunc(x.List, isRow) {
		return b.inRows(x)
	}
	arg, err := b.expr(x.Expr)
	if err != nil {
		return nil, err
	}
	list, err := b.exprs(x.List)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(append([]expr.Expr{arg}, list...), func(e expr.Expr) bool { return e.Type().Kind == types.JSON }) {
		return b.jsonMembership(arg, list, x)
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
