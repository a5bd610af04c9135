package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushJoinCondition tests a part of a join's condition that reads one side on that
// side, before the join.
//
//	Left join ON l.a = r.a AND r.b > 1    Left join ON l.a = r.a
//	├─ l                               => ├─ l
//	└─ r                                  └─ Filter b > 1
//	                                         └─ r
//
// Not on a side of which rows are kept, or looked at, that have no match: in
// l LEFT JOIN r ON l.b > 1 the rows with l.b <= 1 are there, without a match.
var PushJoinCondition = Rule{Name: "PushJoinCondition", Rewrite: pushJoinCondition}

func pushJoinCondition(n logical.Node) (logical.Node, bool) {
	j, ok := n.(*logical.Join)
	if !ok || j.On == nil || len(j.Params) > 0 {
		return n, false
	}
	width := j.Left.Schema().Len()
	toLeft := j.Kind == logical.Inner || j.Kind == logical.Right || j.Kind == logical.Semi
	toRight := j.Kind != logical.Right && j.Kind != logical.Full
	var left, right, stay []expr.Expr
	for _, c := range expr.Conjuncts(j.On) {
		l, r := sides(c, width)
		switch {
		case !pure(c) || expr.CanFail(c):
			stay = append(stay, c)
		case l && !r && toLeft:
			left = append(left, c)
		case r && !l && toRight:
			right = append(right, logical.Shift(c, -width))
		default:
			stay = append(stay, c)
		}
	}
	if len(left)+len(right) == 0 {
		return n, false
	}
	out := *j
	out.Left, out.Right = filtered(j.Left, left), filtered(j.Right, right)
	if out.On = nil; len(stay) > 0 {
		out.On = expr.AndOf(stay...)
	}
	return &out, true
}
