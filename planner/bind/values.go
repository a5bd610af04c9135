package bind

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// values binds VALUES ROW(…), ROW(…) with its ORDER BY and LIMIT. As in MySQL the
// columns are called column_0, column_1, ….
func (s *session) values(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	if len(x.Lists[0].Values) == 0 {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("VALUES"), "a row of VALUES has at least one value").
			WithHint("DEFAULT stands for what a column has without one")
	}
	rows, err := s.rows(x.Lists, outer)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if err := s.assign(row, outer, func(col int) ast.Node { return x.Lists[i].Values[col] }); err != nil {
			return nil, err
		}
	}
	schema := &types.Schema{}
	for col := range rows[0] {
		t, err := s.valuesType(x.Lists, rows, col)
		if err != nil {
			return nil, err
		}
		schema.Fields = append(schema.Fields, types.Field{Name: fmt.Sprintf("column_%d", col), Type: t})
	}
	constant := true
	for _, row := range rows {
		for col, e := range row {
			row[col] = expr.NewCast(e, schema.Fields[col].Type)
			constant = constant && expr.IsConst(e)
		}
	}
	n := computed(rows, schema)
	if constant {
		if n, err = s.literals(x.Lists, rows, schema); err != nil {
			return nil, err
		}
	}
	return s.presented(n, presentation{x.OrderBy, x.Limit, s.start(x), outer, "ORDER BY of VALUES"})
}

func (s *session) rows(lists []*ast.RowExpr, outer bool) ([][]expr.Expr, error) {
	none := newScope("", types.NewSchema())
	var rows [][]expr.Expr
	for _, r := range lists {
		var row []expr.Expr
		for col, n := range r.Values {
			if d, ok := n.(*ast.DefaultExpr); ok && d.Name == nil {
				e, err := s.defaultAt(n, col, outer)
				if err != nil {
					return nil, err
				}
				row = append(row, e)
				continue
			}
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
	return rows, nil
}

// defaultAt is what DEFAULT stands for in a column of VALUES.
func (s *session) defaultAt(n ast.Node, col int, outer bool) (expr.Expr, error) {
	if !outer || col >= len(s.into) {
		return nil, s.m.Errorf(n, "DEFAULT stands in the VALUES of an INSERT")
	}
	return s.defaultOf(s.into[col])
}

// defaultOf is what a column has where nothing is written into it.
func (s *session) defaultOf(p Place) (expr.Expr, error) {
	if p.Default == "" {
		return &expr.Literal{T: p.Type}, nil
	}
	parsed, err := sql.ParseExprText("DEFAULT", p.Default)
	if err != nil {
		return nil, err
	}
	own := &session{Binder: s.Binder, m: parsed.Mapping, whole: s.whole}
	e, err := own.scalar(parsed.Node, newScope("", types.NewSchema()), "DEFAULT")
	if err != nil {
		return nil, err
	}
	if e, err = own.assigned(e, p.Type, parsed.Node); err != nil {
		return nil, err
	}
	return expr.NewCast(e, p.Type), nil
}

// valuesType returns the type that a column's values have in common.
func (s *session) valuesType(lists []*ast.RowExpr, rows [][]expr.Expr, col int) (types.Type, error) {
	out := types.Of(types.Null)
	for i, row := range rows {
		t, ok := types.Common(out, row[col].Type())
		if !ok {
			return t, s.m.Errorf(lists[i].Values[col], "column %d of VALUES is %s in one row and %s in another", col+1, out, row[col].Type())
		}
		out = t
	}
	switch out.Kind {
	case types.Null:
		out = types.Of(types.Varchar)
	case types.Interval:
		return out, s.m.Errorf(lists[0].Values[col], "a column cannot be an INTERVAL")
	}
	return out, nil
}

// literals computes the rows, which read no clock and draw no lots.
func (s *session) literals(lists []*ast.RowExpr, rows [][]expr.Expr, schema *types.Schema) (logical.Node, error) {
	out := zset.NewBuilder(schema)
	for i, row := range rows {
		for col, e := range row {
			l, err := expr.EvalConst(e)
			if err != nil {
				return nil, s.m.Errorf(lists[i].Values[col], "%v", err)
			}
			l.T = schema.Fields[col].Type
			expr.AppendLiteral(out.Cols[col], l)
		}
		out.EndRow()
	}
	return &logical.Values{Rows: out.Build()}, nil
}

// computed leaves the rows to be computed when the query runs.
func computed(rows [][]expr.Expr, schema *types.Schema) logical.Node {
	u := &logical.Union{Names: schema.Names()}
	for _, row := range rows {
		u.Ins = append(u.Ins, &logical.Project{Input: oneRow(), Exprs: row, Names: schema.Names()})
	}
	if len(u.Ins) == 1 {
		return u.Ins[0]
	}
	return u
}

// assign converts the constants in a row of the whole query's columns to what they
// are written into. at gives a column's place in the text.
func (s *session) assign(row []expr.Expr, outer bool, at func(col int) ast.Node) error {
	if !outer || len(s.into) != len(row) {
		return nil
	}
	for col, e := range row {
		c, err := s.assigned(e, s.into[col].Type, at(col))
		if err != nil {
			return err
		}
		row[col] = c
	}
	return nil
}

// assigned converts a constant to the type of the column that it is written into,
// where that would not go without a CAST: a text to what it spells, anything to text.
func (s *session) assigned(e expr.Expr, into types.Type, n ast.Node) (expr.Expr, error) {
	l, ok := e.(*expr.Literal)
	if !ok || l.Value == nil || types.Implicit(l.T, into) || !types.CanCast(l.T, into) {
		return e, nil
	}
	if l.T.Kind != types.Varchar && !into.IsText() && into.Kind != types.Boolean {
		return e, nil
	}
	if l.T.Kind == types.Varchar && into.IsNumeric() {
		return (&binding{session: s}).fromText(l, into, n)
	}
	c, err := expr.EvalConst(&expr.Cast{Arg: l, To: into})
	if err != nil {
		return nil, s.m.Errorf(n, "%s is not a %s", l, into)
	}
	return c, nil
}
