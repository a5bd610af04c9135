package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
)

// MergeProjects makes one project of two.
//
//	Project y * 2 AS z          Project (x + 1) * 2 AS z
//	└─ Project x + 1 AS y   =>  └─ t
//	   └─ t
//
// Not where a computed column is read twice, since it would be computed twice (and in
// a stack of y + y twice as often at every level), nor where it is another value at
// every call.
var MergeProjects = Rule{Name: "MergeProjects", Rewrite: mergeProjects}

func mergeProjects(n logical.Node) (logical.Node, bool) {
	outer, ok := n.(*logical.Project)
	if !ok {
		return n, false
	}
	inner, ok := outer.Input.(*logical.Project)
	if !ok || !single(inner.Exprs, outer.Exprs...) {
		return n, false
	}
	out := &logical.Project{Input: inner.Input, Names: outer.Names}
	for _, e := range outer.Exprs {
		out.Exprs = append(out.Exprs, substitute(e, inner.Exprs))
	}
	return out, true
}
