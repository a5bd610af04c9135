package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// asof computes an asof join: each left row stands there for every value. A right side
// without parameters is the same for all.
func (u *unnesting) asof(a *logical.Asof) logical.Node {
	width, right := a.Left.Schema().Len(), a.Right.Schema().Len()
	out := *a
	if out.Left = u.node(a.Left); out.Left == nil {
		return nil
	}
	if logical.Correlated(a.Right) {
		if out.Right = u.node(a.Right); out.Right == nil {
			return nil
		}
		out.Keys = slices.Clone(a.Keys)
		for i := range u.params {
			out.Keys = append(out.Keys, logical.MatchKey{Left: width + i, Right: right + i, NullSafe: true})
		}
	}
	p := &logical.Project{Input: &out, Names: u.names(a.Schema().Names())}
	fields := out.Schema().Fields
	take := func(from, n int) {
		for i := from; i < from+n; i++ {
			p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: fields[i]})
		}
	}
	take(0, width)
	take(width+len(u.params), right)
	take(width, len(u.params))
	return p
}
