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

// group binds GROUP BY and HAVING.
func (b *selection) group(x *ast.SelectStmt) error {
	if x.GroupBy != nil {
		b.grouped = true
		if err := b.groupBy(x.GroupBy); err != nil {
			return err
		}
	}
	if x.Having != nil {
		cond, err := b.bindExpr(x.Having.Expr, b.in, b.aggregate, b.havingName)
		if err != nil {
			return err
		}
		if cond, err = b.truth(cond, x.Having.Expr); err != nil {
			return err
		}
		if hasWindow(cond) {
			return b.m.Errorf(x.Having.Expr, "HAVING cannot hold a window function").WithHint("QUALIFY tests what window functions give")
		}
		b.having = cond
	}
	return nil
}

// groupItem binds one item of GROUP BY: a position, a column, an alias, or an
// expression. A column of the input comes before an alias.
func (b *selection) groupItem(n ast.ExprNode) (expr.Expr, error) {
	if i, ok, err := b.position(n, "GROUP BY"); err != nil {
		return nil, err
	} else if ok {
		if b.hasAggregate(b.exprs[i]) && !hasWindow(b.exprs[i]) {
			return nil, b.clauseError("GROUP", "GROUP BY %d cannot name an aggregate", i+1)
		}
		return b.groupable(b.exprs[i], n)
	}
	if c, ok := n.(*ast.ColumnNameExpr); ok && len(b.in.find(c.Name.Name.O)) == 0 {
		if i, err := b.alias(c); err != nil {
			return nil, err
		} else if i >= 0 {
			return b.groupable(b.exprs[i], n)
		}
	}
	e, err := b.scalar(n, b.in, "GROUP BY")
	if err != nil {
		return nil, err
	}
	return b.groupable(e, n)
}

// groupable refuses what cannot tell groups apart: the result of grouping itself, and
// what another epoch or row would compute anew.
func (b *selection) groupable(e expr.Expr, n ast.Node) (expr.Expr, error) {
	switch {
	case hasWindow(e):
		return nil, b.m.Errorf(n, "GROUP BY cannot name a window function")
	case b.hasAggregate(e):
		return nil, b.m.Errorf(n, "GROUP BY cannot name an aggregate")
	case expr.Stability(e) != function.Pure:
		return nil, b.m.Errorf(n, "GROUP BY takes expressions that are the same at every time")
	case e.Type().Kind == types.Interval:
		return nil, b.m.Errorf(n, "GROUP BY cannot take an INTERVAL")
	}
	return e, nil
}

func (b *selection) hasAggregate(e expr.Expr) bool {
	if !expr.Walk(e, func(x expr.Expr) bool { _, ok := x.(*groupingRef); return !ok }) {
		return true
	}
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
		word, _, _ := strings.Cut(clause, " ")
		return 0, false, b.clauseError(word, "%s %d: there are %d columns", clause, i, len(b.exprs))
	}
	return int(i - 1), true, nil
}

// clauseError is an error at a clause of which the syntax tree keeps no place.
func (b *selection) clauseError(word, format string, args ...any) error {
	return sql.Errorf(b.m.Source, b.m.WordAfter(b.start, word), format, args...)
}

// alias returns the result column that a bare name means, -1 for none. Columns of a
// star have no alias.
func (b *selection) alias(c *ast.ColumnNameExpr) (int, error) {
	if c.Name.Table.O != "" {
		return -1, nil
	}
	found := -1
	for i, n := range b.names {
		if b.nodes[i] == nil || !strings.EqualFold(n, c.Name.Name.O) {
			continue
		}
		if found >= 0 && !expr.Equal(b.exprs[i], b.exprs[found]) {
			return -1, b.m.Errorf(c, "column %s is ambiguous: several columns of the result have that name", c.Name.Name.O)
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// aliased returns what a bare name inside an expression of ORDER BY means: a column
// of the input, nil, before an alias.
func (b *selection) aliased(c *ast.ColumnNameExpr) (expr.Expr, error) {
	if len(b.in.find(c.Name.Name.O)) > 0 {
		return nil, nil
	}
	i, err := b.alias(c)
	if i < 0 {
		return nil, err
	}
	return b.exprs[i], nil
}

// havingName returns what a bare name in HAVING means, as MySQL has it: a column that
// is grouped by, nil, before an alias, and that before a column of the input, nil.
func (b *selection) havingName(c *ast.ColumnNameExpr) (expr.Expr, error) {
	if in := b.in.find(c.Name.Name.O); len(in) == 1 {
		for _, g := range b.groups {
			if col, ok := g.(*expr.Column); ok && col.Index == in[0] {
				return nil, nil
			}
		}
	}
	i, err := b.alias(c)
	if i < 0 {
		return nil, err
	}
	if expr.Stability(b.exprs[i]) == function.Volatile {
		return nil, b.m.Errorf(c, "HAVING cannot read %s, which would be drawn anew", c.Name.Name.O).
			WithHint("write a query around this one: SELECT … FROM (SELECT …) WHERE …")
	}
	return b.exprs[i], nil
}

// aggregatePlan moves the result's expressions on top of the aggregate.
func (b *selection) aggregatePlan() (logical.Node, error) {
	if b.sets == nil {
		b.addDependent()
	}
	agg := &logical.Aggregate{Input: b.input, Group: b.groups, Calls: b.calls, Sets: b.sets}
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
	if b.qualified != nil {
		moved, err := b.above(b.qualified, fields, b.qualify)
		if err != nil {
			return nil, err
		}
		b.qualified = moved
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

// addDependent groups by the other columns that are shown, too, where a key of the input
// is grouped by: they are the same in all rows of a group, so that the groups stay as
// they are.
func (b *selection) addDependent() {
	grouped := map[int]bool{}
	for _, g := range b.groups {
		if c, ok := g.(*expr.Column); ok {
			grouped[c.Index] = true
		}
	}
	keyed := slices.ContainsFunc(b.input.Properties().Keys, func(key []int) bool {
		return len(key) > 0 && !slices.ContainsFunc(key, func(c int) bool { return !grouped[c] })
	})
	if !keyed {
		return
	}
	shown := slices.Clone(b.exprs)
	if b.having != nil {
		shown = append(shown, b.having)
	}
	for _, e := range shown {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Column); ok && c.Index < len(b.in.fields) && !grouped[c.Index] {
				grouped[c.Index] = true
				b.groups = append(b.groups, c)
			}
			return true
		})
	}
}

// above rewrites an expression over the input into one over the aggregate's
// columns; a column that is neither grouped nor aggregated is an error.
func (b *selection) above(e expr.Expr, fields []types.Field, n ast.Node) (expr.Expr, error) {
	if i := b.groupOf(e); i >= 0 {
		return &expr.Column{Index: i, Field: fields[i]}, nil
	}
	// A quotient that is grouped by is rounded there, however it is used above.
	if i := slices.IndexFunc(b.groups, func(g expr.Expr) bool { return expr.Equal(wider(g), e) }); i >= 0 {
		return expr.NewCast(&expr.Column{Index: i, Field: fields[i]}, e.Type()), nil
	}
	if g, ok := e.(*groupingRef); ok {
		return b.groupingValue(g, fields)
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
			err = sql.Errorf(b.m.Source, b.start, "column %s is neither in GROUP BY nor in an aggregate", c.Field.Name)
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
