package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
)

// FactorOr takes out of an OR what all of its arguments demand: it can become a join's
// equality then.
//
//	(a = b AND c > 1) OR (a = b AND d > 2)  =>  a = b AND (c > 1 OR d > 2)
//
// Not what can fail, which would be evaluated where a condition before it had kept it
// from that.
var FactorOr = Rule{Name: "FactorOr", Expr: factorOr}

func factorOr(e expr.Expr) expr.Expr {
	or, ok := e.(*expr.Or)
	if !ok {
		return e
	}
	var common []expr.Expr
	for _, c := range expr.Conjuncts(or.Args[0]) {
		everywhere := !slices.ContainsFunc(or.Args[1:], func(a expr.Expr) bool { return !demands(a, c) })
		if everywhere && pure(c) && !expr.CanFail(c) && !demandedBy(common, c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return e
	}
	var rest []expr.Expr
	for _, a := range or.Args {
		var left []expr.Expr
		for _, c := range expr.Conjuncts(a) {
			if !demandedBy(common, c) {
				left = append(left, c)
			}
		}
		if len(left) == 0 { // one argument demands nothing more
			return expr.AndOf(common...)
		}
		rest = append(rest, expr.AndOf(left...))
	}
	return expr.AndOf(append(common, &expr.Or{Args: rest})...)
}

// demands reports that a condition is one of those that an argument is the AND of.
func demands(arg, cond expr.Expr) bool { return demandedBy(expr.Conjuncts(arg), cond) }

func demandedBy(conds []expr.Expr, cond expr.Expr) bool {
	return slices.ContainsFunc(conds, func(c expr.Expr) bool { return expr.Equal(c, cond) })
}
