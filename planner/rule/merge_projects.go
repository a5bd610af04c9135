package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// MergeProjects makes one project of two.
//
//	Project y * 2 AS z          Project (x + 1) * 2 AS z
//	└─ Project x + 1 AS y   =>  └─ t
//	   └─ t
//
// Not where a computed column is read twice, since it would be computed twice, nor
// where it is another value at every call.
var MergeProjects = Rule{Name: "MergeProjects", Rewrite: mergeProjects}

func mergeProjects(n logical.Node) (logical.Node, bool) {
	outer, ok := n.(*logical.Project)
	if !ok {
		return n, false
	}
	inner, ok := outer.Input.(*logical.Project)
	if !ok {
		return n, false
	}
	uses := make([]int, len(inner.Exprs))
	for _, e := range outer.Exprs {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Column); ok {
				uses[c.Index]++
			}
			return true
		})
	}
	for i, e := range inner.Exprs {
		_, column := e.(*expr.Column)
		_, literal := e.(*expr.Literal)
		if !column && !literal && (uses[i] > 1 || expr.Stability(e) != function.Pure && uses[i] > 0) {
			return n, false
		}
	}
	es := make([]expr.Expr, len(outer.Exprs))
	for i, e := range outer.Exprs {
		es[i] = substitute(e, inner.Exprs)
	}
	return &logical.Project{Input: inner.Input, Exprs: es, Names: outer.Names}, true
}
