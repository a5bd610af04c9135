package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// GroupingSets makes an aggregate of each set of groups, over one input.
//
//	Aggregate sum(x) BY SETS (a), ()    Union all
//	└─ x                             => ├─ Project a, sum(x), 0
//	                                    │  └─ Aggregate sum(x) BY a
//	                                    │     └─ x
//	                                    └─ Project NULL, sum(x), 1
//	                                       └─ Aggregate sum(x)
//	                                          └─ x
//
// The set of no groups so has its row always.
var GroupingSets = Rule{Name: "GroupingSets", Rewrite: groupingSets}

func groupingSets(n logical.Node) (logical.Node, bool) {
	a, ok := n.(*logical.Aggregate)
	if !ok || a.Sets == nil {
		return n, false
	}
	out := &logical.Union{Names: a.Schema().Names()}
	for _, set := range a.Sets {
		out.Ins = append(out.Ins, groupingSet(a, set))
	}
	return out, true
}

// groupingSet is the rows of one set in the columns of all.
func groupingSet(a *logical.Aggregate, set []int) logical.Node {
	one := &logical.Aggregate{Input: a.Input, Calls: a.Calls}
	for _, g := range set {
		one.Group, one.Names = append(one.Group, a.Group[g]), append(one.Names, a.Names[g])
	}
	from, fields := one.Schema().Fields, a.Schema().Fields
	p := &logical.Project{Input: one, Names: a.Schema().Names()}
	var groups []int
	for g, f := range fields[:len(a.Group)] {
		groups = append(groups, g)
		if at := slices.Index(set, g); at >= 0 {
			p.Exprs = append(p.Exprs, &expr.Column{Index: at, Field: from[at]})
		} else {
			p.Exprs = append(p.Exprs, &expr.Literal{T: f.Type})
		}
	}
	for i := range a.Calls {
		at := len(set) + i
		p.Exprs = append(p.Exprs, &expr.Column{Index: at, Field: from[at]})
	}
	p.Exprs = append(p.Exprs, &expr.Literal{T: types.Of(types.BigInt), Value: logical.SetID(set, groups)})
	return p
}
