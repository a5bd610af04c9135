package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushThroughExpand tests conditions on the columns of a row before a table function makes
// more rows of it.
//
//	Filter a > 1 AND i > 2                 Filter i > 2
//	└─ Expand generate_series(1, b) AS i   └─ Expand generate_series(1, b) AS i
//	   └─ t                            =>     └─ Filter a > 1
//	                                             └─ t
//
// A condition that can fail stays: the function may give no row for which it would be
// asked.
var PushThroughExpand = Rule{Name: "PushThroughExpand", Rewrite: pushThroughExpand}

func pushThroughExpand(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	x, ok := f.Input.(*logical.Expand)
	if !ok {
		return n, false
	}
	width := x.Input.Schema().Len()
	var below, above []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if pure(c) && !expr.CanFail(c) && !readsFrom(c, width) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	if len(below) == 0 {
		return n, false
	}
	var out logical.Node = x.WithInputs([]logical.Node{&logical.Filter{Input: x.Input, Pred: expr.AndOf(below...)}})
	if len(above) > 0 {
		out = &logical.Filter{Input: out, Pred: expr.AndOf(above...)}
	}
	return out, true
}

// readsFrom reports that an expression reads a column from one on.
func readsFrom(e expr.Expr, first int) bool {
	return !expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		return !ok || c.Index < first
	})
}
