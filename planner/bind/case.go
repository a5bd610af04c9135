package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

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
	if t.Kind == types.Null { // NULL, whatever the conditions are
		if !expr.CanFail(c) {
			return &expr.Literal{T: t}, nil
		}
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

// conditional writes IF, IFNULL, COALESCE and NULLIF as CASE.
func (b *binding) conditional(x *ast.FuncCallExpr) (expr.Expr, error) {
	name := x.FnName.L
	want := map[string]int{"if": 3, "ifnull": 2, "nvl": 2, "nullif": 2}[name]
	if want > 0 && len(x.Args) != want || len(x.Args) == 0 {
		return nil, b.m.Errorf(x, "%s takes %d arguments, not %d", name, max(want, 1), len(x.Args))
	}
	if name == "if" {
		cond, err := b.condition(x.Args[0])
		if err != nil {
			return nil, err
		}
		es, err := b.exprs(x.Args[1:])
		if err != nil {
			return nil, err
		}
		return b.finishCase(&expr.Case{Whens: []expr.When{{Cond: cond, Then: es[0]}}, Else: es[1]}, x)
	}
	es, err := b.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	if name == "nullif" {
		eq, err := b.compare(expr.Eq, es[0], es[1], x)
		if err != nil {
			return nil, err
		}
		return b.finishCase(&expr.Case{
			Whens: []expr.When{{Cond: eq, Then: &expr.Literal{T: es[0].Type()}}}, Else: es[0],
		}, x)
	}
	if len(es) == 1 {
		return es[0], nil
	}
	c := &expr.Case{Else: es[len(es)-1]}
	for _, e := range es[:len(es)-1] {
		c.Whens = append(c.Whens, expr.When{Cond: &expr.IsNull{Arg: e, Negated: true}, Then: e})
	}
	return b.finishCase(c, x)
}
