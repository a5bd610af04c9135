package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// TimeFilters makes filters of their own of conditions that compare a row with the clock:
// these hold at every time, not when the row comes.
//
//	Filter a > 1 AND ts > NOW() - INTERVAL 1 HOUR    Time filter ts > NOW() - INTERVAL 1 HOUR
//	└─ t                                          => └─ Filter a > 1
//	                                                    └─ t
//
// One side is a function of the clock that does not decrease as time goes on, the other
// does not read it. Where such comparisons stand under OR and NOT, or are by = and <>, there
// are several filters, see timeAlternatives. Of an inner join's condition they become filters
// behind it, and of another one filters of the right side where they read that alone. What
// else asks for the time stays as it is.
var TimeFilters = Rule{Name: "TimeFilters", Rewrite: timeFilters}

func timeFilters(n logical.Node) (logical.Node, bool) {
	inner := false
	if es := logical.Exprs(n); slices.ContainsFunc(es, logical.HasSubquery) {
		n, inner = withinSubqueries(n, es)
	}
	switch x := n.(type) {
	case *logical.Filter:
		if out, ok := timeAlternatives(x); ok {
			return out, true
		}
		times, rest := timeConditions(x.Pred)
		if len(times) == 0 {
			return n, inner
		}
		var below, above []expr.Expr
		for _, c := range rest {
			if pure(c) && !expr.CanFail(c) && !logical.HasSubquery(c) && !logical.HasParam(c) {
				below = append(below, c)
			} else {
				above = append(above, c)
			}
		}
		return filtered(clocked(filtered(x.Input, below), times), above), true
	case *logical.Join:
		if out := timeInJoin(x); out != nil {
			return out, true
		}
	}
	return n, inner
}

// withinSubqueries applies the rule to the plans of subqueries.
func withinSubqueries(n logical.Node, es []expr.Expr) (logical.Node, bool) {
	changed := false
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = expr.Transform(e, func(x expr.Expr) expr.Expr {
			s, ok := x.(*logical.Subquery)
			if !ok {
				return x
			}
			plan := logical.Transform(s.Plan, func(n logical.Node) logical.Node {
				n, ok := timeFilters(n)
				changed = changed || ok
				return n
			})
			if plan == s.Plan {
				return x
			}
			made := *s
			made.Plan = plan
			return &made
		})
	}
	if !changed {
		return n, false
	}
	return logical.WithExprs(n, out), true
}

func timeInJoin(j *logical.Join) logical.Node {
	if j.On == nil {
		return nil
	}
	times, rest := timeConditions(j.On)
	width := j.Left.Schema().Len()
	out := *j
	if len(times) == 0 {
		return dividedInJoin(j)
	}
	switch {
	case j.Kind == logical.Inner:
	case j.Kind == logical.Right || j.Kind == logical.Full || len(j.Params) > 0:
		return nil
	default: // a match is a row of the right that passes
		var right []*logical.TimeFilter
		for _, t := range times {
			if l, r := sides(t.Arg, width); l || !r {
				return nil
			}
			t.Arg = logical.Shift(t.Arg, -width)
			right = append(right, t)
		}
		out.Right, times = clocked(j.Right, right), nil
	}
	if out.On = nil; len(rest) > 0 {
		out.On = expr.AndOf(rest...)
	}
	return clocked(&out, times)
}

// dividedInJoin takes a condition that asks for the time, and is no comparison, out of a join's:
// of an inner one to a filter behind it, of another to one of the right side, where it reads that
// alone.
func dividedInJoin(j *logical.Join) logical.Node {
	out, width := *j, j.Left.Schema().Len()
	var taken, rest []expr.Expr
	for _, c := range expr.Conjuncts(j.On) {
		if !asksTime(c) || logical.HasSubquery(c) || alternatives(normal(c, false)) == nil {
			rest = append(rest, c)
			continue
		}
		if j.Kind != logical.Inner {
			if l, r := sides(c, width); l || !r || j.Kind == logical.Right || j.Kind == logical.Full || len(j.Params) > 0 {
				return nil
			}
			c = logical.Shift(c, -width)
		}
		taken = append(taken, c)
	}
	if len(taken) == 0 {
		return nil
	}
	if out.On = nil; len(rest) > 0 {
		out.On = expr.AndOf(rest...)
	}
	if j.Kind == logical.Inner {
		return filtered(&out, taken)
	}
	out.Right = filtered(j.Right, taken)
	return &out
}

// clocked puts time filters over a plan.
func clocked(n logical.Node, times []*logical.TimeFilter) logical.Node {
	for _, t := range times {
		t.Input = n
		n = t
	}
	return n
}

// timeConditions divides a condition into those that compare with the clock and the rest.
func timeConditions(pred expr.Expr) (times []*logical.TimeFilter, rest []expr.Expr) {
	for _, c := range expr.Conjuncts(pred) {
		if t := timeCondition(c); t != nil {
			times = append(times, t)
		} else {
			rest = append(rest, c)
		}
	}
	return times, rest
}

// exchanged are comparisons with their sides exchanged.
var exchanged = map[expr.Op]expr.Op{expr.Ge: expr.Le, expr.Gt: expr.Lt, expr.Le: expr.Ge, expr.Lt: expr.Gt}

// timeCondition reads a condition as a time filter; nil where it is none.
func timeCondition(c expr.Expr) *logical.TimeFilter {
	x, ok := c.(*expr.Compare)
	if !ok || exchanged[x.Op] == 0 && x.Op != expr.Lt {
		return nil
	}
	arg, op, clock := x.L, x.Op, x.R
	if !advances(clock) {
		arg, op, clock = x.R, exchanged[x.Op], x.L
	}
	if !advances(clock) || !pure(arg) || expr.IsConst(arg) || logical.HasSubquery(arg) {
		return nil
	}
	return &logical.TimeFilter{Arg: arg, Op: op, Clock: clock}
}

// advances reports that an expression is a function of the clock alone that does not
// decrease as time goes on.
func advances(e expr.Expr) bool {
	switch x := e.(type) {
	case *expr.Call:
		if x.Func.StabilityOf(x.Overload) == function.PerEpoch {
			return x.Func.Name != "current_time" && !slices.ContainsFunc(x.Args, func(a expr.Expr) bool { return !expr.IsConst(a) })
		}
		switch x.Func.Name {
		case "date", "unix_timestamp", "to_days", "to_seconds":
			return len(x.Args) == 1 && plainTime(x.Args[0].Type()) && advances(x.Args[0])
		case "date_trunc":
			return len(x.Args) == 2 && expr.IsConst(x.Args[0]) && plainTime(x.Args[1].Type()) && advances(x.Args[1])
		}
	case *expr.Cast:
		from := x.Arg.Type()
		ordered := plainTime(from) && plainTime(x.To) || from.Zoned && x.To.Zoned || from.IsNumeric() && x.To.IsNumeric()
		return ordered && advances(x.Arg)
	case *expr.Arith:
		return (x.Op == expr.Add || x.Op == expr.Sub) && expr.IsConst(x.R) && !calendar(x) && advances(x.L)
	}
	return false
}

// plainTime is a DATE or TIMESTAMP without a zone: there are hours that a zone has twice.
func plainTime(t types.Type) bool {
	return t.Kind == types.Date || t.Kind == types.Timestamp && !t.Zoned
}

// calendar reports that months are added to a moment, which a zone may turn around.
func calendar(x *expr.Arith) bool {
	months, ok := expr.MonthsOf(x.R)
	return x.L.Type().Zoned && (!ok || months != 0)
}
