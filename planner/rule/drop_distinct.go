package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// DropDistinct removes a DISTINCT of rows that are distinct already.
//
//	Distinct k, a                 =>  Project k, a
//	└─ Scan t [k, a], k its key       └─ Scan t [k, a]
//
// Not of floats, of which DISTINCT makes 0 and -0 one.
var DropDistinct = Rule{Name: "DropDistinct", Rewrite: dropDistinct}

func dropDistinct(n logical.Node) (logical.Node, bool) {
	a, ok := n.(*logical.Aggregate)
	if !ok || len(a.Calls) > 0 || len(a.Group) == 0 {
		return n, false
	}
	var columns []int
	for _, g := range a.Group {
		if g.Type().IsFloat() {
			return n, false
		}
		if c, ok := g.(*expr.Column); ok {
			columns = append(columns, c.Index)
		}
	}
	if !a.Input.Properties().HasKeyIn(columns) {
		return n, false
	}
	return &logical.Project{Input: a.Input, Exprs: a.Group, Names: a.Names}, true
}
