package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
)

// MergeIntoAggregate lets an aggregate compute its own groups and arguments.
//
//	Aggregate sum(y) by k            Aggregate sum(b + 1) BY a
//	└─ Project a AS k, b + 1 AS y => └─ t
//	   └─ t
//
// Not where a computed column is read twice, nor where it is another value at every
// call: the rows of a group would not stay in it.
var MergeIntoAggregate = Rule{Name: "MergeIntoAggregate", Rewrite: mergeIntoAggregate}

func mergeIntoAggregate(n logical.Node) (logical.Node, bool) {
	a, ok := n.(*logical.Aggregate)
	if !ok {
		return n, false
	}
	p, ok := a.Input.(*logical.Project)
	if !ok {
		return n, false
	}
	readers := logical.Exprs(a)
	if !single(p.Exprs, readers...) {
		return n, false
	}
	return logical.WithExprs(a.WithInputs([]logical.Node{p.Input}), substituteAll(readers, p.Exprs)), true
}
