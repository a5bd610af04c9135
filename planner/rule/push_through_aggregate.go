package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushThroughAggregate tests conditions on group columns before grouping.
//
//	Filter a > 1 AND n > 2          Filter n > 2
//	└─ Aggregate count(*) AS n by a =>  └─ Aggregate count(*) AS n BY a
//	   └─ t                                └─ Filter a > 1
//	                                          └─ t
//
// A condition that can fail moves only from before the first that must stay, which
// may keep rows from it, and only where rows are never taken back: the group of a row
// that comes and goes in one epoch was never tested. An aggregate without groups has
// a row even where no row is left, so nothing passes through it.
var PushThroughAggregate = Rule{Name: "PushThroughAggregate", Rewrite: pushThroughAggregate}

func pushThroughAggregate(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	a, ok := f.Input.(*logical.Aggregate)
	if !ok || len(a.Group) == 0 {
		return n, false
	}
	var below, above []expr.Expr
	appends := a.Input.Properties().AppendOnly
	for _, c := range expr.Conjuncts(f.Pred) {
		if onlyGroups(c, len(a.Group)) && pure(c) && copied(a.Group, c) && (!expr.CanFail(c) || len(above) == 0 && appends) {
			below = append(below, substitute(c, a.Group))
		} else {
			above = append(above, c)
		}
	}
	if len(below) == 0 {
		return n, false
	}
	out := a.WithInputs([]logical.Node{&logical.Filter{Input: a.Input, Pred: expr.AndOf(below...)}})
	if len(above) > 0 {
		out = &logical.Filter{Input: out, Pred: expr.AndOf(above...)}
	}
	return out, true
}

func onlyGroups(e expr.Expr, groups int) bool {
	set := map[int]bool{}
	expr.Columns(e, set)
	for c := range set {
		if c >= groups {
			return false
		}
	}
	return true
}
