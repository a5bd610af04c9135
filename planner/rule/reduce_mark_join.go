package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// ReduceMarkJoin makes no rows that the condition above drops by their mark: where it
// has to be TRUE, rows without a match; where it has to be FALSE, those with one, or with
// one that may be.
//
//	Filter mark          Project …, TRUE AS mark
//	└─ Mark join ON p => └─ Semi join ON p
//
//	Filter NOT mark                Project …, FALSE AS mark
//	└─ Mark join ON p ANY l > r => └─ Anti join ON p AND (l > r OR l > r IS NULL)
//
// What = leaves unknown has joins of its own, so that each of them looks its matches up:
// NOT IN is an anti join with the values, and one with whether there is a NULL among
// them. mark OR x drops nothing for the mark's sake.
var ReduceMarkJoin = Rule{Name: "ReduceMarkJoin", Rewrite: reduceMarkJoin}

func reduceMarkJoin(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	j, ok := f.Input.(*logical.Join)
	if !ok || j.Kind != logical.Mark || len(j.Params) > 0 {
		return n, false
	}
	width := j.Left.Schema().Len()
	conds := expr.Conjuncts(f.Pred)
	for i, c := range conds {
		not, negated := c.(*expr.Not)
		if negated {
			c = not.Arg
		}
		if at, ok := c.(*expr.Column); !ok || at.Index != width {
			continue
		}
		in := semiOf(j)
		if negated {
			in = antiOf(j)
		}
		rest := append(append([]expr.Expr{}, conds[:i]...), conds[i+1:]...)
		return filtered(withColumn(in, &expr.Literal{T: types.Of(types.Boolean), Value: !negated}, j.Name), rest), true
	}
	return n, false
}

// withColumn puts a column behind those of a node.
func withColumn(in logical.Node, e expr.Expr, name string) logical.Node {
	p := &logical.Project{Input: in}
	for i, f := range in.Schema().Fields {
		p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Field: f}), append(p.Names, f.Name)
	}
	p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, name)
	return p
}

// semiOf has the rows whose mark is TRUE.
func semiOf(j *logical.Join) logical.Node {
	return &logical.Join{Left: j.Left, Right: j.Right, Kind: logical.Semi, On: both(j.On, j.Any)}
}

// antiOf has the rows whose mark is FALSE.
func antiOf(j *logical.Join) logical.Node {
	if j.Any == nil {
		return &logical.Join{Left: j.Left, Right: j.Right, Kind: logical.Anti, On: j.On}
	}
	questions, ok := questionsOf(j)
	if !ok {
		maybe := &expr.Or{Args: []expr.Expr{j.Any, &expr.IsNull{Arg: j.Any}}}
		return &logical.Join{Left: j.Left, Right: j.Right, Kind: logical.Anti, On: both(j.On, maybe)}
	}
	out := j.Left
	for _, q := range questions {
		out = &logical.Join{Left: out, Right: q.right, Kind: logical.Anti, On: q.on}
	}
	return out
}

// both is the AND of two conditions, of which one may be none.
func both(a, b expr.Expr) expr.Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return expr.AndOf(append(expr.Conjuncts(a), expr.Conjuncts(b)...)...)
}
