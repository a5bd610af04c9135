package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// MergeFilters makes one filter of two. The inner condition stays first, as it
// was the first to be tested.
//
//	Filter p          Filter q AND p
//	└─ Filter q   =>  └─ x
//	   └─ x
var MergeFilters = Rule{Name: "MergeFilters", Rewrite: mergeFilters}

func mergeFilters(n logical.Node) (logical.Node, bool) {
	outer, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	inner, ok := outer.Input.(*logical.Filter)
	if !ok {
		return n, false
	}
	return &logical.Filter{Input: inner.Input, Pred: expr.AndOf(inner.Pred, outer.Pred)}, true
}
