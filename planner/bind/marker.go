package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// unbuilt are constructs that are understood as text and cannot be run.
var unbuilt = map[string]string{
	sql.MarkerDistinct:  "DISTINCT inside this function",
	sql.MarkerOrder:     "ORDER BY inside this function",
	sql.MarkerNulls:     "NULLS FIRST or NULLS LAST in this place",
	sql.MarkerGroupAll:  "ALL beside other items of GROUP BY",
	sql.MarkerNamed:     "an argument by name",
	sql.MarkerTable:     "a table as an argument",
	sql.MarkerPartition: "PARTITION BY in this function",
	"explode":           "explode",
	"unnest":            "UNNEST",
}

// filter binds aggregate(…) FILTER (WHERE condition).
func (b *binding) filter(x *ast.FuncCallExpr) (expr.Expr, error) {
	switch f := x.Args[0].(type) {
	case *ast.AggregateFuncExpr:
		return b.aggregateCall(f, x.Args[1])
	case *ast.WindowFuncExpr:
		return b.over(f, x.Args[1])
	case *ast.FuncCallExpr:
		if f.FnName.L == sql.MarkerOver {
			return b.overMarker(f, x.Args[1])
		}
		if what, ok := unbuilt[f.FnName.L]; ok {
			return nil, b.notYet(f, what)
		}
		if _, ok := b.Functions.Aggregate(f.FnName.L); ok {
			return b.userAggregate(f.FnName.L, f.Args, f, x.Args[1])
		}
	}
	return nil, b.m.Errorf(x, "FILTER belongs behind an aggregate")
}

// overMarker binds OVER of a function that the grammar does not know.
func (b *binding) overMarker(x *ast.FuncCallExpr, filter ast.ExprNode) (expr.Expr, error) {
	f, ok := x.Args[0].(*ast.FuncCallExpr)
	w, over := x.Args[1].(*ast.WindowFuncExpr)
	if !ok || !over {
		return nil, b.m.Errorf(x, "OVER belongs behind a function")
	}
	c := overCall{name: f.FnName.L, spec: &w.Spec, filter: filter, at: f}
	c.args, c.distinct, c.order = ownArguments(f.Args)
	if c.name == "group_concat" && endsInMarker(f.Args) { // no SEPARATOR stands behind: the grammar would add one
		c.args = append(c.args, ast.NewValueExpr(",", "", ""))
	}
	return b.overCall(c)
}

// endsInMarker reports that DISTINCT or ORDER BY are the last of arguments.
func endsInMarker(args []ast.ExprNode) bool {
	if len(args) == 0 {
		return false
	}
	f, ok := args[len(args)-1].(*ast.FuncCallExpr)
	return ok && (f.FnName.L == sql.MarkerDistinct || f.FnName.L == sql.MarkerOrder)
}

// derived binds a query in FROM, or what the front end writes as one: a table with names
// for its columns.
func (s *session) derived(n ast.ResultSetNode, alias string, at int) (logical.Node, error) {
	call := markerCall(n)
	if call == nil {
		return s.result(n, false)
	}
	var node logical.Node
	var err error
	switch t := call.Args[0].(type) {
	case *ast.SubqueryExpr:
		node, err = s.derived(t.Query, alias, at)
	case *ast.FuncCallExpr: // MarkerTable
		name := t.Args[0].(*ast.ColumnNameExpr).Name
		if name.Table.O != "" {
			return nil, s.m.Errorf(t.Args[0], "tables have no schema name before them")
		}
		node, err = s.table(name.Name.O, s.m.At(t.Args[0]))
	}
	if err != nil {
		return nil, err
	}
	var names []ast.CIStr
	for _, a := range call.Args[1:] {
		text, _ := sql.LiteralValue(a.(ast.ValueExpr)).(string)
		names = append(names, ast.NewCIStr(text))
	}
	return s.renamed(node, alias, names, s.m.At(call))
}

// markerCall returns the call that stands for a whole query in FROM, nil where it is
// the user's own.
func markerCall(n ast.ResultSetNode) *ast.FuncCallExpr {
	x, ok := n.(*ast.SelectStmt)
	if !ok || x.Fields == nil || len(x.Fields.Fields) != 1 {
		return nil
	}
	call, ok := x.Fields.Fields[0].Expr.(*ast.FuncCallExpr)
	if !ok || call.FnName.L != sql.MarkerColumns && call.FnName.L != sql.MarkerTableFunction {
		return nil
	}
	return call
}
