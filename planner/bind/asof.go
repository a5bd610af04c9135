package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// asofCall returns the call that stands for the condition of an ASOF JOIN, nil for any
// other join.
func asofCall(x *ast.Join) *ast.FuncCallExpr {
	if x.On == nil {
		return nil
	}
	call, ok := x.On.Expr.(*ast.FuncCallExpr)
	if !ok || call.FnName.L != sql.MarkerAsof {
		return nil
	}
	return call
}

// An asofClause binds the conditions of an ASOF JOIN: one compares the times of both
// sides, the others are equalities of them.
type asofClause struct {
	*fromClause
	join  *logical.Join // its sides; On gets the equalities
	in    *scope        // of both
	match *expr.Compare
}

const asofHint = "one condition compares the times of both sides by >=, >, <= or <, all others are equalities between them; filter a side in a subquery in its place"

// asof binds l ASOF JOIN r.
func (f *fromClause) asof(call *ast.FuncCallExpr, j *logical.Join, ls, rs *scope) (logical.Node, *scope, error) {
	a := &asofClause{fromClause: f, join: j, in: ls.beside(rs)}
	if v, ok := call.Args[0].(ast.ValueExpr); !ok || v.GetValue() != nil {
		if err := a.time(call.Args[0]); err != nil {
			return nil, nil, err
		}
	}
	var names []string
	for _, x := range call.Args[1:] {
		if v, ok := x.(ast.ValueExpr); ok {
			if name, ok := sql.LiteralValue(v).(string); ok {
				names = append(names, name)
				continue
			}
		}
		if err := a.conditions(x); err != nil {
			return nil, nil, err
		}
	}
	if a.match == nil {
		return nil, nil, f.m.Errorf(call, "ASOF JOIN needs a comparison of times among its conditions").
			WithHint("write MATCH_CONDITION (l.ts >= r.ts) right behind its table, and then ON or USING")
	}
	if names == nil {
		return a.node(len(ls.fields)), a.in.over(j.Schema()), nil
	}
	pairs, err := f.using(j, ls, rs, names)
	if err != nil {
		return nil, nil, err
	}
	_, sc := f.merge(j, a.in.over(j.Schema()), pairs)
	return a.node(len(ls.fields)), sc, nil
}

// conditions binds a condition of ON, each part of an AND by itself.
func (a *asofClause) conditions(n ast.ExprNode) error {
	switch x := n.(type) {
	case *ast.ParenthesesExpr:
		return a.conditions(x.Expr)
	case *ast.BinaryOperationExpr:
		if x.Op == opcode.LogicAnd {
			if err := a.conditions(x.L); err != nil {
				return err
			}
			return a.conditions(x.R)
		}
	}
	c, err := a.compared(n)
	if err != nil {
		return err
	}
	if c != nil && c.Op != expr.Eq && c.Op != expr.NullSafeEq && a.match == nil {
		return a.time(n)
	}
	if c == nil || c.Op != expr.Eq && c.Op != expr.NullSafeEq {
		return a.m.Errorf(n, "ON of an ASOF JOIN cannot have this condition").WithHint(asofHint)
	}
	if a.join.On != nil {
		a.join.On = expr.AndOf(a.join.On, c)
	} else {
		a.join.On = c
	}
	return nil
}

// compared binds a comparison of the sides; nil where it is something else.
func (a *asofClause) compared(n ast.ExprNode) (*expr.Compare, error) {
	e, err := a.on(n, a.in)
	if err != nil {
		return nil, err
	}
	c, ok := e.(*expr.Compare)
	if !ok || c.Op == expr.Ne || logical.HasSubquery(e) || expr.Stability(e) != 0 {
		return nil, nil
	}
	eq := *c // the sides of any comparison are those of an equality
	eq.Op = expr.NullSafeEq
	keys, _ := logical.DivideEqui(&eq, len(a.in.fields)-a.right())
	if len(keys) == 0 {
		return nil, nil
	}
	return c, nil
}

func (a *asofClause) right() int { return a.join.Right.Schema().Len() }

// time binds the comparison of times.
func (a *asofClause) time(n ast.ExprNode) error {
	c, err := a.compared(n)
	if err != nil {
		return err
	}
	if c == nil || c.Op == expr.Eq || c.Op == expr.NullSafeEq {
		return a.m.Errorf(n, "MATCH_CONDITION cannot be this condition").
			WithHint("it compares a time of the left side with one of the right: l.ts >= r.ts, >, <= or <")
	}
	a.match = c
	return nil
}

// turned are comparisons with their sides exchanged.
var turned = map[expr.Op]expr.Op{expr.Ge: expr.Le, expr.Gt: expr.Lt, expr.Le: expr.Ge, expr.Lt: expr.Gt}

// node makes columns of what is compared, and the join over them. What the sides gain is
// left out above it.
func (a *asofClause) node(width int) logical.Node {
	j := a.join
	out := &logical.Asof{Outer: j.Kind == logical.Left, Op: a.match.Op}
	left, right := besideAll(j.Left), besideAll(j.Right)
	keys, _ := logical.DivideEqui(j.On, width)
	for _, k := range keys {
		out.Keys = append(out.Keys, logical.MatchKey{Left: columnIn(left, k.Left), Right: columnIn(right, k.Right), NullSafe: k.NullSafe})
	}
	eq := *a.match
	eq.Op = expr.NullSafeEq
	times, _ := logical.DivideEqui(&eq, width)
	if times[0].Left != a.match.L {
		out.Op = turned[out.Op]
	}
	out.LeftTime, out.RightTime = columnIn(left, times[0].Left), columnIn(right, times[0].Right)
	out.Left, out.Right = grownOr(left, j.Left), grownOr(right, j.Right)
	return ownColumns(out, j, out.Left.Schema().Len())
}

// besideAll is a projection of all columns of a plan, to which others can be added.
func besideAll(n logical.Node) *logical.Project {
	p := &logical.Project{Input: n}
	for i, f := range n.Schema().Fields {
		p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Field: f}), append(p.Names, f.Name)
	}
	return p
}

// columnIn is the column of a projection that is an expression, added where it is none of
// those there are.
func columnIn(p *logical.Project, e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, e.String())
	return len(p.Exprs) - 1
}

// grownOr is a projection that was added to, else what it is of.
func grownOr(p *logical.Project, n logical.Node) logical.Node {
	if len(p.Exprs) == n.Schema().Len() {
		return n
	}
	return p
}
