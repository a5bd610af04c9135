package lower

import (
	"slices"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// aggregate computes keys and arguments where the rows are, and routes the rows to
// the worker that owns their group where there are several.
func (l *lowering) aggregate(a *logical.Aggregate, in exec.Plan, c closed, print *print) exec.Plan {
	out := &exec.Aggregate{
		Input: in, Group: a.Group, Out: a.Schema(), AppendOnly: appends(a.Input),
		Closes: c.column, Until: c.until, Final: c.final,
	}
	if out.Closes == 0 {
		out.Forget = a.Forget
	}
	for _, c := range a.Calls {
		out.Calls = append(out.Calls, aggregateCall(c, out.AppendOnly))
	}
	if l.workers <= 1 || a.Stays() {
		return l.name(print, out)
	}
	keys := a.Routes()
	if split := l.partial(print, out, keys); split != nil {
		return l.name(print, split)
	}
	p := &exec.Project{Input: in, AppendOnly: out.AppendOnly, Out: &types.Schema{}}
	routed := map[int]expr.Expr{} // the columns of the input that are routed
	column := func(e expr.Expr) expr.Expr {
		c, plain := e.(*expr.Column)
		if plain && routed[c.Index] != nil {
			return routed[c.Index]
		}
		f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
		at := &expr.Column{Index: len(p.Exprs), Field: f}
		p.Exprs = append(p.Exprs, e)
		p.Out.Fields = append(p.Out.Fields, f)
		if plain {
			routed[c.Index] = at
		}
		return at
	}
	out.Group = slices.Clone(a.Group)
	for i, g := range out.Group {
		out.Group[i] = column(g)
	}
	for i, k := range keys {
		keys[i] = out.Group[k].(*expr.Column).Index
	}
	for i := range out.Calls {
		out.Calls[i].Replace(func(e expr.Expr) expr.Expr {
			if _, constant := e.(*expr.Literal); constant {
				return e
			}
			return column(e)
		})
	}
	out.Input = &exec.Exchange{Input: p, Keys: keys}
	return l.name(print, out)
}

// aggregateCall brings a call into the form in which it runs: a filter stays one where
// rows are kept one by one, by a fold or a DISTINCT; elsewhere it makes the arguments
// NULL, which count for nothing.
func aggregateCall(c logical.Call, appendOnly bool) exec.AggregateCall {
	out := exec.AggregateCall{Func: c.Bind, Name: c.Func.Name, Args: c.Args, Distinct: c.Distinct, Filter: c.Filter}
	if by := c.Bind.By; by != nil {
		out.Order = append(out.Order, exec.Ordering{Expr: c.Args[by.Argument], Desc: by.Desc})
	}
	for _, o := range c.Order {
		out.Order = append(out.Order, exec.Ordering{Expr: o.Expr, Desc: o.Desc})
	}
	slot := out.Slot(appendOnly) != nil
	switch {
	case c.Filter == nil && c.Distinct && slot:
		unguard(&out)
	case c.Filter == nil:
	case slot && !c.Distinct:
		if len(c.Args) == 0 { // COUNT(*)
			out.Args = []expr.Expr{&expr.Literal{T: types.Of(types.BigInt), Value: int64(1)}}
		}
		first := true
		out.Replace(func(e expr.Expr) expr.Expr {
			if e == c.Filter || !first && !expr.CanFail(e) {
				return e
			}
			first = false
			return guarded(c.Filter, e)
		})
		out.Filter = nil
	default:
		out.Replace(func(e expr.Expr) expr.Expr {
			if e == c.Filter || !expr.CanFail(e) {
				return e
			}
			return guarded(c.Filter, e)
		})
	}
	return out
}

// guarded is NULL where a condition is not TRUE, and then not even computed.
func guarded(cond, e expr.Expr) expr.Expr {
	return &expr.Case{Whens: []expr.When{{Cond: cond, Then: e}}, T: e.Type()}
}

// unguard turns an argument CASE WHEN c THEN x END, which is how a filter is written
// without FILTER, back into one: then several of them share the values of x.
func unguard(c *exec.AggregateCall) {
	if len(c.Args) != 1 {
		return
	}
	x, ok := c.Args[0].(*expr.Case)
	if !ok || x.Else != nil || len(x.Whens) != 1 {
		return
	}
	if w := x.Whens[0]; w.Then.Type().Equal(x.T) && !expr.CanFail(w.Then) {
		c.Args, c.Filter = []expr.Expr{w.Then}, w.Cond
	}
}
