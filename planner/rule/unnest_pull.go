package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// unnestPull makes conditions of a join of those that read the parameters, where
// nothing but a projection stands above them and nothing below them reads any.
//
//	Dependent join GIVEN a    Project *, c
//	├─ t                   => └─ Join ON a < b
//	└─ Project c                 ├─ t
//	   └─ Filter b > $1          └─ Project c, b
//	      └─ u                      └─ u
//
// Conditions without parameters stay, but for those that can fail behind one that goes:
// it may be what keeps them from failing.
func unnestPull(j *logical.Join) logical.Node {
	var computed *logical.Project
	n := j.Right
	if p, ok := n.(*logical.Project); ok {
		computed, n = p, p.Input
	}
	f, ok := n.(*logical.Filter)
	if !ok || logical.Correlated(f.Input) {
		return nil
	}
	if computed != nil && slices.ContainsFunc(computed.Exprs, func(e expr.Expr) bool {
		return logical.HasParam(e) || expr.CanFail(e) || !pure(e)
	}) {
		return nil
	}
	var stay, pulled []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if logical.HasParam(c) || len(pulled) > 0 && expr.CanFail(c) {
			pulled = append(pulled, c)
		} else {
			stay = append(stay, c)
		}
	}
	in := f.Input
	if len(stay) > 0 {
		in = &logical.Filter{Input: in, Pred: expr.AndOf(stay...)}
	}
	out := *j
	out.Params, out.Right = nil, in
	width, shown := j.Left.Schema().Len(), j.Right.Schema().Len()
	from := width // of the columns that the conditions read
	if computed != nil {
		all := beside(in)
		out.Right = &logical.Project{
			Input: in, Exprs: slices.Concat(computed.Exprs, all.Exprs), Names: slices.Concat(computed.Names, all.Names),
		}
		from += shown
	}
	conds := make([]expr.Expr, 0, len(pulled)+1)
	if j.On != nil {
		conds = append(conds, j.On)
	}
	for _, c := range pulled {
		conds = append(conds, given(logical.Shift(c, from), j.Params))
	}
	out.On = expr.AndOf(conds...)
	switch j.Kind {
	case logical.Semi, logical.Anti, logical.Mark:
		return &out
	}
	return logical.Head(&out, width+shown)
}

// bare is a query of which only the number of rows matters, without what it shows.
func bare(n logical.Node) logical.Node {
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			return n
		}
		n = p.Input
	}
}
