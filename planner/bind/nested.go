package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// fieldOf binds (x).name, and names of more than three parts.
func (b *binding) fieldOf(x *ast.FuncCallExpr) (expr.Expr, error) {
	e, err := b.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	name, _ := sql.LiteralValue(x.Args[1].(ast.ValueExpr)).(string)
	return b.field(e, name, x)
}

// fieldOfName binds r.f or t.r.f as a field of a column; nil where there is no such column
// of ROW type.
func (s *session) fieldOfName(x *ast.ColumnNameExpr, sc *scope) (expr.Expr, error) {
	if x.Name.Table.O == "" {
		return nil, nil
	}
	column := &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: x.Name.Schema, Name: x.Name.Table}}
	column.SetOriginTextPosition(x.OriginTextPosition())
	e, err := s.column(column, sc)
	if err != nil || e.Type().Kind != types.Row {
		return nil, nil
	}
	return s.field(e, x.Name.Name.O, x)
}

// field binds the field of a ROW.
func (s *session) field(e expr.Expr, name string, n ast.Node) (expr.Expr, error) {
	t := e.Type()
	if t.Kind != types.Row {
		return nil, s.m.Errorf(n, "%s has no fields: it is a %s", e, t)
	}
	if _, ok := t.FieldNamed(name); !ok {
		fields := types.NewSchema(t.Fields...).Names()
		err := s.m.Errorf(n, "%s has no field %s", e, name)
		if near := suggest.Nearest(name, fields); near != "" {
			return nil, err.WithHint("did you mean %s?", near)
		}
		return nil, err.WithHint("it is a %s", t)
	}
	f, _ := s.Functions.Scalar("row_field")
	b := &binding{session: s}
	return b.scalarCall(f, []expr.Expr{e, &expr.Literal{T: function.Text, Value: name}}, n)
}
