package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A size estimates how many rows a plan has, and how many it would have without its
// conditions, by which the number of different values in a key is guessed. It is crude, and
// meant to tell a thousand from a million.
type size struct{ rows, whole float64 }

// unknown is the size of what nobody knows.
var unknown = size{-1, -1}

func (s size) known() bool { return s.rows >= 0 }

// less is a size of which a condition leaves a part.
func (s size) less(part float64) size {
	if !s.known() {
		return s
	}
	return size{s.rows * part, s.whole}
}

// The parts of rows that conditions are taken to leave.
const (
	partEqual = 0.1
	partOther = 1.0 / 3
)

// partOf is the part of rows for which a condition holds.
func partOf(e expr.Expr) float64 {
	switch x := e.(type) {
	case *expr.Compare:
		if x.Op == expr.Eq || x.Op == expr.NullSafeEq {
			return partEqual
		}
	case *expr.IsNull:
		if x.Negated {
			return 1
		}
		return partEqual
	case *expr.In:
		if !x.Negated {
			return min(partEqual*float64(len(x.List)), 0.5)
		}
	case *expr.Or:
		out := 0.0
		for _, a := range x.Args {
			out += partOf(a)
		}
		return min(out, 1)
	case *expr.And:
		return partOfAll(x.Args)
	}
	return partOther
}

func partOfAll(conds []expr.Expr) float64 {
	out := 1.0
	for _, c := range conds {
		out *= partOf(c)
	}
	return out
}

// sizeOf estimates the size of a plan.
func sizeOf(n logical.Node) size {
	switch x := n.(type) {
	case *logical.Scan:
		if x.Relation.Size == nil {
			return unknown
		}
		rows, ok := x.Relation.Size()
		if !ok {
			return unknown
		}
		return size{float64(rows), float64(rows)}
	case *logical.Values:
		return size{float64(x.Rows.Len), float64(x.Rows.Len)}
	case *logical.Filter:
		return sizeOf(x.Input).less(partOfAll(expr.Conjuncts(x.Pred)))
	case *logical.Join:
		return sizeOfJoin(x)
	case *logical.Aggregate:
		in := sizeOf(x.Input)
		if len(x.Group) == 0 && in.known() {
			return size{1, 1}
		}
		return in.less(partOther)
	case *logical.TopN:
		in := sizeOf(x.Input)
		if x.Limit >= 0 && len(x.Partition) == 0 && in.known() {
			in.rows = min(in.rows, float64(x.Limit))
		}
		return in
	case *logical.Union:
		out := size{}
		for _, in := range x.Ins {
			s := sizeOf(in)
			if !s.known() {
				return unknown
			}
			out = size{out.rows + s.rows, out.whole + s.whole}
		}
		return out
	case *logical.SetOp:
		return sizeOf(x.Left)
	case *logical.Project, *logical.Window:
		return sizeOf(n.Inputs()[0])
	}
	return unknown
}

func sizeOfJoin(j *logical.Join) size {
	l := joined{node: j.Left, size: sizeOf(j.Left)}
	switch j.Kind {
	case logical.Semi, logical.Anti:
		return l.size.less(0.5)
	case logical.Mark:
		return l.size
	}
	r := joined{node: j.Right, size: sizeOf(j.Right)}
	var conds []expr.Expr
	if j.On != nil {
		conds = expr.Conjuncts(j.On)
	}
	out := joinSize(l, r, conds)
	if !out.known() {
		return out
	}
	if j.Kind == logical.Left || j.Kind == logical.Full {
		out.rows = max(out.rows, l.size.rows)
	}
	if j.Kind == logical.Right || j.Kind == logical.Full {
		out.rows = max(out.rows, r.size.rows)
	}
	return out
}

// joinSize estimates the pairs of two plans for which conditions hold. An equality has as
// many values as the side of which it holds a key has rows, or else the smaller one.
func joinSize(l, r joined, conds []expr.Expr) size {
	if !l.size.known() || !r.size.known() {
		return unknown
	}
	out := size{l.size.rows * r.size.rows, l.size.whole * r.size.whole}
	if len(conds) == 0 {
		return out
	}
	keys, rest := logical.DivideEqui(expr.AndOf(conds...), l.node.Schema().Len())
	if len(keys) > 0 {
		var left, right []int
		for _, k := range keys {
			left, right = append(left, columnAt(k.Left)), append(right, columnAt(k.Right))
		}
		values := min(l.size.whole, r.size.whole)
		switch {
		case r.node.Properties().HasKeyIn(right):
			values = r.size.whole
		case l.node.Properties().HasKeyIn(left):
			values = l.size.whole
		}
		values = max(values, 1)
		out = size{out.rows / values, out.whole / values}
	}
	rest = slices.DeleteFunc(slices.Clone(rest), func(e expr.Expr) bool { // floats stand in both
		return slices.ContainsFunc(keys, func(k logical.EquiKey) bool { return equates(e, k) })
	})
	return out.less(partOfAll(rest))
}

// equates reports that a condition is the equality of a key.
func equates(e expr.Expr, k logical.EquiKey) bool {
	c, ok := e.(*expr.Compare)
	return ok && c.Op == expr.Eq && (expr.Equal(c.L, k.Left) || expr.Equal(c.R, k.Left))
}

func columnAt(e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	return -1
}
