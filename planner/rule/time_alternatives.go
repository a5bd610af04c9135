package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// mostAlternatives bounds into how many filters a condition on the clock is divided.
const mostAlternatives = 16

// timeAlternatives divides a filter whose condition has comparisons with the clock under OR and
// NOT, or by = and <>. At no time does a row pass two of the filters.
//
//	Filter a = 1 OR ts > NOW()    Union all
//	└─ t                       => ├─ Filter a = 1
//	                              │  └─ t
//	                              └─ Filter a = 1 IS NOT TRUE AND ts > NOW()
//	                                 └─ t
//
// Without a = 1 IS NOT TRUE in the second a row that passes both would be there twice.
func timeAlternatives(f *logical.Filter) (logical.Node, bool) {
	if expr.Stability(f.Pred) != function.PerEpoch {
		return f, false
	}
	lists, changed := [][]expr.Expr{nil}, false
	for _, c := range expr.Conjuncts(f.Pred) {
		alts := [][]expr.Expr{{c}}
		if asksTime(c) && timeCondition(c) == nil && !logical.HasSubquery(c) {
			changed, alts = true, alternatives(normal(c, false))
			if alts == nil {
				return f, false
			}
		}
		lists = crossed(lists, alts)
	}
	if !changed || lists == nil {
		return f, false
	}
	if len(lists) == 1 {
		return filtered(f.Input, lists[0]), true
	}
	out := &logical.Union{Names: f.Schema().Names()}
	for _, l := range lists {
		out.Ins = append(out.Ins, filtered(f.Input, l))
	}
	return out, true
}

// asksTime reports that an expression reads the clock.
func asksTime(e expr.Expr) bool { return expr.Stability(e) == function.PerEpoch }

// normal takes NOT, = and <> away from what compares with the clock: there a condition is of
// AND, OR, <, <=, > and >=, and as TRUE as before. nil is one that cannot be so.
func normal(e expr.Expr, negated bool) expr.Expr {
	if !asksTime(e) {
		if negated {
			return &expr.Not{Arg: e}
		}
		return e
	}
	switch x := e.(type) {
	case *expr.Not:
		return normal(x.Arg, !negated)
	case *expr.And:
		return connected(x.Args, negated, negated)
	case *expr.Or:
		return connected(x.Args, !negated, negated)
	case *expr.Compare:
		return comparison(x, negated)
	}
	return nil
}

// connected makes an AND or OR of what conditions become.
func connected(args []expr.Expr, or, negated bool) expr.Expr {
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		if out[i] = normal(a, negated); out[i] == nil {
			return nil
		}
	}
	if or {
		return &expr.Or{Args: out}
	}
	return &expr.And{Args: out}
}

func comparison(x *expr.Compare, negated bool) expr.Expr {
	op := x.Op
	if negated {
		op = opposite[op]
	}
	with := func(op expr.Op) expr.Expr { return &expr.Compare{Op: op, L: x.L, R: x.R} }
	var out expr.Expr
	switch op {
	case expr.Eq:
		out = &expr.And{Args: []expr.Expr{with(expr.Ge), with(expr.Le)}}
	case expr.Ne:
		out = &expr.Or{Args: []expr.Expr{with(expr.Lt), with(expr.Gt)}}
	case expr.Lt, expr.Le, expr.Gt, expr.Ge:
		out = with(op)
	default:
		return nil
	}
	if timeCondition(with(expr.Lt)) == nil || !exact(x.L.Type()) {
		return nil
	}
	return out
}

// alternatives are lists of conditions of which at most one holds as a whole, and one does where
// a normal condition is TRUE; nil where they are too many.
func alternatives(e expr.Expr) [][]expr.Expr {
	if e == nil {
		return nil
	}
	if !asksTime(e) {
		return [][]expr.Expr{{e}}
	}
	switch x := e.(type) {
	case *expr.And:
		return all(x.Args, alternatives)
	case *expr.Or:
		return oneOf(timeLast(x.Args), alternatives, refuted)
	}
	return [][]expr.Expr{{e}}
}

// refuted are alternatives of its being FALSE or NULL.
func refuted(e expr.Expr) [][]expr.Expr {
	if !asksTime(e) {
		return [][]expr.Expr{{&expr.IsTruth{Arg: e, Want: true, Negated: true}}}
	}
	switch x := e.(type) {
	case *expr.And:
		return oneOf(timeLast(x.Args), refuted, alternatives)
	case *expr.Or:
		return all(x.Args, refuted)
	}
	c := e.(*expr.Compare)
	return [][]expr.Expr{
		{&expr.Compare{Op: opposite[c.Op], L: c.L, R: c.R}},
		{&expr.IsNull{Arg: timeCondition(c).Arg}},
	}
}

// timeLast puts conditions that do not ask for the time before those that do: the latter are
// several where they do not hold.
func timeLast(args []expr.Expr) []expr.Expr {
	out := slices.Clone(args)
	slices.SortStableFunc(out, func(a, b expr.Expr) int {
		switch x, y := asksTime(a), asksTime(b); {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	})
	return out
}

// all are the alternatives in which each argument has one of its own.
func all(args []expr.Expr, of func(expr.Expr) [][]expr.Expr) [][]expr.Expr {
	out := [][]expr.Expr{nil}
	for _, a := range args {
		out = crossed(out, of(a))
	}
	return out
}

// oneOf are the alternatives in which one argument is the first to have one of its own.
func oneOf(args []expr.Expr, of, otherwise func(expr.Expr) [][]expr.Expr) [][]expr.Expr {
	var out [][]expr.Expr
	before := [][]expr.Expr{nil}
	for _, a := range args {
		these := crossed(before, of(a))
		if these == nil || len(out)+len(these) > mostAlternatives {
			return nil
		}
		out, before = append(out, these...), crossed(before, otherwise(a))
	}
	return out
}

// crossed are all pairs of lists; nil where they are too many.
func crossed(a, b [][]expr.Expr) [][]expr.Expr {
	if len(a)*len(b) > mostAlternatives {
		return nil
	}
	var out [][]expr.Expr
	for _, l := range a {
		for _, r := range b {
			out = append(out, slices.Concat(l, r))
		}
	}
	return out
}
