package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushThroughAsof tests a condition on the left side of an asof join before it, and makes
// no rows without a match where a condition drops them. The same with a lookup join.
//
//	Filter l.a > 1                                 Asof join ON l.k = r.k AND l.ts >= r.ts
//	└─ Asof join ON l.k = r.k AND l.ts >= r.ts =>  ├─ Filter a > 1
//	   ├─ l                                        │  └─ l
//	   └─ r                                        └─ r
//
// Not on the right of an asof join: a row that is dropped before would leave its place to
// another.
var PushThroughAsof = Rule{Name: "PushThroughAsof", Rewrite: pushThroughAsof}

func pushThroughAsof(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	var outer bool
	var matched logical.Node
	switch x := f.Input.(type) {
	case *logical.Asof:
		inner := *x
		inner.Outer = false
		outer, matched = x.Outer, &inner
	case *logical.Lookup:
		inner := *x
		inner.Outer = false
		outer, matched = x.Outer, &inner
	default:
		return n, false
	}
	l := matched.Inputs()[0]
	width := l.Schema().Len()
	reduced := outer && rejects(f.Pred, func(c int) bool { return c >= width })
	if !reduced {
		matched = f.Input
	}
	var left, stay []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if l, r := sides(c, width); l && !r && pure(c) && !expr.CanFail(c) {
			left = append(left, c)
		} else {
			stay = append(stay, c)
		}
	}
	if len(left) == 0 && !reduced {
		return n, false
	}
	return filtered(matched.WithInputs([]logical.Node{filtered(l, left), matched.Inputs()[1]}), stay), true
}
