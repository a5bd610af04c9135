package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

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
