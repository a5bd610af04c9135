package lower

import (
	"fmt"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// Check returns an error where a plan, after the required rules, has a part for which
// there is no physical plan.
func Check(n logical.Node) error {
	var err error
	logical.Walk(n, func(n logical.Node) {
		if err != nil {
			return
		}
		if !lowers(n) {
			err = fmt.Errorf("%s is not supported yet", n)
			return
		}
		for _, e := range logical.Exprs(n) {
			if logical.HasSubquery(e) || logical.HasParam(e) {
				err = fmt.Errorf("the subquery in %s is not supported yet", n)
			}
		}
	})
	return err
}

// lowers reports that fresh has a plan for a node.
func lowers(n logical.Node) bool {
	switch x := n.(type) {
	case *logical.Scan, *logical.Values, *logical.Filter, *logical.Project, *logical.Union, *logical.First, *logical.Sort, *logical.SetOp, *logical.TopN, *logical.Window, *logical.Session, *logical.Recursive, *logical.Self, *logical.Expand, *logical.Asof, *logical.Lookup, *logical.TimeFilter, *logical.History, *logical.Unique, *logical.EmitFinal:
		return true
	case *logical.Aggregate:
		return x.Sets == nil
	case *logical.Join:
		return len(x.Params) == 0
	}
	return false
}
