package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushThroughWindow tests conditions on the columns of a partition before its rows are
// numbered: they let through all of its rows or none.
//
//	Filter a > 1 AND r > 2                          Filter r > 2
//	└─ Window rank() AS r OVER (PARTITION BY a) =>  └─ Window rank() AS r OVER (PARTITION BY a)
//	   └─ t                                            └─ Filter a > 1
//	                                                      └─ t
//
// The same with the first rows of each partition, and with sessions. A condition that can fail stays, and so
// does one on a float, of which 0 and -0 are one partition.
var PushThroughWindow = Rule{Name: "PushThroughWindow", Rewrite: pushThroughWindow}

func pushThroughWindow(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	var partition []int
	switch x := f.Input.(type) {
	case *logical.Window:
		partition = x.Partition
	case *logical.TopN:
		partition = x.Partition
	case *logical.Session:
		partition = x.Partition
	}
	if len(partition) == 0 {
		return n, false
	}
	input := f.Input.Inputs()[0]
	var below, above []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if pure(c) && !expr.CanFail(c) && ofPartition(c, partition) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	if len(below) == 0 {
		return n, false
	}
	out := f.Input.WithInputs([]logical.Node{&logical.Filter{Input: input, Pred: expr.AndOf(below...)}})
	if len(above) > 0 {
		out = &logical.Filter{Input: out, Pred: expr.AndOf(above...)}
	}
	return out, true
}

// ofPartition reports that an expression reads columns of a partition alone, at least one.
func ofPartition(e expr.Expr, partition []int) bool {
	any := false
	all := expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		any = any || ok
		return !ok || slices.Contains(partition, c.Index) && !c.Field.Type.IsFloat()
	})
	return any && all
}
