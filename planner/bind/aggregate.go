package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

func (b *binding) aggregateCall(x *ast.AggregateFuncExpr, filter ast.ExprNode) (expr.Expr, error) {
	if b.aggregate == nil {
		if b.clause == "" {
			return nil, b.m.Errorf(x, "an aggregate cannot stand inside another one")
		}
		return nil, b.m.Errorf(x, "%s cannot hold an aggregate", b.clause)
	}
	return b.aggregate(b, x, filter)
}

// userAggregate binds an aggregate that the grammar takes for a plain function: what it
// does not know among the arguments comes as calls.
func (b *binding) userAggregate(name string, nodes []ast.ExprNode, n ast.Node, filter ast.ExprNode) (expr.Expr, error) {
	x := &ast.AggregateFuncExpr{F: name}
	x.SetOriginTextPosition(n.OriginTextPosition())
	x.Args, x.Distinct, x.Order = ownArguments(nodes)
	return b.aggregateCall(x, filter)
}

// ownArguments takes DISTINCT and ORDER BY out of the arguments of a function that the
// grammar does not know.
func ownArguments(nodes []ast.ExprNode) (args []ast.ExprNode, distinct bool, order *ast.OrderByClause) {
	for _, a := range nodes {
		f, ok := a.(*ast.FuncCallExpr)
		switch {
		case ok && f.FnName.L == sql.MarkerDistinct:
			distinct = true
			args = append(args, f.Args...)
		case ok && f.FnName.L == sql.MarkerOrder:
			if order == nil {
				order = &ast.OrderByClause{}
			}
			order.Items = append(order.Items, ownOrder(f)...)
		default:
			args = append(args, a)
		}
	}
	return args, distinct, order
}

// ownOrder makes items of ORDER BY of a MarkerOrder, as the grammar would.
func ownOrder(f *ast.FuncCallExpr) []*ast.ByItem {
	out := []*ast.ByItem{{Expr: f.Args[0]}}
	for _, a := range f.Args[1:] {
		switch w := word(a); w {
		case "FIRST", "LAST":
			out = append(out, &ast.ByItem{Expr: &ast.FuncCallExpr{FnName: ast.NewCIStr(sql.MarkerNulls), Args: []ast.ExprNode{a}}})
		default:
			out[0].Desc = w == "DESC"
		}
	}
	return out
}

// aggregate binds a call of an aggregate: a column beyond those of the input.
func (b *selection) aggregate(outer *binding, x *ast.AggregateFuncExpr, filter ast.ExprNode) (expr.Expr, error) {
	name := strings.ToLower(x.F)
	if isGrouping(name) {
		return b.grouping(x)
	}
	f, ok := b.Functions.Aggregate(name)
	if !ok {
		return nil, b.notYet(x, strings.ToUpper(name))
	}
	written := x // what ORDER BY counts its positions by
	if f.Name == "group_concat" && len(x.Args) > 2 {
		joined := *x
		joined.Args = joinedArguments(x.Args, x.Distinct, x)
		x = &joined
	}
	falls := false
	if f.Within && x.Order != nil {
		items := orderItems(x.Order)
		if len(items) != 1 {
			return nil, b.m.Errorf(x, "%s takes one expression to order by", strings.ToUpper(name))
		}
		within := *x
		within.Args, within.Order = append([]ast.ExprNode{items[0].expr}, x.Args...), nil
		x, written, falls = &within, &within, items[0].desc
	}
	in := &binding{session: b.session, in: b.in}
	if outer.alias != nil {
		in.alias = b.argumentName
	}
	args, err := in.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	if !x.Distinct {
		args = b.countRows(name, args)
	}
	if name == "avg" && outer.inArith && len(args) == 1 {
		if _, exact := types.DecimalDigits(args[0].Type()); exact {
			return b.averageQuotient(outer, x, args, filter)
		}
	}
	shown := types.Type{}
	if (name == "sum" || name == "avg") && len(args) == 1 && !x.Distinct {
		if holdsQuotient(args[0]) {
			short, err := b.boundAggregate(f, slices.Clone(args), x)
			if err != nil {
				return nil, err
			}
			shown, args[0] = short.Returns, wider(args[0])
		}
	}
	bound, err := b.boundAggregate(f, args, x)
	if err != nil {
		return nil, err
	}
	call := logical.Call{Func: f, Bind: bound, Args: args, Distinct: (x.Distinct || f.Distinct) && !f.Idempotent}
	if falls {
		call.Order = []logical.Order{{Expr: args[0], Desc: true}}
	}
	if err := b.modify(&call, in, written, filter); err != nil {
		return nil, err
	}
	at := -1
	for i, c := range b.calls {
		if sameCall(c, call) {
			at = i
		}
	}
	if at < 0 {
		at = len(b.calls)
		b.calls = append(b.calls, call)
	}
	out := &expr.Column{Index: len(b.in.fields) + at, Field: types.Field{Name: call.String(), Type: bound.Returns}}
	if shown.Kind == types.Decimal {
		return expr.NewCast(out, shown), nil
	}
	return out, nil
}

// joinedArguments makes GROUP_CONCAT(CONCAT(a, b)) of GROUP_CONCAT(a, b). The separator
// stands behind the arguments. Under DISTINCT they follow once more by themselves: 'a', 'bc'
// and 'ab', 'c' make the same text, and are two.
func joinedArguments(args []ast.ExprNode, distinct bool, at ast.Node) []ast.ExprNode {
	last := len(args) - 1
	text := &ast.FuncCallExpr{FnName: ast.NewCIStr("concat"), Args: args[:last]}
	text.SetOriginTextPosition(at.OriginTextPosition())
	out := []ast.ExprNode{text, args[last]}
	if distinct {
		out = append(out, args[:last]...)
	}
	return out
}

// boundAggregate resolves an aggregate and converts its arguments in place.
func (s *session) boundAggregate(f *function.Aggregate, args []expr.Expr, at ast.Node) (*function.Bound, error) {
	if err := s.ordersJSON(f.Name, args, at); err != nil {
		return nil, err
	}
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	bound, err := f.Bind(ts)
	if err != nil {
		return nil, argumentHint(s.m.Errorf(at, "%v", err), args)
	}
	if f.Within && len(args) == 2 && !isFraction(args[1]) {
		return nil, s.m.Errorf(at, "the fraction of %s is a constant from 0 to 1", f.Name)
	}
	for i := range args {
		if !types.CanCast(args[i].Type(), bound.Args[i]) {
			return nil, s.m.Errorf(at, "%s takes %s, not %s", f.Name, bound.Args[i], args[i].Type())
		}
		args[i] = expr.NewCast(args[i], bound.Args[i])
	}
	return bound, nil
}

// isFraction reports a constant from 0 to 1, or NULL.
func isFraction(e expr.Expr) bool {
	if !expr.IsConst(e) || !types.CanCast(e.Type(), types.Of(types.Double)) {
		return false
	}
	l, err := expr.EvalConst(expr.NewCast(e, types.Of(types.Double)))
	if err != nil {
		return false
	}
	p, ok := l.Value.(float64)
	return l.Value == nil || ok && p >= 0 && p <= 1
}

// argumentName returns what a bare name in an aggregate's argument means: a column of
// the input, nil, before an alias.
func (b *selection) argumentName(c *ast.ColumnNameExpr) (expr.Expr, error) {
	e, err := b.aliased(c)
	if e != nil && b.hasAggregate(e) {
		return nil, b.m.Errorf(c, "an aggregate cannot stand inside another one")
	}
	return e, err
}

// countRows drops the constant that COUNT(*) carries in the syntax tree.
func (b *selection) countRows(name string, args []expr.Expr) []expr.Expr {
	if name == "count" && len(args) == 1 {
		if l, ok := args[0].(*expr.Literal); ok && l.Value != nil {
			return nil
		}
	}
	return args
}

// modify adds ORDER BY and FILTER to a call, where they mean something.
func (b *selection) modify(call *logical.Call, in *binding, x *ast.AggregateFuncExpr, filter ast.ExprNode) error {
	if x.Order != nil {
		order, err := in.argumentOrder(x)
		if err != nil {
			return err
		}
		if call.Func.Ordered {
			call.Order = order
		}
	}
	if filter == nil {
		return nil
	}
	cond, err := in.condition(filter)
	call.Filter = cond
	return err
}

// argumentOrder binds ORDER BY among the arguments of an aggregate.
func (b *binding) argumentOrder(x *ast.AggregateFuncExpr) ([]logical.Order, error) {
	var out []logical.Order
	for _, item := range orderItems(x.Order) {
		n := item.expr
		if p, ok := n.(*ast.PositionExpr); ok { // of an argument
			if p.N < 1 || p.N > len(x.Args) {
				return nil, b.m.Errorf(x, "ORDER BY %d inside %s: there is no such argument", p.N, strings.ToUpper(x.F))
			}
			n = x.Args[p.N-1]
		}
		e, err := b.expr(n)
		if err != nil {
			return nil, err
		}
		if e.Type().Kind == types.Interval {
			return nil, b.m.Errorf(n, "ORDER BY cannot take an INTERVAL")
		}
		if e, err = b.sortedBy(e, n); err != nil {
			return nil, err
		}
		if item.apart {
			out = append(out, logical.Order{Expr: &expr.IsNull{Arg: e}, Desc: item.desc})
		}
		out = append(out, logical.Order{Expr: e, Desc: item.desc})
	}
	return out, nil
}

func sameCall(a, b logical.Call) bool {
	if a.Func != b.Func || len(a.Args) != len(b.Args) || a.Distinct != b.Distinct || len(a.Order) != len(b.Order) || (a.Filter == nil) != (b.Filter == nil) {
		return false
	}
	for i := range a.Order {
		if a.Order[i].Desc != b.Order[i].Desc {
			return false
		}
	}
	return slices.EqualFunc(a.Exprs(), b.Exprs(), expr.Equal)
}
