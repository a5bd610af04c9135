package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A timeGroup is what window(time, …) or session_window(time, …) means in a query: columns
// beside those of FROM, known as window.start and window.end, and both together as window.
type timeGroup struct {
	name string
	f    *function.Table
	args []expr.Expr
	row  expr.Expr // ROW(start, end)
	ends []expr.Expr
}

func isTimeGroup(name string) bool { return name == "window" || name == "session_window" }

// timeGroups collects the calls of window and session_window, but for those of subqueries.
type timeGroups struct{ calls []*ast.FuncCallExpr }

// Enter implements ast.Visitor.
func (v *timeGroups) Enter(n ast.Node) (ast.Node, bool) {
	switch x := n.(type) {
	case *ast.SubqueryExpr:
		return n, true
	case *ast.FuncCallExpr:
		if isTimeGroup(x.FnName.L) {
			v.calls = append(v.calls, x)
			return n, true
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *timeGroups) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// timeGroup puts the windows that a query groups by beside its rows.
func (s *session) timeGroup(x *ast.SelectStmt, in logical.Node, sc *scope) (logical.Node, *scope, error) {
	v := &timeGroups{}
	if x.GroupBy != nil {
		x.GroupBy.Accept(v)
	}
	if x.Fields != nil {
		x.Fields.Accept(v)
	}
	if len(v.calls) == 0 {
		return in, sc, nil
	}
	call := v.calls[0]
	g, nodes, err := s.timeGroupOf(call, sc)
	if err != nil {
		return nil, nil, err
	}
	node := func(arg int) ast.Node { return nodes[arg] }
	var out logical.Node
	if g.f.Name == "session" {
		partition, err := s.otherGroups(x, call, sc)
		if err != nil {
			return nil, nil, err
		}
		out, err = s.addSessions(g.f, in, partition, g.args, node)
		if err != nil {
			return nil, nil, err
		}
	} else if out, err = s.addWindows(g.f, in, g.args, node); err != nil {
		return nil, nil, err
	}
	width := len(sc.fields)
	own := newScope(g.name, types.NewSchema(out.Schema().Fields[width:]...))
	own.fields = slices.Clone(own.fields)
	for i, name := range []string{"start", "end", "time"} {
		own.fields[i].Name, own.shadowed[i] = name, true
	}
	own.star = nil
	scope := sc.beside(own)
	g.ends = []expr.Expr{&expr.Column{Index: width, Field: scope.fields[width]}, &expr.Column{Index: width + 1, Field: scope.fields[width+1]}}
	if g.row, err = s.windowRow(g.ends, call); err != nil {
		return nil, nil, err
	}
	scope.window = g
	return out, scope, nil
}

// windowRow is the ends of a window as one value.
func (s *session) windowRow(ends []expr.Expr, n ast.Node) (expr.Expr, error) {
	f, ok := s.Functions.Scalar("row")
	if !ok {
		return nil, s.notYet(n, "a window as a value")
	}
	row, err := (&binding{session: s}).scalarCall(f, slices.Clone(ends), n)
	if err != nil {
		return nil, err
	}
	t := types.Type{Kind: types.Row}
	for i, name := range []string{"start", "end"} {
		t.Fields = append(t.Fields, types.Field{Name: name, Type: ends[i].Type()})
	}
	return expr.NewCast(row, t), nil
}

// timeGroupOf binds the arguments of window(time, size[, slide[, offset]]) or
// session_window(time, gap), in the order that the table function takes them, and returns
// where each stands.
func (s *session) timeGroupOf(call *ast.FuncCallExpr, sc *scope) (*timeGroup, []ast.Node, error) {
	g := &timeGroup{name: call.FnName.L}
	most, usage := 4, "window(time, 'size'[, 'slide'[, 'offset']])"
	if g.name == "session_window" {
		most, usage = 2, "session_window(time, 'gap')"
	}
	if len(call.Args) < 2 || len(call.Args) > most {
		return nil, nil, s.m.Errorf(call, "%s takes 2 to %d arguments, not %d", g.name, most, len(call.Args)).WithHint("%s", usage)
	}
	at, err := s.scalar(call.Args[0], sc, g.name)
	if err != nil {
		return nil, nil, err
	}
	args, nodes := []expr.Expr{at}, []ast.Node{call.Args[0]}
	for _, n := range call.Args[1:] {
		e, err := s.duration(n, sc)
		if err != nil {
			return nil, nil, err
		}
		args, nodes = append(args, e), append(nodes, n)
	}
	name := "tumble"
	switch {
	case g.name == "session_window":
		name = "session"
	case len(args) > 2 && expr.Equal(args[1], args[2]):
		args, nodes = slices.Delete(args, 2, 3), slices.Delete(nodes, 2, 3)
	case len(args) > 2:
		name = "hop"
		args[1], args[2] = args[2], args[1]
		nodes[1], nodes[2] = nodes[2], nodes[1]
	}
	g.args = args
	var ok bool
	if g.f, ok = s.Functions.Table(name); !ok {
		return nil, nil, s.notYet(call, g.name)
	}
	return g, nodes, nil
}

// duration reads a length of time: an INTERVAL, or a text such as '1 hour 30 minutes'.
func (s *session) duration(n ast.ExprNode, sc *scope) (expr.Expr, error) {
	e, err := (&binding{session: s, in: sc, clause: "a length of time"}).length(n)
	if err != nil {
		return nil, err
	}
	l, ok := e.(*expr.Literal)
	if !ok || l.T.Kind != types.Varchar || l.Value == nil {
		return e, nil
	}
	v, ok := parseDuration(l.Value.(string))
	if !ok {
		return nil, s.m.Errorf(n, "%s is not a length of time", l).WithHint("as in '10 minutes' or '1 hour 30 minutes'")
	}
	return &expr.Literal{T: types.Of(types.Interval), Value: v}, nil
}

func parseDuration(text string) (vec.IntervalValue, bool) {
	words := strings.Fields(strings.ToUpper(text))
	if len(words) > 0 && words[0] == "INTERVAL" {
		words = words[1:]
	}
	var out vec.IntervalValue
	for i := 0; i+1 < len(words); i += 2 {
		count, err := strconv.ParseInt(words[i], 10, 32)
		unit := words[i+1]
		if monthsIn[unit] == 0 && microsIn[unit] == 0 {
			unit = strings.TrimSuffix(unit, "S")
		}
		if err != nil || monthsIn[unit] == 0 && microsIn[unit] == 0 {
			return out, false
		}
		out.Months += count * monthsIn[unit]
		out.Micros += count * microsIn[unit]
	}
	return out, len(words) > 0 && len(words)%2 == 0
}

// otherGroups are what a query groups by beside its sessions: each of them has its own.
func (s *session) otherGroups(x *ast.SelectStmt, call *ast.FuncCallExpr, sc *scope) ([]expr.Expr, error) {
	if x.GroupBy == nil {
		return nil, nil
	}
	var out []expr.Expr
	for _, item := range x.GroupBy.Items {
		n := groupNode(x, item.Expr, sc)
		switch t := n.(type) {
		case *ast.FuncCallExpr:
			if t.FnName.L == call.FnName.L {
				continue
			}
			if x.GroupBy.Rollup || isSets(t.FnName.L) {
				return nil, s.m.Errorf(call, "sessions cannot be grouped by several sets")
			}
		case *ast.ColumnNameExpr:
			if t.Name.Table.L == call.FnName.L || t.Name.Name.L == call.FnName.L && t.Name.Table.O == "" {
				continue
			}
		}
		e, err := s.scalar(n, sc, "GROUP BY")
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func isSets(name string) bool {
	return slices.Contains([]string{sql.MarkerRollup, sql.MarkerCube, sql.MarkerGroupingSets, sql.MarkerEmpty}, name)
}

// groupNode is the expression that an item of GROUP BY stands for: a result column where it
// is its number or its alias.
func groupNode(x *ast.SelectStmt, n ast.ExprNode, sc *scope) ast.ExprNode {
	switch t := n.(type) {
	case *ast.PositionExpr:
		if t.N >= 1 && t.N <= len(x.Fields.Fields) && x.Fields.Fields[t.N-1].Expr != nil {
			return x.Fields.Fields[t.N-1].Expr
		}
	case *ast.ColumnNameExpr:
		if t.Name.Table.O != "" || len(sc.find(t.Name.Name.O)) > 0 {
			return n
		}
		for _, f := range x.Fields.Fields {
			if f.Expr != nil && f.AsName.L == t.Name.Name.L {
				return f.Expr
			}
		}
	}
	return n
}

// timeGroup binds a call of window or session_window: the one that the query has.
func (b *binding) timeGroup(x *ast.FuncCallExpr) (expr.Expr, error) {
	if b.in == nil || b.in.window == nil {
		return nil, b.m.Errorf(x, "%s belongs in GROUP BY or in the list of SELECT", x.FnName.L)
	}
	g, _, err := b.timeGroupOf(x, b.in)
	if err != nil {
		return nil, err
	}
	have := b.in.window
	if g.f != have.f || !slices.EqualFunc(g.args, have.args, func(e, own expr.Expr) bool { return expr.Equal(expr.NewCast(e, own.Type()), own) }) {
		return nil, b.m.Errorf(x, "a query has one %s; this is another", have.name).WithHint("write FROM TUMBLE(…), HOP(…) or SESSION(…) with a name for each")
	}
	return have.row, nil
}

// windowNamed is what a bare name means: the window, where it is called so.
func (sc *scope) windowNamed(name *ast.ColumnName) expr.Expr {
	if sc.window == nil || name.Table.O != "" || !strings.EqualFold(name.Name.O, sc.window.name) {
		return nil
	}
	return sc.window.row
}

// parts are the expressions to group by in the place of one: the ends of a window.
func (sc *scope) parts(e expr.Expr) []expr.Expr {
	if sc.window != nil && expr.Equal(e, sc.window.row) {
		return sc.window.ends
	}
	return []expr.Expr{e}
}
