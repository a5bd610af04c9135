package bind

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

func (s *session) selectStmt(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	if err := s.with(x.With); err != nil {
		return nil, err
	}
	if x.Kind == ast.SelectStmtKindValues {
		return s.values(x)
	}
	if len(x.WindowSpecs) > 0 {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("WINDOW"), "WINDOW is not supported yet")
	}
	if x.SelectIntoOpt != nil {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("INTO"), "SELECT INTO is not supported; write INSERT INTO … SELECT")
	}
	input, sc, err := s.from(x.From)
	if err != nil {
		return nil, err
	}
	if x.Where != nil {
		cond, err := s.scalar(x.Where, sc, "WHERE")
		if err != nil {
			return nil, err
		}
		if cond, err = s.truth(cond, x.Where); err != nil {
			return nil, err
		}
		input = &logical.Filter{Input: input, Pred: cond}
	}
	b := &selection{session: s, input: input, in: sc}
	if x.Kind == ast.SelectStmtKindTable {
		b.star()
	} else if err := b.fields(x.Fields.Fields); err != nil {
		return nil, err
	}
	if err := b.group(x); err != nil {
		return nil, err
	}
	return b.finish(x, outer)
}

// A selection binds the clauses of one SELECT. Its expressions are over the input's
// columns; calls of aggregates are columns beyond those, until the plan is put
// together.
type selection struct {
	*session
	input logical.Node
	in    *scope

	exprs []expr.Expr
	names []string
	nodes []ast.Node // of the expressions, nil for those of a star

	groups  []expr.Expr
	grouped bool
	calls   []logical.Call
	having  expr.Expr
}

// fields binds the result columns.
func (b *selection) fields(fields []*ast.SelectField) error {
	for _, f := range fields {
		if f.WildCard != nil {
			if t := f.WildCard.Table.O; t != "" && !strings.EqualFold(t, b.in.table) {
				return sql.Errorf(b.m.Source, b.m.Offset(f.Offset), "there is no table %s here", t)
			}
			if len(b.in.fields) == 0 {
				return sql.Errorf(b.m.Source, b.m.Offset(f.Offset), "* needs a FROM clause")
			}
			b.star()
			continue
		}
		e, err := b.bindExpr(f.Expr, b.in, b.aggregate, nil)
		if err != nil {
			return err
		}
		name := f.AsName.O
		if name == "" {
			name = b.columnName(f)
		}
		b.exprs, b.names, b.nodes = append(b.exprs, e), append(b.names, name), append(b.nodes, f.Expr)
	}
	return nil
}

// columnName is the name of a result column without an alias: the column's own,
// otherwise the user's text.
func (b *selection) columnName(f *ast.SelectField) string {
	e := f.Expr
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			break
		}
		e = p.Expr
	}
	if c, ok := e.(*ast.ColumnNameExpr); ok {
		return c.Name.Name.O
	}
	return b.m.FieldText(f)
}

func (b *selection) star() {
	for i, field := range b.in.fields {
		c := &expr.Column{Index: i, Field: field}
		b.exprs, b.names, b.nodes = append(b.exprs, c), append(b.names, field.Name), append(b.nodes, nil)
	}
}

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

// finish puts the plan together: aggregate, HAVING, result columns, DISTINCT, and
// the presentation.
func (b *selection) finish(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	var sort *logical.Sort
	var err error
	if x.OrderBy != nil || x.Limit != nil {
		if !outer {
			return nil, sql.Errorf(b.m.Source, b.m.WordAt("ORDER", "LIMIT", "FETCH"), "ORDER BY or LIMIT inside a query is not supported yet")
		}
		if sort, err = b.orderBy(x); err != nil {
			return nil, err
		}
	}
	node := b.input
	if b.grouped || len(b.calls) > 0 {
		if node, err = b.aggregatePlan(); err != nil {
			return nil, err
		}
	} else if b.having != nil {
		node = &logical.Filter{Input: node, Pred: b.having}
	}
	node = &logical.Project{Input: node, Exprs: b.exprs, Names: b.names}
	if x.Distinct {
		if sort != nil && sort.Hidden > 0 {
			return nil, sql.Errorf(b.m.Source, b.m.WordAt("ORDER"), "ORDER BY of SELECT DISTINCT takes columns of the result")
		}
		node = distinct(node)
	}
	if sort != nil {
		sort.Input = node
		return sort, nil
	}
	return node, nil
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

// orderBy binds the presentation; what is sorted by but not shown becomes a hidden
// column.
func (b *selection) orderBy(x *ast.SelectStmt) (*logical.Sort, error) {
	sort := &logical.Sort{Limit: -1}
	if err := b.limit(sort, x.Limit); err != nil {
		return nil, err
	}
	if x.OrderBy == nil {
		return sort, nil
	}
	shown := len(b.exprs)
	for _, item := range x.OrderBy.Items {
		col, ok, err := b.position(item.Expr, "ORDER BY")
		if err != nil {
			return nil, err
		}
		if c, isColumn := item.Expr.(*ast.ColumnNameExpr); !ok && isColumn {
			if col = b.alias(c); col >= 0 {
				ok = true
			}
		}
		if !ok {
			e, err := b.bindExpr(item.Expr, b.in, b.aggregate, b.aliased)
			if err != nil {
				return nil, err
			}
			col = -1
			for i, shownExpr := range b.exprs[:shown] {
				if expr.Equal(shownExpr, e) {
					col = i
				}
			}
			if col < 0 {
				col = len(b.exprs)
				b.exprs, b.names, b.nodes = append(b.exprs, e), append(b.names, e.String()), append(b.nodes, item.Expr)
				sort.Hidden++
			}
		}
		sort.Keys = append(sort.Keys, logical.SortKey{Column: col, Desc: item.Desc})
	}
	return sort, nil
}

// limit binds LIMIT and OFFSET, which are whole numbers.
func (s *session) limit(sort *logical.Sort, l *ast.Limit) error {
	if l == nil {
		return nil
	}
	for _, part := range []struct {
		n   ast.ExprNode
		out *int64
	}{{l.Count, &sort.Limit}, {l.Offset, &sort.Offset}} {
		if part.n == nil {
			continue
		}
		v, ok := part.n.(ast.ValueExpr)
		if !ok {
			return s.m.Errorf(part.n, "LIMIT takes a whole number")
		}
		switch x := sql.LiteralValue(v).(type) {
		case int64:
			*part.out = x
		case uint64:
			*part.out = int64(min(x, 1<<62))
		default:
			return s.m.Errorf(part.n, "LIMIT takes a whole number")
		}
	}
	return nil
}

// outputColumn finds a column of a result by position or name, -1 for neither.
func (s *session) outputColumn(n ast.ExprNode, sc *scope) (int, error) {
	b := &selection{session: s, exprs: make([]expr.Expr, len(sc.fields))}
	if i, ok, err := b.position(n, "ORDER BY"); err != nil || ok {
		return i, err
	}
	if c, ok := n.(*ast.ColumnNameExpr); ok {
		col, err := s.column(c, sc)
		if err != nil {
			return 0, err
		}
		return col.Index, nil
	}
	return -1, nil
}

// values binds VALUES ROW(…), ROW(…): constants, converted to common types.
func (s *session) values(x *ast.SelectStmt) (logical.Node, error) {
	none := newScope("", types.NewSchema())
	var rows [][]expr.Expr
	for _, r := range x.Lists {
		var row []expr.Expr
		for _, n := range r.Values {
			e, err := s.scalar(n, none, "VALUES")
			if err != nil {
				return nil, err
			}
			row = append(row, e)
		}
		if len(rows) > 0 && len(row) != len(rows[0]) {
			return nil, s.m.Errorf(r.Values[0], "this row has %d values, the first has %d", len(row), len(rows[0]))
		}
		rows = append(rows, row)
	}
	schema := &types.Schema{}
	for col := range rows[0] {
		ts := make([]types.Type, len(rows))
		for i, row := range rows {
			ts[i] = row[col].Type()
		}
		t, ok := types.Common(ts...)
		if !ok {
			return nil, s.m.Errorf(x.Lists[0].Values[col], "column %d of VALUES holds values that do not go together", col+1)
		}
		if t.Kind == types.Null {
			t = types.Of(types.Varchar)
		}
		schema.Fields = append(schema.Fields, types.Field{Name: fmt.Sprintf("column_%d", col), Type: t})
	}
	out := zset.NewBuilder(schema)
	for i, row := range rows {
		for col, e := range row {
			l, err := expr.EvalConst(expr.NewCast(e, schema.Fields[col].Type))
			if err != nil {
				return nil, s.m.Errorf(x.Lists[i].Values[col], "%v", err)
			}
			l.T = schema.Fields[col].Type
			expr.AppendLiteral(out.Cols[col], l)
		}
		out.EndRow()
	}
	return &logical.Values{Rows: out.Build()}, nil
}
