package rule

import "github.com/sqlstream/sqlstream/planner/logical"

// DropFilter removes a filter that keeps every row.
//
//	Filter TRUE  =>  x
//	└─ x
//
// Not Filter NULL, which keeps none.
var DropFilter = Rule{Name: "DropFilter", Rewrite: dropFilter}

func dropFilter(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok || !isTrue(f.Pred) {
		return n, false
	}
	return f.Input, true
}
