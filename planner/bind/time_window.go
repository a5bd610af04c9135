package bind

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// ofTable returns the function of a call that takes a table and a time: TUMBLE, HOP,
// CUMULATE. nil stands for any other.
func (s *session) ofTable(c *tableCall) *function.Table {
	f, ok := s.Functions.Table(c.name())
	if !ok || f.Takes == nil {
		return nil
	}
	return f
}

func (c *tableCall) name() string {
	name, _ := sql.LiteralValue(c.call.Args[0].(ast.ValueExpr)).(string)
	return name
}

// A windowCall is the arguments of such a call, each at its place; nil where it is left
// out.
type windowCall struct {
	*tableCall
	f         *function.Table
	data      ast.ExprNode
	partition []ast.ExprNode
	at        ast.ExprNode // in the brackets of DESCRIPTOR
	rest      []ast.ExprNode
}

// timeWindows binds FROM TUMBLE(TABLE t, DESCRIPTOR(ts), …): the rows of the table with
// their windows beside them. It has the table's name where it has no other.
func (s *session) timeWindows(c *tableCall, f *function.Table) (logical.Node, *scope, error) {
	w, err := s.windowCall(c, f)
	if err != nil {
		return nil, nil, err
	}
	node, alias, err := s.dataOf(w)
	if err != nil {
		return nil, nil, err
	}
	if node, err = s.windowed(w, node, newScope(alias, node.Schema())); err != nil {
		return nil, nil, err
	}
	if c.alias != "" {
		alias = c.alias
	}
	if c.names != nil {
		names := make([]ast.CIStr, len(c.names))
		for i, n := range c.names {
			names[i] = ast.NewCIStr(n)
		}
		if node, err = s.renamed(node, alias, names, s.m.At(c.call)); err != nil {
			return nil, nil, err
		}
	}
	return node, newScope(alias, node.Schema()), nil
}

// windowCall puts the arguments of a call in order, those with names, too.
func (s *session) windowCall(c *tableCall, f *function.Table) (*windowCall, error) {
	names := append([]string{"data", "timecol"}, f.Takes...)
	args := make([]ast.ExprNode, len(names))
	for i, a := range c.call.Args[1:] {
		named, ok := a.(*ast.FuncCallExpr)
		if ok = ok && named.FnName.L == sql.MarkerNamed; ok {
			name, _ := sql.LiteralValue(named.Args[0].(ast.ValueExpr)).(string)
			i, a = slices.Index(names, strings.ToLower(name)), named.Args[1]
			if i < 0 && f.Name == "cumulate" && strings.EqualFold(name, "size") {
				i = slices.Index(names, "max")
			}
			if i < 0 {
				return nil, s.m.Errorf(named, "%s takes no %s", f.Name, name).WithHint("%s", usage(f))
			}
		}
		if i >= len(args) {
			return nil, s.m.Errorf(a, "%s takes no more than %d arguments", f.Name, len(names)).WithHint("%s", usage(f))
		}
		if args[i] != nil {
			return nil, s.m.Errorf(a, "%s has two values for %s", f.Name, names[i]).WithHint("%s", usage(f))
		}
		args[i] = a
	}
	for i, a := range args {
		if a == nil && names[i] != "offset" {
			return nil, s.m.Errorf(c.call, "%s lacks its %s", f.Name, names[i]).WithHint("%s", usage(f))
		}
	}
	w := &windowCall{tableCall: c, f: f, data: args[0], rest: args[2:]}
	if p, ok := w.data.(*ast.FuncCallExpr); ok && p.FnName.L == sql.MarkerPartition {
		w.data, w.partition = p.Args[0], p.Args[1:]
	}
	at, ok := args[1].(*ast.FuncCallExpr)
	if !ok || at.FnName.L != "descriptor" || len(at.Args) != 1 {
		return nil, s.m.Errorf(args[1], "%s takes DESCRIPTOR(column) here, the time of a row", f.Name).WithHint("%s", usage(f))
	}
	w.at = at.Args[0]
	return w, nil
}

// usage is how a function of a table is written.
func usage(f *function.Table) string {
	out := strings.ToUpper(f.Name) + "(TABLE t"
	if f.Name == "session" {
		out += " [PARTITION BY key, …]"
	}
	out += ", DESCRIPTOR(time)"
	for _, n := range f.Takes {
		if n == "offset" {
			out += "[, INTERVAL offset]"
			continue
		}
		out += ", INTERVAL " + n
	}
	return out + ")"
}

// dataOf binds the table of a call, and gives the name that its columns are known by.
func (s *session) dataOf(w *windowCall) (logical.Node, string, error) {
	data := w.data
	if t, ok := data.(*ast.FuncCallExpr); ok && t.FnName.L == sql.MarkerTable {
		data = t.Args[0]
	}
	for p, ok := data.(*ast.ParenthesesExpr); ok; p, ok = data.(*ast.ParenthesesExpr) {
		data = p.Expr
	}
	switch t := data.(type) {
	case *ast.SubqueryExpr:
		n, err := s.derived(t.Query, w.f.Name, s.m.At(t))
		return n, w.f.Name, err
	case *ast.ColumnNameExpr:
		if t.Name.Table.O != "" {
			return nil, "", s.m.Errorf(t, "tables have no schema name before them")
		}
		n, err := s.table(t.Name.Name.O, s.m.At(t))
		return n, t.Name.Name.O, err
	}
	return nil, "", s.m.Errorf(w.data, "%s takes a table here", w.f.Name).WithHint("%s", usage(w.f))
}

// windowed puts the windows beside the rows of a plan.
func (s *session) windowed(w *windowCall, in logical.Node, sc *scope) (logical.Node, error) {
	if w.partition != nil && w.f.Name != "session" {
		return nil, s.m.Errorf(w.partition[0], "the windows of %s are the same for every row", w.f.Name).
			WithHint("leave PARTITION BY out; GROUP BY may name more than the window")
	}
	nodes := []ast.ExprNode{w.at}
	at, err := s.scalar(w.at, sc, "DESCRIPTOR")
	if err != nil {
		return nil, err
	}
	args := []expr.Expr{at}
	b := &binding{session: s, in: sc, clause: strings.ToUpper(w.f.Name)}
	for _, n := range w.rest {
		if n == nil {
			continue
		}
		e, err := b.length(n)
		if err != nil {
			return nil, err
		}
		nodes, args = append(nodes, n), append(args, e)
	}
	place := func(arg int) ast.Node { return nodes[arg] }
	if w.f.Name != "session" {
		return s.addWindows(w.f, in, args, place)
	}
	partition := make([]expr.Expr, len(w.partition))
	for i, n := range w.partition {
		if partition[i], err = s.scalar(n, sc, "PARTITION BY"); err != nil {
			return nil, err
		}
		if partition[i].Type().Kind == types.Interval {
			return nil, s.m.Errorf(n, "PARTITION BY cannot take an INTERVAL")
		}
	}
	return s.addSessions(w.f, in, partition, args, place)
}

// length binds an argument that may be an INTERVAL.
func (b *binding) length(n ast.ExprNode) (expr.Expr, error) {
	e, err := b.operand(n)
	if f, ok := e.(*fixedSpan); ok {
		return f.Expr, err
	}
	return e, err
}

// addSessions puts the sessions of each partition beside the rows of a plan. The arguments
// are the time and the gap.
func (s *session) addSessions(f *function.Table, in logical.Node, partition, args []expr.Expr, node func(int) ast.Node) (logical.Node, error) {
	bound, err := s.bindWindows(f, args, node)
	if err != nil {
		return nil, err
	}
	width := in.Schema().Len()
	p := &logical.Project{Input: in, Names: in.Schema().Names()}
	for i, f := range in.Schema().Fields {
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
	}
	column := func(e expr.Expr) int {
		if c, ok := e.(*expr.Column); ok {
			return c.Index
		}
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, e.String())
		return len(p.Exprs) - 1
	}
	x := &logical.Session{Gap: known(args[1]).(vec.IntervalValue).Micros, Columns: bound.Columns}
	for _, e := range partition {
		x.Partition = append(x.Partition, column(e))
	}
	x.Time = column(args[0])
	if x.Input = in; len(p.Exprs) == width {
		return x, nil
	}
	x.Input = p
	shown := &logical.Project{Input: x}
	for i, f := range x.Schema().Fields {
		if i < width || i >= len(p.Exprs) {
			shown.Exprs, shown.Names = append(shown.Exprs, &expr.Column{Index: i, Field: f}), append(shown.Names, f.Name)
		}
	}
	return shown, nil
}

// addWindows puts the windows that a function gives beside the rows of a plan. The first
// argument is the time; node gives the place of each.
func (s *session) addWindows(f *function.Table, in logical.Node, args []expr.Expr, node func(int) ast.Node) (logical.Node, error) {
	bound, err := s.bindWindows(f, args, node)
	if err != nil {
		return nil, err
	}
	return &logical.Expand{Input: in, Func: bound, Args: args, Names: types.NewSchema(bound.Columns...).Names()}, nil
}

// bindWindows resolves a function and converts its arguments in place.
func (s *session) bindWindows(f *function.Table, args []expr.Expr, node func(int) ast.Node) (*function.BoundTable, error) {
	var have []types.Type
	var constants []any
	for _, e := range args {
		have, constants = append(have, e.Type()), append(constants, known(e))
	}
	bound, err := f.Resolve(have, constants)
	if err != nil {
		var of *function.ArgumentError
		if !errors.As(err, &of) {
			return nil, s.m.Errorf(node(0), "%v", err)
		}
		out := s.m.Errorf(node(of.Arg), "%v", err)
		if of.Hint != "" {
			out = out.WithHint("%s", of.Hint)
		}
		return nil, out
	}
	for i := range args {
		args[i] = expr.NewCast(args[i], bound.Args[i])
	}
	return bound, nil
}
