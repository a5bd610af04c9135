package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A tableCall is a table function in FROM.
type tableCall struct {
	call  *ast.FuncCallExpr // MarkerTableFunction
	alias string
	names []string // of its columns; nil for the function's own
}

// tableCallOf returns the table function that a table of FROM is, nil for none.
func tableCallOf(ts *ast.TableSource) *tableCall {
	call := markerCall(ts.Source)
	if call == nil {
		return nil
	}
	out := &tableCall{alias: ts.AsName.O}
	if call.FnName.L == sql.MarkerColumns {
		q, ok := call.Args[0].(*ast.SubqueryExpr)
		if !ok {
			return nil
		}
		for _, a := range call.Args[1:] {
			text, _ := sql.LiteralValue(a.(ast.ValueExpr)).(string)
			out.names = append(out.names, text)
		}
		if call = markerCall(q.Query); call == nil {
			return nil
		}
	}
	if call.FnName.L != sql.MarkerTableFunction {
		return nil
	}
	out.call = call
	return out
}

// expand binds a table function over the rows of a plan, which its arguments may read,
// and returns the scope of both.
func (s *session) expand(c *tableCall, in logical.Node, sc *scope) (*logical.Expand, *scope, error) {
	name, _ := sql.LiteralValue(c.call.Args[0].(ast.ValueExpr)).(string)
	name, numbered := strings.CutSuffix(name, sql.WithOrdinality)
	f, ok := s.Functions.Table(name)
	switch {
	case !ok:
		return nil, nil, s.noTableFunction(c.call, name)
	case numbered && f.Takes != nil:
		return nil, nil, s.m.Errorf(c.call, "WITH ORDINALITY belongs behind a function of values, not of a table")
	}
	x := &logical.Expand{Input: in}
	var have []types.Type
	var constants []any
	args := c.call.Args[1:]
	if f.BindJSON != nil && len(args) > 0 {
		args = args[:1] // the document; the others are its COLUMNS
	}
	for _, n := range args {
		e, err := s.scalar(n, sc, "the arguments of a table function")
		if err != nil {
			return nil, nil, err
		}
		x.Args, have = append(x.Args, e), append(have, e.Type())
		constants = append(constants, known(e))
	}
	var err error
	if x.Func, err = s.bindTable(f, c, have, constants); err != nil {
		return nil, nil, err
	}
	if numbered {
		x.Func = x.Func.WithOrdinality()
	}
	for i, e := range x.Args {
		x.Args[i] = expr.NewCast(e, x.Func.Args[i])
	}
	if x.Names, err = s.columnNames(c, x.Func); err != nil {
		return nil, nil, err
	}
	alias := c.alias
	if alias == "" {
		alias = strings.ToLower(name)
	}
	if sc.has(alias) {
		return nil, nil, s.m.Errorf(c.call, "FROM names %s twice", alias).WithHint("give one of them another name: %s AS t2", alias)
	}
	width := in.Schema().Len()
	own := newScope(alias, types.NewSchema(x.Schema().Fields[width:]...))
	return x, sc.beside(own), nil
}

func (s *session) bindTable(f *function.Table, c *tableCall, args []types.Type, constants []any) (*function.BoundTable, error) {
	if f.BindJSON == nil {
		out, err := f.Resolve(args, constants)
		if err != nil {
			return nil, s.m.Errorf(c.call, "%v", err)
		}
		return out, nil
	}
	if k := args[0].Kind; k != types.JSON && k != types.Varchar && k != types.Null {
		return nil, s.m.Errorf(c.call, "json_table takes a document of JSON, not a %s", args[0])
	}
	return s.jsonTable(f, c)
}

// columnNames are those that the query gives the columns; the name of the table is that of
// a single column, too.
func (s *session) columnNames(c *tableCall, f *function.BoundTable) ([]string, error) {
	switch {
	case c.names != nil:
		if len(c.names) != len(f.Columns) {
			return nil, s.m.Errorf(c.call, "%s has %d names for %d columns", c.alias, len(c.names), len(f.Columns))
		}
		return c.names, nil
	}
	names, own := types.NewSchema(f.Columns...).Names(), len(f.Columns)
	if f.Numbered {
		own--
	}
	if own == 1 && c.alias != "" && f.JSON == nil {
		names[0] = c.alias
	}
	return names, nil
}

// known returns the value of a constant, nil for any other expression.
func known(e expr.Expr) any {
	if !expr.IsConst(e) || logical.HasParam(e) || logical.HasSubquery(e) {
		return nil
	}
	l, err := expr.EvalConst(e)
	if err != nil {
		return nil
	}
	return l.Value
}

func (s *session) noTableFunction(n ast.Node, name string) error {
	err := s.m.Errorf(n, "there is no table function %s", strings.ToLower(name))
	if _, ok := s.Functions.Scalar(name); ok {
		return err.WithHint("%s gives a value, not rows: it stands in an expression", strings.ToLower(name))
	}
	var names []string
	for _, f := range s.Functions.Tables() {
		names = append(names, f.Name)
	}
	if near := suggest.Nearest(strings.ToLower(name), names); near != "" {
		return err.WithHint("did you mean %s?", near)
	}
	return err.WithHint("there are %s", strings.Join(names, ", "))
}

// besideFunction joins a table function to what stands before it, which it may read. nil
// stands for a join that does not come down to asking it for each row.
func (f *fromClause) besideFunction(x *ast.Join, j *logical.Join, ls *scope) (logical.Node, *scope, error) {
	ts, ok := x.Right.(*ast.TableSource)
	if !ok || x.NaturalJoin || len(x.Using) > 0 || j.Kind != logical.Inner && j.Kind != logical.Left {
		return nil, nil, nil
	}
	c := tableCallOf(ts)
	if c == nil || f.hasOwnRows(c) || j.Kind == logical.Left && !always(x.On) {
		return nil, nil, nil
	}
	node, sc, err := f.expand(c, j.Left, ls)
	if err != nil {
		return nil, nil, err
	}
	node.Outer = j.Kind == logical.Left
	sc = sc.over(node.Schema())
	if x.On == nil || always(x.On) {
		return node, sc, nil
	}
	cond, err := f.on(x.On.Expr, sc)
	if err != nil {
		return nil, nil, err
	}
	return &logical.Filter{Input: node, Pred: cond}, sc, nil
}

// always reports that a condition is TRUE, or 1, as it is written.
func always(on *ast.OnCondition) bool {
	if on == nil {
		return false
	}
	v, ok := on.Expr.(ast.ValueExpr)
	if !ok {
		return false
	}
	x := sql.LiteralValue(v)
	return x == true || x == int64(1)
}
