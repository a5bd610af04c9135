package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// PropagateEmpty leaves out what never has a row.
//
//	Left join ON a = b     =>  Project a, NULL AS b
//	├─ Scan t [a]              └─ Scan t [a]
//	└─ Filter FALSE
//	   └─ Scan u [b]
//
// Not below an aggregate without groups, which has a row where its input has none.
var PropagateEmpty = Rule{Name: "PropagateEmpty", Rewrite: propagateEmpty}

func propagateEmpty(n logical.Node) (logical.Node, bool) {
	switch x := n.(type) {
	case *logical.Filter:
		if never(x.Pred) || empty(x.Input) {
			return none(n), true
		}
	case *logical.Project, *logical.Window, *logical.Expand, *logical.Session, *logical.TimeFilter:
		if empty(n.Inputs()[0]) {
			return none(n), true
		}
	case *logical.TopN:
		if x.Limit == 0 || empty(x.Input) {
			return none(n), true
		}
	case *logical.Aggregate:
		if len(x.Group) > 0 && empty(x.Input) {
			return none(n), true
		}
	case *logical.Join:
		return emptyJoin(x)
	case *logical.Asof:
		return emptyMatch(x, x.Outer)
	case *logical.Lookup:
		return emptyMatch(x, x.Outer)
	case *logical.SetOp:
		return emptySetOp(x)
	case *logical.Union:
		return emptyUnion(x)
	}
	return n, false
}

// never reports that a condition is TRUE for no row.
func never(e expr.Expr) bool {
	return slices.ContainsFunc(expr.Conjuncts(e), func(c expr.Expr) bool { return isFalse(c) || isNull(c) })
}

func empty(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && v.Rows.Len == 0
}

// none is no row of n's columns.
func none(n logical.Node) logical.Node { return logical.NoRows(n.Schema()) }

func emptyJoin(j *logical.Join) (logical.Node, bool) {
	left, right := empty(j.Left), empty(j.Right)
	apart := left || right || j.On != nil && never(j.On) // no two rows match
	if !apart || len(j.Params) > 0 {
		return j, false
	}
	switch j.Kind {
	case logical.Inner, logical.Semi:
		return none(j), true
	case logical.Anti:
		return j.Left, true
	case logical.Mark:
		return withColumn(j.Left, &expr.Literal{T: types.Of(types.Boolean), Value: false}, j.Name), true
	case logical.Left:
		return padded(j, j.Left, 0), true
	case logical.Right:
		return padded(j, j.Right, j.Left.Schema().Len()), true
	}
	switch { // a full one
	case right:
		return padded(j, j.Left, 0), true
	case left:
		return padded(j, j.Right, j.Left.Schema().Len()), true
	}
	return j, false
}

// padded is a side of a join, whose columns begin at the one given of the join's, with
// NULL for the columns of the other.
func padded(j logical.Node, side logical.Node, from int) logical.Node {
	p := &logical.Project{Input: side}
	fields := side.Schema().Fields
	for i, f := range j.Schema().Fields {
		var e expr.Expr = &expr.Literal{T: f.Type}
		if i >= from && i < from+len(fields) {
			e = &expr.Column{Index: i - from, Field: fields[i-from]}
		}
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, f.Name)
	}
	return p
}

// emptyMatch is an asof join or a lookup, which is about the rows of the left.
func emptyMatch(n logical.Node, outer bool) (logical.Node, bool) {
	left, right := n.Inputs()[0], n.Inputs()[1]
	switch {
	case empty(left), empty(right) && !outer:
		return none(n), true
	case empty(right):
		return padded(n, left, 0), true
	}
	return n, false
}

func emptySetOp(s *logical.SetOp) (logical.Node, bool) {
	switch {
	case empty(s.Left) || empty(s.Right) && !s.Except:
		return none(s), true
	case !empty(s.Right):
		return s, false
	case s.All:
		return logical.Rename(s.Left, s.Names), true
	}
	return logical.Rename(logical.Distinct(s.Left), s.Names), true
}

func emptyUnion(u *logical.Union) (logical.Node, bool) {
	ins := slices.DeleteFunc(slices.Clone(u.Ins), empty)
	switch len(ins) {
	case len(u.Ins):
		return u, false
	case 0:
		return none(u), true
	case 1:
		return logical.Rename(ins[0], u.Names), true
	}
	return &logical.Union{Ins: ins, Names: u.Names}, true
}
