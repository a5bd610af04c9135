package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// ReduceOuterJoin makes no rows without a match where a condition above drops them: one
// that is not TRUE where the other side's columns are NULL.
//
//	Filter r.b > 1           Filter r.b > 1
//	└─ Left join ON a = a => └─ Join ON a = a
//
// r.b IS NULL drops none of them, and r.b > 1 OR l.c > 1 not all.
var ReduceOuterJoin = Rule{Name: "ReduceOuterJoin", Rewrite: reduceOuterJoin}

func reduceOuterJoin(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	j, ok := f.Input.(*logical.Join)
	if !ok || j.Kind != logical.Left && j.Kind != logical.Right && j.Kind != logical.Full {
		return n, false
	}
	width := j.Left.Schema().Len()
	noLeft := rejects(f.Pred, func(c int) bool { return c < width })   // rows whose left side is NULL go
	noRight := rejects(f.Pred, func(c int) bool { return c >= width }) // and those whose right side is
	var kind logical.JoinKind
	switch {
	case j.Kind == logical.Left && noRight, j.Kind == logical.Right && noLeft, j.Kind == logical.Full && noLeft && noRight:
		kind = logical.Inner
	case j.Kind == logical.Full && noLeft:
		kind = logical.Left
	case j.Kind == logical.Full && noRight:
		kind = logical.Right
	default:
		return n, false
	}
	out := *j
	out.Kind = kind
	return &logical.Filter{Input: &out, Pred: f.Pred}, true
}

// rejects reports that a condition is not TRUE where the columns given are all NULL.
func rejects(e expr.Expr, null func(column int) bool) bool {
	switch x := e.(type) {
	case *expr.And:
		for _, a := range x.Args {
			if rejects(a, null) {
				return true
			}
		}
		return false
	case *expr.Or:
		for _, a := range x.Args {
			if !rejects(a, null) {
				return false
			}
		}
		return true
	case *expr.Not:
		return strict(x.Arg, null)
	case *expr.IsNull:
		return x.Negated && strict(x.Arg, null)
	case *expr.IsTruth:
		return !x.Negated && strict(x.Arg, null)
	}
	return strict(e, null)
}

// strict reports that an expression is NULL where the columns given are NULL.
func strict(e expr.Expr, null func(column int) bool) bool {
	switch x := e.(type) {
	case *expr.Column:
		return null(x.Index)
	case *expr.Compare:
		return x.Op != expr.NullSafeEq && (strict(x.L, null) || strict(x.R, null))
	case *expr.Arith:
		return strict(x.L, null) || strict(x.R, null)
	case *expr.Neg, *expr.Not, *expr.Cast:
		return strict(e.Children()[0], null)
	case *expr.Like:
		return strict(x.Arg, null) || strict(x.Pattern, null)
	case *expr.In:
		return strict(x.Arg, null)
	}
	return false
}
