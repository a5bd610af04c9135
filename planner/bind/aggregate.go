package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
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

// userAggregate binds an aggregate that the grammar takes for a plain function.
func (b *binding) userAggregate(name string, nodes []ast.ExprNode, n ast.Node) (expr.Expr, error) {
	x := &ast.AggregateFuncExpr{F: name, Args: nodes}
	x.SetOriginTextPosition(n.OriginTextPosition())
	return b.aggregateCall(x, nil)
}

// aggregate binds a call of an aggregate: a column beyond those of the input.
func (b *selection) aggregate(outer *binding, x *ast.AggregateFuncExpr, filter ast.ExprNode) (expr.Expr, error) {
	name := strings.ToLower(x.F)
	f, ok := b.Functions.Aggregate(name)
	if !ok {
		return nil, b.notYet(x, strings.ToUpper(name))
	}
	if x.Distinct {
		return nil, b.notYet(x, strings.ToUpper(name)+"(DISTINCT …)")
	}
	if x.Order != nil {
		return nil, b.notYet(x, "ORDER BY inside "+strings.ToUpper(name))
	}
	in := &binding{session: b.session, in: b.in}
	if outer.alias != nil {
		in.alias = b.argumentName
	}
	args, err := in.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	args = b.countRows(name, args)
	if filter != nil {
		if args, err = b.filtered(in, args, filter); err != nil {
			return nil, err
		}
	}
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	bound, err := f.Bind(ts)
	if err != nil {
		return nil, argumentHint(b.m.Errorf(x, "%v", err), args)
	}
	for i := range args {
		if !types.CanCast(args[i].Type(), bound.Args[i]) {
			return nil, b.m.Errorf(x, "%s takes %s, not %s", name, bound.Args[i], args[i].Type())
		}
		args[i] = expr.NewCast(args[i], bound.Args[i])
	}
	call := logical.Call{Func: f, Bind: bound, Args: args}
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
	return &expr.Column{Index: len(b.in.fields) + at, Field: types.Field{Name: call.String(), Type: bound.Returns}}, nil
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

// filtered makes the first argument NULL where the condition is not TRUE: every
// aggregate leaves NULLs out.
func (b *selection) filtered(in *binding, args []expr.Expr, filter ast.ExprNode) ([]expr.Expr, error) {
	cond, err := in.condition(filter)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []expr.Expr{&expr.Literal{T: types.Of(types.BigInt), Value: int64(1)}}
	}
	args[0] = &expr.Case{Whens: []expr.When{{Cond: cond, Then: args[0]}}, T: args[0].Type()}
	return args, nil
}

func sameCall(a, b logical.Call) bool {
	if a.Func != b.Func || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if !expr.Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}
