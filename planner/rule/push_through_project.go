package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// PushThroughProject tests a condition before columns are computed.
//
//	Filter y > 2          Project x + 1 AS y
//	└─ Project x + 1 AS y =>  └─ Filter x + 1 > 2
//	   └─ t                      └─ t
//
// The condition is tested on the same rows as before, and the columns computed on
// fewer. Not where it reads twice what is dear to compute, nor what is another at every
// call: RAND() would be drawn once to be tested and again to be shown.
var PushThroughProject = Rule{Name: "PushThroughProject", Rewrite: pushThroughProject}

func pushThroughProject(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok || expr.Stability(f.Pred) == function.Volatile {
		return n, false
	}
	p, ok := f.Input.(*logical.Project)
	if !ok || !copied(p.Exprs, f.Pred) {
		return n, false
	}
	return &logical.Project{
		Input: &logical.Filter{Input: p.Input, Pred: substitute(f.Pred, p.Exprs)}, Exprs: p.Exprs, Names: p.Names,
	}, true
}
