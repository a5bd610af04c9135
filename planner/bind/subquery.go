package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// subquery binds a query that stands in an expression.
func (b *binding) subquery(n ast.ExprNode, s *logical.Subquery) error {
	q, ok := n.(*ast.SubqueryExpr)
	if !ok {
		return b.notYet(n, "this subquery")
	}
	var err error
	s.Plan, s.Params, err = b.within(b.in, func() (logical.Node, error) { return b.result(q.Query, false) })
	return err
}

// columns checks how many columns a subquery gives.
func (b *binding) columns(s *logical.Subquery, want int, n ast.ExprNode) error {
	have := s.Plan.Schema().Len()
	switch {
	case have == want:
		return nil
	case want == 1:
		return b.m.Errorf(n, "a subquery in the place of a value has one column, not %d", have)
	}
	return b.m.Errorf(n, "a row of %d values is compared with a subquery of %d columns", want, have)
}

// scalarSubquery binds (SELECT …) in the place of a value.
func (b *binding) scalarSubquery(x *ast.SubqueryExpr) (expr.Expr, error) {
	s := &logical.Subquery{Kind: logical.Scalar}
	if err := b.subquery(x, s); err != nil {
		return nil, err
	}
	if err := b.columns(s, 1, x); err != nil {
		return nil, err
	}
	if s.Type().Kind == types.Null { // SELECT NULL
		s.Plan = convert(s.Plan, []types.Type{types.Of(types.Varchar)})
	}
	return s, nil
}

func (b *binding) exists(x *ast.ExistsSubqueryExpr) (expr.Expr, error) {
	s := &logical.Subquery{Kind: logical.Exists}
	if err := b.subquery(x.Sel, s); err != nil {
		return nil, err
	}
	if x.Not {
		return &expr.Not{Arg: s}, nil
	}
	return s, nil
}

// inSubquery binds x IN (SELECT …) and (x, y) IN (SELECT …).
func (b *binding) inSubquery(x *ast.PatternInExpr) (expr.Expr, error) {
	s, err := b.anySubquery(logical.Any, expr.Eq, x.Expr, x.Sel)
	if err != nil {
		return nil, err
	}
	if x.Not {
		return &expr.Not{Arg: s}, nil
	}
	return s, nil
}

// compareSubquery binds x op ANY (SELECT …), SOME and ALL.
func (b *binding) compareSubquery(x *ast.CompareSubqueryExpr) (expr.Expr, error) {
	kind := logical.Any
	if x.All {
		kind = logical.All
	}
	op, ok := comparisons[x.Op]
	if !ok || op == expr.NullSafeEq {
		return nil, b.notYet(x, "this operator before ANY or ALL")
	}
	return b.anySubquery(kind, op, x.L, x.R)
}

// anySubquery compares values with the rows of a subquery, both converted to the types
// that they are compared in.
func (b *binding) anySubquery(kind logical.SubqueryKind, op expr.Op, l, r ast.ExprNode) (expr.Expr, error) {
	operands, err := b.values(l)
	if err != nil {
		return nil, err
	}
	s := &logical.Subquery{Kind: kind, Op: op}
	if err := b.subquery(r, s); err != nil {
		return nil, err
	}
	if err := b.columns(s, len(operands), r); err != nil {
		return nil, err
	}
	if len(operands) > 1 && op != expr.Eq && op != expr.Ne {
		return nil, b.m.Errorf(l, "a row of values is compared with the rows of a subquery by = and <> alone")
	}
	schema := s.Plan.Schema()
	target, keys, keyed := make([]types.Type, len(operands)), make([]expr.Expr, len(operands)), false
	for i, f := range schema.Fields {
		col := &expr.Column{Index: i, Field: f}
		x, y, err := b.together(operands[i], col, l)
		if err != nil {
			return nil, err
		}
		keyed = keyed || jsonPair(operands[i].Type(), f.Type)
		operands[i], target[i], keys[i] = x, y.Type(), y
	}
	if keyed {
		s.Plan = jsonColumnsKeyed(s.Plan, keys)
	}
	s.Plan, s.Operands = convert(s.Plan, target), operands
	return s, nil
}

// isRow reports that an expression is a row of values, (a, b).
func isRow(n ast.ExprNode) bool {
	for {
		switch x := n.(type) {
		case *ast.ParenthesesExpr:
			n = x.Expr
		case *ast.RowExpr:
			return true
		default:
			return false
		}
	}
}

// isSubquery reports that an expression is a query in brackets.
func isSubquery(n ast.ExprNode) bool {
	for {
		switch x := n.(type) {
		case *ast.ParenthesesExpr:
			n = x.Expr
		case *ast.SubqueryExpr:
			return true
		default:
			return false
		}
	}
}

// values binds the values of a row: those that are written, or the columns of a query that
// gives one row. Anything else is the one value that it is.
func (b *binding) values(n ast.ExprNode) ([]expr.Expr, error) {
	switch x := n.(type) {
	case *ast.ParenthesesExpr:
		return b.values(x.Expr)
	case *ast.RowExpr:
		return b.exprs(x.Values)
	case *ast.SubqueryExpr:
		return b.rowSubquery(x)
	}
	e, err := b.expr(n)
	return []expr.Expr{e}, err
}

// rowSubquery binds (SELECT x, y, …) in the place of a row: all NULL without a row, an error
// with several. The query gives its columns as one ROW, of which these are the fields.
func (b *binding) rowSubquery(x *ast.SubqueryExpr) ([]expr.Expr, error) {
	s := &logical.Subquery{Kind: logical.Scalar}
	if err := b.subquery(x, s); err != nil {
		return nil, err
	}
	width := s.Plan.Schema().Len()
	target := make([]types.Type, width)
	for i, f := range s.Plan.Schema().Fields {
		if target[i] = f.Type; f.Type.Kind == types.Null { // SELECT NULL
			target[i] = types.Of(types.Varchar)
		}
	}
	s.Plan = convert(s.Plan, target)
	if width == 1 {
		return []expr.Expr{s}, nil
	}
	columns := make([]expr.Expr, width)
	for i, f := range s.Plan.Schema().Fields {
		columns[i] = &expr.Column{Index: i, Field: f}
	}
	f, _ := b.Functions.Scalar("row")
	row, err := b.scalarCall(f, columns, x)
	if err != nil {
		return nil, err
	}
	s.Plan = &logical.Project{Input: s.Plan, Exprs: []expr.Expr{row}, Names: []string{"row"}}
	out := make([]expr.Expr, width)
	for i, f := range row.Type().Fields {
		if out[i], err = b.field(s, f.Name, x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compareRows binds a comparison of rows: value by value, by <, <=, > and >= in the
// order of the values. A subquery of as many columns is a row, too. Beside a value of type ROW,
// such as a column, a row is one as well, and they are compared as such.
func (b *binding) compareRows(op expr.Op, x *ast.BinaryOperationExpr) (expr.Expr, error) {
	ls, err := b.values(x.L)
	if err != nil {
		return nil, err
	}
	rs, err := b.values(x.R)
	if err != nil {
		return nil, err
	}
	switch {
	case isRow(x.L) && isOneRow(rs):
		ls, err = b.exprs([]ast.ExprNode{x.L})
	case isRow(x.R) && isOneRow(ls):
		rs, err = b.exprs([]ast.ExprNode{x.R})
	}
	switch {
	case err != nil:
		return nil, err
	case len(ls) != len(rs):
		return nil, b.m.Errorf(x, "a row of %d values is compared with %d", len(ls), len(rs))
	case len(ls) == 1:
		return b.compare(op, ls[0], rs[0], x)
	}
	return b.rowComparison(op, ls, rs, x)
}

// isOneRow reports that values are one of type ROW.
func isOneRow(values []expr.Expr) bool {
	return len(values) == 1 && values[0].Type().Kind == types.Row
}

func (b *binding) rowComparison(op expr.Op, ls, rs []expr.Expr, n ast.Node) (expr.Expr, error) {
	switch op {
	case expr.Eq, expr.NullSafeEq, expr.Ne:
		var conds []expr.Expr
		for i := range ls {
			one := op
			if op == expr.Ne {
				one = expr.Eq
			}
			c, err := b.compare(one, ls[i], rs[i], n)
			if err != nil {
				return nil, err
			}
			conds = append(conds, c)
		}
		all := expr.AndOf(conds...)
		if op == expr.Ne {
			return &expr.Not{Arg: all}, nil
		}
		return all, nil
	}
	// (a, b) < (c, d) is a < c OR a = c AND b < d.
	strict := map[expr.Op]expr.Op{expr.Le: expr.Lt, expr.Ge: expr.Gt, expr.Lt: expr.Lt, expr.Gt: expr.Gt}[op]
	last := len(ls) - 1
	out, err := b.compare(op, ls[last], rs[last], n)
	for i := last - 1; i >= 0 && err == nil; i-- {
		var less, same expr.Expr
		if less, err = b.compare(strict, ls[i], rs[i], n); err != nil {
			break
		}
		if same, err = b.compare(expr.Eq, ls[i], rs[i], n); err != nil {
			break
		}
		out = &expr.Or{Args: []expr.Expr{less, expr.AndOf(same, out)}}
	}
	return out, err
}

// inRows binds (a, b) IN ((1, 2), (3, 4)).
func (b *binding) inRows(x *ast.PatternInExpr) (expr.Expr, error) {
	arg, err := b.values(x.Expr)
	if err != nil {
		return nil, err
	}
	var any []expr.Expr
	for _, item := range x.List {
		row, err := b.values(item)
		if err != nil {
			return nil, err
		}
		if len(row) != len(arg) {
			return nil, b.m.Errorf(item, "a row of %d values is compared with %d", len(arg), len(row))
		}
		c, err := b.rowComparison(expr.Eq, arg, row, item)
		if err != nil {
			return nil, err
		}
		any = append(any, c)
	}
	var out expr.Expr = &expr.Or{Args: any}
	if len(any) == 1 {
		out = any[0]
	}
	if x.Not {
		return &expr.Not{Arg: out}, nil
	}
	return out, nil
}
