package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// DropProject removes a project that hands on all columns as they are.
//
//	Project a, b  =>  x
//	└─ x
//
// Not where it renames a column.
var DropProject = Rule{Name: "DropProject", Rewrite: dropProject}

func dropProject(n logical.Node) (logical.Node, bool) {
	p, ok := n.(*logical.Project)
	if !ok || len(p.Exprs) != p.Input.Schema().Len() {
		return n, false
	}
	names := p.Input.Schema().Names()
	for i, e := range p.Exprs {
		if c, ok := e.(*expr.Column); !ok || c.Index != i || names[i] != p.Names[i] {
			return n, false
		}
	}
	return p.Input, true
}
