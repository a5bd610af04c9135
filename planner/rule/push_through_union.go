package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// PushThroughUnion tests a condition in each branch of a union.
//
//	Filter p          Union all
//	└─ Union all  =>  ├─ Filter p
//	   ├─ a           │  └─ a
//	   └─ b           └─ Filter p
//	                     └─ b
//
// Not where the condition draws lots: what a row draws would depend on its branch.
var PushThroughUnion = Rule{Name: "PushThroughUnion", Rewrite: pushThroughUnion}

func pushThroughUnion(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok || expr.Stability(f.Pred) == function.Volatile {
		return n, false
	}
	u, ok := f.Input.(*logical.Union)
	if !ok {
		return n, false
	}
	ins := make([]logical.Node, len(u.Ins))
	for i, in := range u.Ins {
		fields := in.Schema().Fields
		pred := expr.Transform(f.Pred, func(x expr.Expr) expr.Expr {
			if c, ok := x.(*expr.Column); ok {
				return &expr.Column{Index: c.Index, Field: fields[c.Index]}
			}
			return x
		})
		ins[i] = &logical.Filter{Input: in, Pred: pred}
	}
	return u.WithInputs(ins), true
}
