package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
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
	readers := append([]expr.Expr(nil), a.Group...)
	for _, c := range a.Calls {
		readers = append(readers, c.Args...)
	}
	if !single(p.Exprs, readers...) {
		return n, false
	}
	put := func(e expr.Expr, _ *bool) expr.Expr { return substitute(e, p.Exprs) }
	return &logical.Aggregate{Input: p.Input, Group: each(a.Group, put, nil), Names: a.Names, Calls: calls(a, put, nil)}, true
}
