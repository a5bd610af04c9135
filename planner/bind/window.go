package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A windowRef stands in an expression for a call OVER a window until the plan is put
// together. Its parts are over what the query has grouped, or else over its input.
type windowRef struct {
	call      logical.WindowCall
	partition []expr.Expr
	order     []expr.Expr
	desc      []bool
}

// Type implements expr.Expr.
func (w *windowRef) Type() types.Type { return w.call.Returns }

// NotNull implements expr.Expr.
func (w *windowRef) NotNull() bool { return false }

// Children implements expr.Expr.
func (w *windowRef) Children() []expr.Expr {
	return slices.Concat(w.call.Exprs(), w.partition, w.order)
}

// WithChildren implements expr.Expr.
func (w *windowRef) WithChildren(c []expr.Expr) expr.Expr {
	out := *w
	n, p := len(w.call.Exprs()), len(w.partition)
	out.call = w.call.WithExprs(c[:n:n])
	out.partition, out.order = c[n:n+p:n+p], c[n+p:]
	return &out
}

// String implements expr.Expr.
func (w *windowRef) String() string { return w.call.String() }

// Identity implements expr.Identified.
func (w *windowRef) Identity() string {
	f := w.call.Frame
	var order []bool
	for _, o := range w.call.Order {
		order = append(order, o.Desc)
	}
	return fmt.Sprint(w.call.Name, len(w.call.Args), w.call.IgnoreNulls, w.call.Distinct, order, w.call.Filter != nil, len(w.partition), w.desc,
		f.Unit, f.From.Kind, f.From.Offset, f.To.Kind, f.To.Offset, w.call.Bind == nil)
}

// over binds a call OVER a window; filter is the condition of its FILTER, nil for none.
func (b *binding) over(x *ast.WindowFuncExpr, filter ast.ExprNode) (expr.Expr, error) {
	return b.overCall(overCall{name: strings.ToLower(x.Name), args: x.Args, distinct: x.Distinct, ignoreNulls: x.IgnoreNull, fromLast: x.FromLast, spec: &x.Spec, filter: filter, at: x})
}

// An overCall is a call with its window, as it is written.
type overCall struct {
	name                            string
	args                            []ast.ExprNode
	distinct, ignoreNulls, fromLast bool
	order                           *ast.OrderByClause // among the arguments; nil for none
	spec                            *ast.WindowSpec
	filter                          ast.ExprNode
	at                              ast.Node
}

func (b *binding) overCall(c overCall) (expr.Expr, error) {
	switch {
	case b.windows == nil && b.clause == "":
		return nil, b.m.Errorf(c.at, "a window function cannot stand here")
	case b.windows == nil:
		return nil, b.m.Errorf(c.at, "%s cannot hold a window function", b.clause).
			WithHint("QUALIFY tests what window functions give, and so does WHERE of a query around this one")
	case c.fromLast:
		return nil, b.m.Errorf(c.at, "FROM LAST is not supported").WithHint("order the window the other way round")
	}
	in := &binding{session: b.session, in: b.in, aggregate: b.aggregate, alias: b.alias, clause: "an argument of a window function"}
	if b.aggregate == nil {
		in.clause = "a window"
	}
	w := &windowRef{}
	spec, err := b.windows.spec(c.spec, c.at)
	if err != nil {
		return nil, err
	}
	if err := in.window(w, spec); err != nil {
		return nil, err
	}
	values := c.args
	if f, ok := b.Functions.Aggregate(c.name); ok && f.Name == "group_concat" && len(values) > 2 {
		values = joinedArguments(values, c.distinct, c.at)
	}
	args, err := in.exprs(values)
	if err != nil {
		return nil, err
	}
	if err := in.windowFunction(w, c, args); err != nil {
		return nil, err
	}
	if w.call.HasFrame() {
		if err := in.frame(w, spec.Frame, c.at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// window binds PARTITION BY and ORDER BY.
func (b *binding) window(w *windowRef, spec *ast.WindowSpec) error {
	if spec.PartitionBy != nil {
		for _, item := range spec.PartitionBy.Items {
			e, err := b.expr(item.Expr)
			if err != nil {
				return err
			}
			if e.Type().Kind == types.Interval {
				return b.m.Errorf(item.Expr, "PARTITION BY cannot take an INTERVAL")
			}
			w.partition = append(w.partition, e)
		}
	}
	if spec.OrderBy != nil {
		for _, item := range orderItems(spec.OrderBy) {
			e, err := b.expr(item.expr)
			if err != nil {
				return err
			}
			if e.Type().Kind == types.Interval {
				return b.m.Errorf(item.expr, "ORDER BY cannot take an INTERVAL")
			}
			if e, err = b.sortedBy(e, item.expr); err != nil {
				return err
			}
			if item.apart {
				w.order, w.desc = append(w.order, &expr.IsNull{Arg: e}), append(w.desc, item.desc)
			}
			w.order, w.desc = append(w.order, e), append(w.desc, item.desc)
		}
	}
	return nil
}

// spec resolves a window's name, and that of a window which it is built on.
func (b *selection) spec(s *ast.WindowSpec, at ast.Node) (*ast.WindowSpec, error) {
	name := s.Ref
	if s.OnlyAlias {
		name = s.Name
	}
	if name.O == "" {
		return s, nil
	}
	if b.depth++; b.depth > len(b.windowSpecs)+1 {
		return nil, b.m.Errorf(at, "window %s is built on itself", name.O)
	}
	defer func() { b.depth-- }()
	base, ok := b.windowSpecs[name.L]
	if !ok {
		return nil, b.m.Errorf(at, "there is no window %s", name.O).WithHint("WINDOW %s AS (…) behind HAVING makes one", name.O)
	}
	base, err := b.spec(base, at)
	if err != nil || s.OnlyAlias {
		return base, err
	}
	out := *s
	switch {
	case s.PartitionBy != nil:
		return nil, b.m.Errorf(at, "a window built on %s has its PARTITION BY", name.O)
	case s.OrderBy != nil && base.OrderBy != nil:
		return nil, b.m.Errorf(at, "a window built on %s has its ORDER BY", name.O)
	case base.Frame != nil:
		return nil, b.m.Errorf(at, "window %s has a frame, so that none can be built on it", name.O)
	}
	out.PartitionBy = base.PartitionBy
	if s.OrderBy == nil {
		out.OrderBy = base.OrderBy
	}
	return &out, nil
}

// hasWindow reports that an expression reads a window function.
func hasWindow(e expr.Expr) bool {
	return !expr.Walk(e, func(x expr.Expr) bool { _, ok := x.(*windowRef); return !ok })
}

// named collects the windows of a WINDOW clause and the condition of QUALIFY.
func (b *selection) named(specs []ast.WindowSpec) error {
	b.windowSpecs = map[string]*ast.WindowSpec{}
	for i := range specs {
		s := &specs[i]
		if strings.EqualFold(s.Name.O, sql.MarkerQualify) {
			b.qualify = s.PartitionBy.Items[0].Expr
			continue
		}
		if _, ok := b.windowSpecs[s.Name.L]; ok {
			return sql.Errorf(b.m.Source, b.m.NameAfter(b.m.WordAfter(b.start, "WINDOW"), s.Name.O), "WINDOW names %s twice", s.Name.O)
		}
		b.windowSpecs[s.Name.L] = s
	}
	return nil
}

// windowPlan puts the windows that the result's expressions read above a plan, one node
// for all calls with one partition and one order, and QUALIFY above these.
func (b *selection) windowPlan(n logical.Node) logical.Node {
	p := &windowPlan{input: n, width: n.Schema().Len()}
	all := b.exprs
	if b.qualified != nil {
		all = append(slices.Clone(all), b.qualified)
	}
	for _, e := range all {
		expr.Walk(e, func(x expr.Expr) bool {
			if w, ok := x.(*windowRef); ok {
				p.add(w)
			}
			return true
		})
	}
	if len(p.refs) == 0 {
		if b.qualified != nil {
			return &logical.Filter{Input: n, Pred: b.qualified}
		}
		return n
	}
	out := p.plan()
	for i, e := range b.exprs {
		b.exprs[i] = p.read(e, out)
	}
	if b.qualified != nil {
		out = &logical.Filter{Input: out, Pred: p.read(b.qualified, out)}
	}
	return out
}
