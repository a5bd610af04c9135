package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// pairs computes a join. A side of which rows are kept that have no match must have
// all its rows for every value; of the others those with parameters are enough.
func (u *unnesting) pairs(j *logical.Join) logical.Node {
	if len(j.Params) > 0 {
		return nil
	}
	if j.Kind == logical.Full {
		return u.full(j)
	}
	l, r := u.depends(j.Left), u.depends(j.Right)
	if j.Kind == logical.Inner && !l && !r {
		plain := *j
		plain.On = nil
		return u.filter(&logical.Filter{Input: &plain, Pred: j.On})
	}
	s := sided{u: u, join: j, left: j.Left.Schema().Len(), right: j.Right.Schema().Len()}
	s.onLeft = l || j.Kind != logical.Inner && j.Kind != logical.Right
	s.onRight = r || j.Kind == logical.Right
	return s.plan()
}

// full computes a full join as a left join and the rows of the right without a match.
func (u *unnesting) full(j *logical.Join) logical.Node {
	left := *j
	left.Kind = logical.Left
	l, r := j.Left.Schema().Len(), j.Right.Schema().Len()
	anti := &logical.Join{Left: j.Right, Right: j.Left, Kind: logical.Anti}
	if j.On != nil {
		anti.On = expr.Transform(j.On, func(x expr.Expr) expr.Expr {
			c, ok := x.(*expr.Column)
			switch {
			case ok && c.Index < l:
				return &expr.Column{Index: c.Index + r, Field: c.Field}
			case ok:
				return &expr.Column{Index: c.Index - l, Field: c.Field}
			}
			return x
		})
	}
	padded := &logical.Project{Input: anti, Names: j.Schema().Names()}
	for i, f := range j.Schema().Fields {
		if i < l {
			padded.Exprs = append(padded.Exprs, &expr.Literal{T: f.Type})
		} else {
			padded.Exprs = append(padded.Exprs, &expr.Column{Index: i - l, Field: j.Right.Schema().Fields[i-l]})
		}
	}
	return u.union(&logical.Union{Ins: []logical.Node{&left, padded}, Names: padded.Names})
}

// A sided is a join of which one side has the values beside its rows, or both.
type sided struct {
	u               *unnesting
	join            *logical.Join
	left, right     int // columns
	onLeft, onRight bool
}

func (s *sided) plan() logical.Node {
	out := *s.join
	width := s.left
	if s.onLeft {
		if out.Left = s.u.node(out.Left); out.Left == nil {
			return nil
		}
		width += len(s.u.params)
	}
	if s.onRight {
		if out.Right = s.u.node(out.Right); out.Right == nil {
			return nil
		}
	}
	pairs := out.Pairs().Fields
	at := func(from int) []expr.Expr {
		es := make([]expr.Expr, len(s.u.params))
		for i := range es {
			es[i] = &expr.Column{Index: from + i, Field: pairs[from+i]}
		}
		return es
	}
	from := s.left
	if !s.onLeft || s.join.Kind == logical.Right {
		from = width + s.right
	}
	values := at(from)
	var conds []expr.Expr
	if s.onLeft && s.onRight {
		l, r := at(s.left), at(width+s.right)
		for i := range l {
			conds = append(conds, &expr.Compare{Op: bothMatching(pairs[s.left+i], pairs[width+s.right+i]), L: l[i], R: r[i]})
		}
	}
	move := func(e expr.Expr) expr.Expr { return given(moveFrom(e, s.left, width-s.left), values) }
	if out.On != nil {
		conds = append(conds, move(out.On))
	}
	if out.On = nil; len(conds) > 0 {
		out.On = expr.AndOf(conds...)
	}
	if out.Any != nil {
		out.Any = move(out.Any)
	}
	return s.shown(&out, width)
}

// shown is the join's own columns, then the values.
func (s *sided) shown(out *logical.Join, width int) logical.Node {
	switch out.Kind {
	case logical.Semi, logical.Anti:
		return out
	case logical.Mark:
		return s.u.last(out, s.left)
	}
	fields := out.Schema().Fields
	p := &logical.Project{Input: out}
	take := func(from, n int) {
		for i := from; i < from+n; i++ {
			p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: fields[i]})
			p.Names = append(p.Names, fields[i].Name)
		}
	}
	take(0, s.left)
	take(width, s.right)
	if s.onLeft && out.Kind != logical.Right {
		take(s.left, len(s.u.params))
	} else {
		take(width+s.right, len(s.u.params))
	}
	return p
}

func bothMatching(l, r types.Field) expr.Op {
	if l.NotNull && r.NotNull {
		return matching(l)
	}
	return expr.NullSafeEq
}
