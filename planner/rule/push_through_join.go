package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushThroughJoin tests a condition on the side that it reads, before the join; one
// that reads both sides of an inner join becomes the join's own, by which matches can be
// looked up.
//
//	Filter l.a = r.a AND l.b > 1    Join ON l.a = r.a
//	└─ Join of all pairs         => ├─ Filter b > 1
//	   ├─ l                         │  └─ l
//	   └─ r                         └─ r
//
// Not on a side whose rows the join makes of NULLs: LEFT JOIN … WHERE r.b IS NULL asks
// for the rows without a match, and tested before it would match none of r. A condition
// that can fail is tested on pairs alone, behind the join's own.
var PushThroughJoin = Rule{Name: "PushThroughJoin", Rewrite: pushThroughJoin}

func pushThroughJoin(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	j, ok := f.Input.(*logical.Join)
	if !ok || len(j.Params) > 0 {
		return n, false
	}
	width := j.Left.Schema().Len()
	toLeft := j.Kind != logical.Right && j.Kind != logical.Full
	toRight := j.Kind == logical.Inner || j.Kind == logical.Right
	var left, right, both, stay []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		l, r := sides(c, width)
		safe := pure(c) && !expr.CanFail(c)
		switch {
		case safe && l && !r && toLeft:
			left = append(left, c)
		case safe && r && !l && toRight:
			right = append(right, logical.Shift(c, -width))
		case pure(c) && (l || r) && j.Kind == logical.Inner && (safe || len(stay) == 0):
			both = append(both, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(left)+len(right)+len(both) == 0 {
		return n, false
	}
	out := *j
	out.Left, out.Right = filtered(j.Left, left), filtered(j.Right, right)
	if len(both) > 0 {
		if j.On != nil {
			both = append([]expr.Expr{j.On}, both...)
		}
		out.On = expr.AndOf(both...)
	}
	return filtered(&out, stay), true
}

// filtered tests conditions, if any.
func filtered(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	return &logical.Filter{Input: n, Pred: expr.AndOf(conds...)}
}
