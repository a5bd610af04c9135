package bind

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

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
