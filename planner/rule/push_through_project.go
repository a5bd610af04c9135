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
// Not where the condition reads a column that is another at every call: RAND()
// would be drawn twice.
var PushThroughProject = Rule{Name: "PushThroughProject", Rewrite: pushThroughProject}

func pushThroughProject(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	p, ok := f.Input.(*logical.Project)
	if !ok {
		return n, false
	}
	pred := substitute(f.Pred, p.Exprs)
	if expr.Stability(pred) == function.Volatile {
		return n, false
	}
	return &logical.Project{Input: &logical.Filter{Input: p.Input, Pred: pred}, Exprs: p.Exprs, Names: p.Names}, true
}

// substitute replaces each column by the expression that computes it.
func substitute(e expr.Expr, by []expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return by[c.Index]
		}
		return x
	})
}
