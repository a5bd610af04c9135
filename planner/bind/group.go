package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// group binds GROUP BY and HAVING.
func (b *selection) group(x *ast.SelectStmt) error {
	if x.GroupBy != nil {
		if x.GroupBy.Rollup {
			return sql.Errorf(b.m.Source, b.m.WordAt("ROLLUP"), "WITH ROLLUP is not supported yet")
		}
		b.grouped = true
		for _, item := range x.GroupBy.Items {
			g, err := b.groupItem(item.Expr)
			if err != nil {
				return err
			}
			b.groups = append(b.groups, g)
		}
	}
	if x.Having != nil {
		cond, err := b.bindExpr(x.Having.Expr, b.in, b.aggregate, b.aliased)
		if err != nil {
			return err
		}
		if cond, err = b.truth(cond, x.Having.Expr); err != nil {
			return err
		}
		b.having = cond
	}
	return nil
}

// groupItem binds one item of GROUP BY: a position, a column, an alias, or an
// expression.
func (b *selection) groupItem(n ast.ExprNode) (expr.Expr, error) {
	if i, ok, err := b.position(n, "GROUP BY"); err != nil || ok {
		if err != nil {
			return nil, err
		}
		return b.noAggregate(b.exprs[i], n)
	}
	if c, ok := n.(*ast.ColumnNameExpr); ok && len(b.in.find(c.Name.Name.O)) == 0 {
		if i := b.alias(c); i >= 0 {
			return b.noAggregate(b.exprs[i], n)
		}
	}
	e, err := b.scalar(n, b.in, "GROUP BY")
	if err != nil {
		return nil, err
	}
	if expr.Stability(e) != 0 && len(e.Children()) > 0 {
		return nil, b.m.Errorf(n, "GROUP BY takes expressions that are the same at every time")
	}
	return e, nil
}

func (b *selection) noAggregate(e expr.Expr, n ast.Node) (expr.Expr, error) {
	if b.hasAggregate(e) {
		return nil, b.m.Errorf(n, "GROUP BY cannot name an aggregate")
	}
	return e, nil
}

func (b *selection) hasAggregate(e expr.Expr) bool {
	set := map[int]bool{}
	expr.Columns(e, set)
	for c := range set {
		if c >= len(b.in.fields) {
			return true
		}
	}
	return false
}

// position reads a whole number that stands for a result column.
func (b *selection) position(n ast.ExprNode, clause string) (int, bool, error) {
	var value any
	switch x := n.(type) {
	case *ast.PositionExpr:
		value = int64(x.N)
	case ast.ValueExpr:
		value = sql.LiteralValue(x)
	}
	i, ok := value.(int64)
	if !ok {
		return 0, false, nil
	}
	if i < 1 || i > int64(len(b.exprs)) {
		return 0, false, b.m.Errorf(n, "%s %d: there are %d columns", clause, i, len(b.exprs))
	}
	return int(i - 1), true, nil
}

// alias returns the result column that a bare name means, or -1.
func (b *selection) alias(c *ast.ColumnNameExpr) int {
	if c.Name.Table.O != "" {
		return -1
	}
	for i, n := range b.names {
		if strings.EqualFold(n, c.Name.Name.O) && b.nodes[i] != nil {
			return i
		}
	}
	return -1
}

// aliased returns the expression of the result column that a bare name means.
func (b *selection) aliased(c *ast.ColumnNameExpr) expr.Expr {
	if i := b.alias(c); i >= 0 && len(b.in.find(c.Name.Name.O)) == 0 {
		return b.exprs[i]
	}
	return nil
}

// aggregatePlan moves the result's expressions on top of the aggregate.
func (b *selection) aggregatePlan() (logical.Node, error) {
	agg := &logical.Aggregate{Input: b.input, Group: b.groups, Calls: b.calls}
	for _, g := range b.groups {
		agg.Names = append(agg.Names, g.String())
	}
	var node logical.Node = agg
	fields := agg.Schema().Fields
	for i, e := range b.exprs {
		moved, err := b.above(e, fields, b.nodes[i])
		if err != nil {
			return nil, err
		}
		b.exprs[i] = moved
	}
	if b.having != nil {
		cond, err := b.above(b.having, fields, nil)
		if err != nil {
			return nil, err
		}
		node = &logical.Filter{Input: node, Pred: cond}
	}
	return node, nil
}

// above rewrites an expression over the input into one over the aggregate's
// columns; a column that is neither grouped nor aggregated is an error.
func (b *selection) above(e expr.Expr, fields []types.Field, n ast.Node) (expr.Expr, error) {
	for i, g := range b.groups {
		if expr.Equal(g, e) {
			return &expr.Column{Index: i, Field: fields[i]}, nil
		}
	}
	if c, ok := e.(*expr.Column); ok {
		if c.Index >= len(b.in.fields) {
			at := len(b.groups) + c.Index - len(b.in.fields)
			return &expr.Column{Index: at, Field: fields[at]}, nil
		}
		where := n
		if at, ok := b.at[c]; ok {
			where = at
		}
		var err *sql.Error
		if where != nil {
			err = b.m.Errorf(where, "column %s is neither in GROUP BY nor in an aggregate", c.Field.Name)
		} else {
			err = sql.Errorf(b.m.Source, b.m.WordAt("*", "SELECT"), "column %s is neither in GROUP BY nor in an aggregate", c.Field.Name)
		}
		if len(b.groups) == 0 {
			return nil, err.WithHint("add GROUP BY %s, or write any_value(%s)", c.Field.Name, c.Field.Name)
		}
		return nil, err.WithHint("add it to GROUP BY, or write any_value(%s)", c.Field.Name)
	}
	children := e.Children()
	if len(children) == 0 {
		return e, nil
	}
	moved := make([]expr.Expr, len(children))
	for i, c := range children {
		m, err := b.above(c, fields, n)
		if err != nil {
			return nil, err
		}
		moved[i] = m
	}
	return e.WithChildren(moved), nil
}
