package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// joinSubqueries takes the subqueries out of a join's condition. Of an inner join the
// condition becomes a filter behind it. In another one a subquery that is given values
// of one side stands beside that side's rows; where one is given values of both, the
// rows without a match are those of which no pair is left:
//
//	Left join ON p    Union all
//	├─ l           => ├─ Filter p
//	└─ r              │  └─ Join of all pairs
//	                  │     ├─ l
//	                  │     └─ r
//	                  └─ Project l.*, NULL, …
//	                     └─ Anti join ON l.* <=> l.*
//	                        ├─ l
//	                        └─ Project l.*
//	                           └─ the same filter
func joinSubqueries(j *logical.Join) logical.Node {
	if j.Kind > logical.Anti || slices.ContainsFunc(j.Params, logical.HasSubquery) {
		return j
	}
	pairs := *j
	pairs.Kind, pairs.On = logical.Inner, nil
	if j.Kind == logical.Inner {
		return filterSubqueries(&logical.Filter{Input: depend(&pairs), Pred: j.On})
	}
	if out := besideSides(j); out != nil {
		return out
	}
	matched := filterSubqueries(&logical.Filter{Input: depend(&pairs), Pred: j.On})
	if j.Kind > logical.Full {
		return paired(j.Left, matched, 0, j.Kind)
	}
	out := &logical.Union{Ins: []logical.Node{matched}, Names: j.Schema().Names()}
	width := j.Left.Schema().Len()
	if j.Kind != logical.Right {
		out.Ins = append(out.Ins, unmatched(j.Left, matched, 0, j))
	}
	if j.Kind != logical.Left {
		out.Ins = append(out.Ins, unmatched(j.Right, matched, width, j))
	}
	return out
}

// unmatched are the rows of a side, whose columns begin at the from-th of a join's,
// that stand in no pair, with NULLs for the other side.
func unmatched(side, pairs logical.Node, from int, j *logical.Join) logical.Node {
	width := side.Schema().Len()
	out := &logical.Project{Input: paired(side, pairs, from, logical.Anti)}
	for i, f := range j.Schema().Fields {
		var e expr.Expr = &expr.Literal{T: f.Type}
		if i >= from && i < from+width {
			e = &expr.Column{Index: i - from, Field: side.Schema().Fields[i-from]}
		}
		out.Exprs, out.Names = append(out.Exprs, e), append(out.Names, f.Name)
	}
	return out
}

// paired are the rows of a side that stand in a pair, or by Anti in none.
func paired(side, pairs logical.Node, from int, kind logical.JoinKind) logical.Node {
	width := side.Schema().Len()
	there := &logical.Project{Input: pairs}
	var conds []expr.Expr
	for i, f := range side.Schema().Fields {
		there.Exprs = append(there.Exprs, &expr.Column{Index: from + i, Field: f})
		there.Names = append(there.Names, f.Name)
		conds = append(conds, &expr.Compare{Op: expr.NullSafeEq, L: &expr.Column{Index: i, Field: f}, R: &expr.Column{Index: width + i, Field: f}})
	}
	return &logical.Join{Left: side, Right: there, Kind: kind, On: expr.AndOf(conds...)}
}

// besideSides puts each subquery of an outer join's condition beside the rows of the one
// side that it is given values of; nil where one is given values of both.
//
// One that can fail stands beside no side: it is not asked for rows of which no pair comes
// to it.
func besideSides(j *logical.Join) logical.Node {
	if !expr.Walk(j.On, func(e expr.Expr) bool {
		s, is := e.(*logical.Subquery)
		return !is || len(s.Params) == 0 || !computesFailing(s.Plan)
	}) {
		return nil
	}
	width, right := j.Left.Schema().Len(), j.Right.Schema().Len()
	l, r := &lifting{input: j.Left}, &lifting{input: j.Right}
	ok, params := true, j.Params[:len(j.Params):len(j.Params)]
	// What stands beside the left rows has numbers below zero until their count is known.
	on := expr.Transform(j.On, func(e expr.Expr) expr.Expr {
		s, is := e.(*logical.Subquery)
		if !is || !ok {
			return e
		}
		onLeft, onRight := sides(s, width)
		switch {
		case onLeft && onRight:
			ok = false
			return e
		case onLeft:
			return moveFrom(l.one(s), width, -1-2*width)
		}
		e = logical.Shift(s, -width)
		if len(j.Params) > 0 { // on the right side parameters are the join's own
			e = expr.Transform(e, func(x expr.Expr) expr.Expr {
				if p, is := x.(*logical.Param); is {
					params = append(params, p)
					return &logical.Param{Index: len(params) - 1, Field: p.Field}
				}
				return x
			})
		}
		return logical.Shift(r.one(e), width)
	})
	if !ok {
		return nil
	}
	gained := l.input.Schema().Len() - width
	on = expr.Transform(on, func(e expr.Expr) expr.Expr {
		c, is := e.(*expr.Column)
		switch {
		case is && c.Index < 0:
			return &expr.Column{Index: c.Index + 1 + 2*width, Field: c.Field}
		case is && c.Index >= width:
			return &expr.Column{Index: c.Index + gained, Field: c.Field}
		}
		return e
	})
	joined := depend(&logical.Join{Left: l.input, Right: r.input, Kind: j.Kind, On: on, Params: params})
	fields := joined.Schema().Fields
	out := &logical.Project{Input: joined}
	if j.Kind > logical.Full {
		right = 0
	}
	for i := range width + right {
		at := i
		if i >= width {
			at += gained
		}
		out.Exprs = append(out.Exprs, &expr.Column{Index: at, Field: fields[at]})
		out.Names = append(out.Names, fields[at].Name)
	}
	return out
}

// computesFailing reports that a plan has an expression that can fail.
func computesFailing(n logical.Node) bool {
	found := false
	logical.Walk(n, func(n logical.Node) {
		found = found || slices.ContainsFunc(logical.Exprs(n), expr.CanFail)
	})
	return found
}

// sides reports which sides of a join an expression over pairs reads.
func sides(e expr.Expr, width int) (left, right bool) {
	set := map[int]bool{}
	expr.Columns(e, set)
	for c := range set {
		left, right = left || c < width, right || c >= width
	}
	return left, right
}

// moveFrom adds by to the positions of the columns from the given one on.
func moveFrom(e expr.Expr, from, by int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && c.Index >= from {
			return &expr.Column{Index: c.Index + by, Field: c.Field}
		}
		return x
	})
}
