package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// orderBy binds ORDER BY and LIMIT of a SELECT; what is sorted by but not shown
// becomes a hidden column.
func (b *selection) orderBy(x *ast.SelectStmt) (*logical.Sort, error) {
	sort := &logical.Sort{Limit: -1}
	if err := b.limit(sort, x.Limit, b.start); err != nil {
		return nil, err
	}
	if x.OrderBy == nil {
		return sort, nil
	}
	shown := len(b.exprs)
	for _, item := range orderItems(x.OrderBy) {
		col, err := b.sortColumn(item.expr)
		if err == nil {
			col, err = b.keyColumn(col, item.expr)
		}
		if err != nil {
			return nil, err
		}
		if col >= shown && x.Distinct {
			hint := "rows that are shown once may differ in it"
			if k, ok := b.exprs[col].(*expr.Call); ok && k.Func.Name == jsonKeyName {
				hint = "JSON is sorted by a key of it: write SELECT * FROM (SELECT DISTINCT …) AS d ORDER BY …"
			}
			return nil, b.m.Errorf(item.expr, "ORDER BY of SELECT DISTINCT takes columns of the result").WithHint("%s", hint)
		}
		b.sortBy(sort, col, item)
	}
	sort.Hidden = len(b.exprs) - shown
	return sort, nil
}

// sortColumn returns the column that an item of ORDER BY means: by position, by
// name or alias, or as an expression, for which a column is added where none is
// equal to it.
func (b *selection) sortColumn(n ast.ExprNode) (int, error) {
	if i, ok, err := b.position(n, "ORDER BY"); ok || err != nil {
		return i, err
	}
	if c, ok := n.(*ast.ColumnNameExpr); ok {
		if i, err := b.alias(c); i >= 0 || err != nil {
			return i, err
		}
	}
	e, err := b.shown(n, b.aliased)
	if err != nil {
		return 0, err
	}
	return b.columnOf(e, n), nil
}

// keyColumn returns the column that another is sorted by: of JSON one of its keys.
func (b *selection) keyColumn(col int, n ast.ExprNode) (int, error) {
	e := b.exprs[col]
	in := &binding{session: b.session, in: b.in}
	key, err := in.sortedBy(e, n)
	if err != nil || key == e {
		return col, err
	}
	return b.columnOf(key, n), nil
}

// sortBy sorts by a column of the result, and before it by whether it is NULL where NULLs
// are wanted at the other end.
func (b *selection) sortBy(sort *logical.Sort, col int, item orderItem) {
	if item.apart {
		null := &expr.IsNull{Arg: b.exprs[col]}
		sort.Keys = append(sort.Keys, logical.SortKey{Column: b.columnOf(null, item.expr), Desc: item.desc})
	}
	sort.Keys = append(sort.Keys, logical.SortKey{Column: col, Desc: item.desc})
}

// columnOf is the column of the result that an expression is, a new one where there is none.
func (b *selection) columnOf(e expr.Expr, n ast.Node) int {
	for i, shown := range b.exprs {
		if expr.Equal(shown, e) {
			return i
		}
	}
	b.exprs, b.names, b.nodes = append(b.exprs, e), append(b.names, e.String()), append(b.nodes, n)
	return len(b.exprs) - 1
}

// An orderItem is an item of ORDER BY.
type orderItem struct {
	expr ast.ExprNode
	desc bool
	// apart: NULLs stand at the end where the direction does not put them, as of x DESC NULLS
	// FIRST. Such an order is one by x IS NULL and then x, both in that direction.
	apart bool
}

// orderItems are the items of ORDER BY, without those that stand for something else.
func orderItems(by *ast.OrderByClause) []orderItem {
	var out []orderItem
	for _, item := range by.Items {
		call, ok := item.Expr.(*ast.FuncCallExpr)
		switch {
		case ok && call.FnName.L == sql.MarkerTies:
		case ok && call.FnName.L == sql.MarkerNulls && len(out) > 0:
			last := &out[len(out)-1]
			last.apart = (word(call.Args[0]) == "LAST") != last.desc
		default:
			out = append(out, orderItem{expr: item.Expr, desc: item.Desc})
		}
	}
	return out
}

// word is the text of a literal, "" for anything else.
func word(n ast.ExprNode) string {
	v, ok := n.(ast.ValueExpr)
	if !ok {
		return ""
	}
	text, _ := sql.LiteralValue(v).(string)
	return text
}

// ties reports FETCH FIRST … WITH TIES.
func ties(by *ast.OrderByClause) bool {
	if by == nil {
		return false
	}
	call, ok := by.Items[len(by.Items)-1].Expr.(*ast.FuncCallExpr)
	return ok && call.FnName.L == sql.MarkerTies
}

// tied keeps the rows that are equal to the last one that a limit leaves: more than a
// presentation could say.
func tied(s *logical.Sort) {
	s.Input = &logical.TopN{Input: s.Input, Keys: s.Keys, Limit: s.Limit, Offset: s.Offset, Ties: true}
	s.Limit, s.Offset = -1, 0
}

// A presentation is the ORDER BY and LIMIT behind a query that is not one SELECT.
type presentation struct {
	by     *ast.OrderByClause
	limit  *ast.Limit
	at     int    // where the query begins in the text
	outer  bool   // it is the query as a whole
	clause string // for messages
}

// presented sorts and limits a result by its columns and expressions over them.
func (s *session) presented(n logical.Node, p presentation) (logical.Node, error) {
	if p.by == nil && p.limit == nil {
		return n, nil
	}
	sort := &logical.Sort{Limit: -1}
	if err := s.limit(sort, p.limit, p.at); err != nil {
		return nil, err
	}
	schema := n.Schema()
	b := &selection{session: s, in: newScope("", schema), start: p.at}
	b.star()
	if p.by != nil {
		for _, item := range orderItems(p.by) {
			col, ok, err := b.position(item.expr, "ORDER BY")
			if err == nil && !ok {
				col, err = b.resultColumn(item.expr, p.clause)
			}
			if err == nil {
				col, err = b.keyColumn(col, item.expr)
			}
			if err != nil {
				return nil, err
			}
			b.sortBy(sort, col, item)
		}
	}
	sort.Input = n
	if sort.Hidden = len(b.exprs) - schema.Len(); sort.Hidden > 0 {
		sort.Input = &logical.Project{Input: n, Exprs: b.exprs, Names: b.names}
	}
	if ties(p.by) {
		tied(sort)
	}
	if !p.outer {
		return logical.Part(sort), nil
	}
	return sort, nil
}

// resultColumn returns the column of a result that an expression is, adding one
// where there is none.
func (b *selection) resultColumn(n ast.ExprNode, clause string) (int, error) {
	e, err := b.scalar(n, b.in, clause)
	if err != nil {
		return 0, err
	}
	return b.columnOf(e, n), nil
}

// limit binds LIMIT and OFFSET, which are whole numbers. at is where the query begins.
func (s *session) limit(sort *logical.Sort, l *ast.Limit, at int) error {
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
		if _, ok := part.n.(ast.ParamMarkerExpr); ok {
			return s.notYetAt(s.m.WordAfter(at, "LIMIT"), "a parameter (?)")
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
