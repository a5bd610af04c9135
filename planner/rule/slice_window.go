package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// SliceWindow counts the rows of windows that overlap once, by slices of time that lie whole
// in or outside of every window, and makes the windows of the slices.
//
//	Aggregate count(*) BY window_end, k  =>  Aggregate sum(n) BY window_end, k
//	└─ Expand hop(ts, 1 s, 1 min)            └─ Expand hop(slice, 1 s, 1 min)
//	   └─ t                                     └─ Aggregate count(*) AS n BY slice, k
//	                                               └─ Expand tumble(ts, 1 s) AS slice
//	                                                  └─ t
//
// So a row costs as much whatever the number of windows, and an epoch the slices that change.
// For functions that make the value of a whole of those of its parts, and AVG, which is the
// quotient of two: not for a SUM of floats, which depends on the order of its additions. Not
// where there are gaps between windows, whose rows would be counted. Where windows are few
// nothing is won. The slices of a key are made by one worker, and so are then its windows.
var SliceWindow = Rule{Name: "SliceWindow", Rewrite: sliceWindow, Whole: true}

// minWindows is how many windows a row is in at least for slices to be worth it.
const minWindows = 3

func sliceWindow(n logical.Node) (logical.Node, bool) {
	changed := false
	n = logical.Transform(n, func(n logical.Node) logical.Node {
		if a, ok := n.(*logical.Aggregate); ok && a.Sets == nil && len(a.Group) > 0 {
			if out := sliced(a); out != nil {
				changed = true
				return out
			}
		}
		return n
	})
	return n, changed
}

// sliced is an aggregate over windows by their slices, nil where that is not possible.
func sliced(a *logical.Aggregate) logical.Node {
	x, ok := a.Input.(*logical.Expand)
	if !ok || x.Outer || x.Func.Slices == nil || x.Func.Slices.Windows < minWindows {
		return nil
	}
	width, of := x.Input.Schema().Len(), x.Func.Slices
	slice := &logical.Expand{
		Input: x.Input, Func: of.Func, Args: []expr.Expr{x.Args[0], expr.Micros(of.Size)},
		Names: types.NewSchema(of.Func.Columns...).Names(),
	}
	if of.Offset != 0 {
		slice.Args = append(slice.Args, expr.Micros(of.Offset))
	}
	begin := &expr.Column{Index: width, Field: slice.Schema().Fields[width]}
	parts := &logical.Aggregate{Input: slice, Group: []expr.Expr{begin}, Names: []string{"slice"}}
	groups := make([]int, len(a.Group)) // where each is in parts, -1 for those of windows
	for i, g := range a.Group {
		switch {
		case !pure(g):
			return nil
		case !readsFrom(g, width):
			groups[i] = len(parts.Group)
			parts.Owned = append(parts.Owned, groups[i])
			parts.Group, parts.Names = append(parts.Group, g), append(parts.Names, a.Names[i])
		case readsBelow(g, width):
			return nil
		default:
			groups[i] = -1
		}
	}
	for _, c := range a.Calls {
		if !separable(c, width) {
			return nil
		}
		of, ok := partsOf(c)
		if !ok {
			return nil
		}
		parts.Calls = append(parts.Calls, of...)
	}
	var whole []logical.Call
	for i, c := range parts.Calls {
		w, ok := wholeOf(c, len(parts.Group)+i)
		if !ok {
			return nil
		}
		whole = append(whole, w)
	}
	windows := &logical.Expand{
		Input: parts, Func: x.Func, Names: x.Names,
		Args: append([]expr.Expr{&expr.Column{Index: 0, Field: parts.Schema().Fields[0]}}, x.Args[1:]...),
	}
	out := &logical.Aggregate{Input: windows, Names: a.Names, Calls: whole, Local: parts.Owned != nil}
	moved := parts.Schema().Len() - width
	for i, g := range a.Group {
		if at := groups[i]; at >= 0 {
			g = &expr.Column{Index: at, Field: parts.Schema().Fields[at]}
		} else {
			g = expr.Transform(g, func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok {
					return &expr.Column{Index: c.Index + moved, Field: c.Field}
				}
				return e
			})
		}
		out.Group = append(out.Group, g)
	}
	return asked(out, a)
}

// readsBelow reports that an expression reads a column before one.
func readsBelow(e expr.Expr, first int) bool {
	return !expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		return !ok || c.Index >= first
	})
}

// separable reports that a call can be computed of parts: it reads columns of the rows alone.
func separable(c logical.Call, width int) bool {
	switch {
	case c.Distinct || len(c.Order) > 0 || c.Func.Whole == nil && !c.Func.Parts && c.Func.Quotient == nil:
		return false
	case c.Bind.Returns.IsFloat() && !c.Func.Idempotent:
		return false
	}
	return !slices.ContainsFunc(c.Exprs(), func(e expr.Expr) bool { return !pure(e) || readsFrom(e, width) })
}

// addedDigits is how many digits a sum has more than its values at most: 10^10 of them.
const addedDigits = 10

// partsOf are the calls that a call is computed of where there are parts: itself, or those of
// which it is the quotient. These may not overflow where it does not.
func partsOf(c logical.Call) ([]logical.Call, bool) {
	if c.Func.Quotient == nil {
		return []logical.Call{c}, true
	}
	have := make([]types.Type, len(c.Args))
	for i, e := range c.Args {
		have[i] = e.Type()
		if d, ok := types.DecimalDigits(have[i]); !ok || d.Precision > types.MaxPrecision-addedDigits {
			return nil, false
		}
	}
	var out []logical.Call
	for _, f := range c.Func.Quotient {
		bound, err := f.Bind(have)
		if err != nil {
			return nil, false
		}
		p := c
		p.Func, p.Bind, p.Args = f, bound, slices.Clone(c.Args)
		for i, t := range bound.Args {
			p.Args[i] = expr.NewCast(p.Args[i], t)
		}
		out = append(out, p)
	}
	return out, true
}

// wholeOf makes the value of a whole of what a call gives for its parts, which is a column.
func wholeOf(c logical.Call, column int) (logical.Call, bool) {
	f := c.Func.Whole
	if f == nil {
		f = c.Func
	}
	bound, err := f.Bind([]types.Type{c.Bind.Returns})
	if err != nil {
		return logical.Call{}, false
	}
	part := &expr.Column{Index: column, Field: types.Field{Name: c.String(), Type: c.Bind.Returns}}
	return logical.Call{Func: f, Bind: bound, Args: []expr.Expr{expr.NewCast(part, bound.Args[0])}}, true
}

// asked gives the groups and wholes of n the names and types of the aggregate that was asked
// for: a call is one of them, or the quotient of two.
func asked(n logical.Node, a *logical.Aggregate) logical.Node {
	s, fields := a.Schema(), n.Schema().Fields
	p := &logical.Project{Input: n, Names: s.Names()}
	at := 0
	next := func() expr.Expr {
		at++
		return &expr.Column{Index: at - 1, Field: fields[at-1]}
	}
	for i, f := range s.Fields {
		e := next()
		if c := i - len(a.Group); c >= 0 && a.Calls[c].Func.Quotient != nil {
			e = &expr.Arith{Op: expr.Div, L: e, R: next(), T: a.Calls[c].Bind.Returns}
		}
		p.Exprs = append(p.Exprs, expr.NewCast(e, f.Type))
	}
	return p
}
