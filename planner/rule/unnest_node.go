package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// node returns the rows of a plan for many values of the parameters, the values beside
// them as its last columns: for every value of the domain all rows that the plan has
// for it. nil is what cannot be computed so.
func (u *unnesting) node(n logical.Node) logical.Node {
	if !u.depends(n) {
		return u.cross(n)
	}
	width := n.Schema().Len()
	switch x := n.(type) {
	case *logical.Filter:
		return u.filter(x)
	case *logical.Join:
		return u.pairs(x)
	case *logical.Asof:
		return u.asof(x)
	case *logical.Union:
		return u.union(x)
	case *logical.SetOp:
		l, r := u.node(x.Left), u.node(x.Right)
		if l == nil || r == nil {
			return nil
		}
		return &logical.SetOp{Left: l, Right: r, Except: x.Except, All: x.All, Names: u.names(x.Names)}
	case *logical.Aggregate:
		return u.aggregate(x)
	case *logical.Recursive:
		return u.recursive(x)
	case *logical.Self:
		return u.selves[x]
	case *logical.Project, *logical.TopN, *logical.Window, *logical.Expand, *logical.Session, *logical.TimeFilter:
	default:
		return nil
	}
	before := n.Inputs()[0].Schema().Len()
	in := u.node(n.Inputs()[0])
	if in == nil {
		return nil
	}
	values := u.values(in, before)
	out := logical.WithExprs(n, givenAll(logical.Exprs(n), values)).WithInputs([]logical.Node{in})
	switch x := out.(type) {
	case *logical.Project:
		return &logical.Project{Input: in, Exprs: slices.Concat(x.Exprs, values), Names: u.names(x.Names)}
	case *logical.TopN:
		out = &logical.TopN{
			Input: in, Partition: u.partition(x.Partition, before), Keys: x.Keys,
			Limit: x.Limit, Offset: x.Offset, By: x.By, Ties: x.Ties, Number: x.Number,
		}
	case *logical.Session:
		moved := *x
		moved.Partition = u.partition(x.Partition, before)
		out = &moved
	case *logical.Window:
		out = &logical.Window{Input: in, Partition: u.partition(x.Partition, before), Keys: x.Keys, Calls: x.Calls}
	}
	if width == before {
		return out
	}
	return u.last(out, before)
}

// names adds the values' names.
func (u *unnesting) names(names []string) []string {
	out := slices.Clone(names)
	for _, p := range u.params {
		out = append(out, p.Field.Name)
	}
	return out
}

// partition adds the values, which stand from column width on.
func (u *unnesting) partition(columns []int, width int) []int {
	out := slices.Clone(columns)
	for i := range u.params {
		out = append(out, width+i)
	}
	return out
}

// last moves the values, which begin at a column, behind all others.
func (u *unnesting) last(n logical.Node, at int) *logical.Project {
	p := &logical.Project{Input: n}
	fields := n.Schema().Fields
	take := func(from, to int) {
		for i := from; i < to; i++ {
			p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: fields[i]})
			p.Names = append(p.Names, fields[i].Name)
		}
	}
	take(0, at)
	take(at+len(u.params), len(fields))
	take(at, at+len(u.params))
	return p
}

// filter is where most parameters stand. Equalities with all of them make the values
// known from the rows themselves.
func (u *unnesting) filter(f *logical.Filter) logical.Node {
	if !u.depends(f.Input) {
		if out := u.known(f); out != nil {
			return out
		}
	}
	if x, ok := f.Input.(*logical.Filter); ok { // as one, so that all equalities are seen
		return u.filter(&logical.Filter{Input: x.Input, Pred: expr.AndOf(x.Pred, f.Pred)})
	}
	in := u.node(f.Input)
	if in == nil {
		return nil
	}
	pred := given(f.Pred, u.values(in, f.Schema().Len()))
	if j, ok := in.(*logical.Join); ok && j.Right == u.domain && j.On == nil && j.Kind == logical.Inner {
		return &logical.Join{Left: j.Left, Right: j.Right, Kind: logical.Inner, On: pred}
	}
	return &logical.Filter{Input: in, Pred: pred}
}

// known puts beside each row the values for which it passes, where the condition is an
// equality with each parameter.
func (u *unnesting) known(f *logical.Filter) logical.Node {
	if u.exact {
		return nil
	}
	values := make([]expr.Expr, len(u.params))
	var rest []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if at, e := equated(c); e != nil && values[at] == nil && e.Type().Equal(u.params[at].Field.Type) {
			if c.(*expr.Compare).Op == expr.Eq && !e.NotNull() {
				rest = append(rest, &expr.IsNull{Arg: e, Negated: true})
				e = present(e)
			}
			values[at] = e
			continue
		}
		rest = append(rest, c)
	}
	if slices.Contains(values, nil) {
		return nil
	}
	in := f.Input
	if len(rest) > 0 {
		in = &logical.Filter{Input: in, Pred: expr.AndOf(givenAll(rest, values)...)}
	}
	out := beside(in)
	out.Exprs, out.Names = append(out.Exprs, values...), u.names(out.Names)
	return out
}

// present is an expression of which a condition has left no NULL.
func present(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		f := c.Field
		f.NotNull = true
		return &expr.Column{Index: c.Index, Field: f}
	}
	return e
}

// equated returns the parameter that a condition says is equal to an expression without
// parameters, and that expression; nil for any other condition.
func equated(c expr.Expr) (int, expr.Expr) {
	x, ok := c.(*expr.Compare)
	if !ok || x.Op != expr.Eq && x.Op != expr.NullSafeEq || !exact(x.L.Type()) {
		return 0, nil
	}
	l, r := x.L, x.R
	p, ok := l.(*logical.Param)
	if !ok {
		l, r = r, l
		p, ok = l.(*logical.Param)
	}
	if !ok || logical.HasParam(r) || !pure(r) {
		return 0, nil
	}
	return p.Index, r
}

// union computes each branch.
func (u *unnesting) union(x *logical.Union) logical.Node {
	out := &logical.Union{Names: u.names(x.Names)}
	for _, in := range x.Ins {
		n := u.node(in)
		if n == nil {
			return nil
		}
		out.Ins = append(out.Ins, n)
	}
	return out
}

// aggregate groups by the values, too. An aggregate without groups has a row for each
// value of the domain.
func (u *unnesting) aggregate(a *logical.Aggregate) logical.Node {
	if len(a.Group) == 0 {
		groups := u.groups(a)
		if groups == nil {
			return nil
		}
		out := u.filled(u.domain, u.values(u.domain, 0), groups, a)
		if out == nil {
			return nil
		}
		return u.last(out, 0)
	}
	in := u.node(a.Input)
	if in == nil {
		return nil
	}
	values := u.values(in, a.Input.Schema().Len())
	out := &logical.Aggregate{
		Input: in, Group: slices.Concat(givenAll(a.Group, values), values),
		Names: u.names(a.Names), Calls: u.calls(a, values),
	}
	return u.last(out, len(a.Group))
}
