package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// Decorrelate turns the queries that stand in expressions, and those in FROM that read
// what stands before them, into joins: every query then runs once for all rows of the
// one around it.
//
//	Filter EXISTS (Filter b = $1 FROM u GIVEN a)    Semi join ON a = b
//	└─ t                                         => ├─ t
//	                                                └─ u
//
// First each subquery becomes a join with what is around it, a dependent one where it
// is given values (this file), then dependent joins become plain ones (unnest.go).
// EXISTS and IN as a whole condition are semi joins, NOT EXISTS is an anti join, and
// elsewhere, as under OR or NOT IN, a mark join says for each row what the logic of
// three values says. What stands for a value joins one row at most: a second one is an
// error at the end of the epoch.
//
// Conditions before one with a subquery are tested before the join, so that it is not
// evaluated for rows which they leave out.
var Decorrelate = Rule{Name: "Decorrelate", Rewrite: decorrelate, Whole: true}

func decorrelate(n logical.Node) (logical.Node, bool) {
	changed := false
	out := logical.Transform(n, func(n logical.Node) logical.Node {
		if slices.ContainsFunc(logical.Exprs(n), logical.HasSubquery) {
			changed = true
			n = withoutSubqueries(n)
		}
		if j, ok := n.(*logical.Join); ok && len(j.Params) > 0 {
			changed = true
			n = unnestJoin(j)
		}
		return n
	})
	return out, changed
}

// withoutSubqueries returns a node of the same rows whose expressions hold no query.
func withoutSubqueries(n logical.Node) logical.Node {
	switch x := n.(type) {
	case *logical.Filter:
		return filterSubqueries(x)
	case *logical.Join:
		return joinSubqueries(x)
	}
	lift := &lifting{input: n.Inputs()[0]}
	width := lift.input.Schema().Len()
	es := lift.all(logical.Exprs(n))
	out := logical.WithExprs(n.WithInputs([]logical.Node{lift.input}), es)
	if added := lift.input.Schema().Len() - width; added > 0 {
		out = without(out, n, width, added)
	}
	return out
}

// without drops columns of the input that a node shows and n, which it was, did not.
func without(out, n logical.Node, width, added int) logical.Node {
	switch n.(type) {
	case *logical.Window, *logical.Expand:
		p := &logical.Project{Input: out}
		s := out.Schema()
		for i, f := range s.Fields {
			if i < width || i >= width+added {
				p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
				p.Names = append(p.Names, f.Name)
			}
		}
		return p
	}
	return out
}

// filterSubqueries makes joins of the conditions that are subqueries, in their order.
func filterSubqueries(f *logical.Filter) logical.Node {
	width := f.Schema().Len()
	out := f.Input
	var waiting []expr.Expr
	settle := func() {
		if len(waiting) > 0 {
			out = &logical.Filter{Input: out, Pred: expr.AndOf(waiting...)}
			waiting = nil
		}
	}
	for _, c := range expr.Conjuncts(f.Pred) {
		if !logical.HasSubquery(c) {
			waiting = append(waiting, c)
			continue
		}
		settle()
		if j := halfJoin(out, c); j != nil {
			out = j
			continue
		}
		lift := &lifting{input: out}
		waiting = []expr.Expr{lift.one(c)}
		out = lift.input
		settle()
		out = logical.Head(out, width)
	}
	settle()
	return out
}

// halfJoin returns the semi or anti join that a whole condition asks for, nil for any
// other condition.
func halfJoin(in logical.Node, c expr.Expr) logical.Node {
	kind := logical.Semi
	if not, ok := c.(*expr.Not); ok {
		kind, c = logical.Anti, not.Arg
	}
	s, ok := c.(*logical.Subquery)
	if !ok || slices.ContainsFunc(s.Children(), logical.HasSubquery) {
		return nil
	}
	right := decorrelated(s.Plan)
	switch {
	case s.Kind == logical.Exists:
		return depend(&logical.Join{Left: in, Right: bare(right), Kind: kind, Params: s.Params})
	case s.Kind == logical.Any && kind == logical.Semi:
		return depend(&logical.Join{Left: in, Right: right, Kind: kind, On: compared(s, in, right), Params: s.Params})
	}
	return nil
}

// decorrelated is a subquery's own plan, whose parameters stay.
func decorrelated(n logical.Node) logical.Node {
	n = logical.Transform(n, func(n logical.Node) logical.Node {
		out, _ := groupingSets(n)
		return out
	})
	out, _ := decorrelate(n)
	return out
}

// depend makes a join plain where it can be.
func depend(j *logical.Join) logical.Node {
	if len(j.Params) == 0 {
		return j
	}
	return unnestJoin(j)
}

// compared is the condition between the operands of op ANY and the columns of the
// subquery, over pairs of rows.
func compared(s *logical.Subquery, left, right logical.Node) expr.Expr {
	width := left.Schema().Len()
	var conds []expr.Expr
	op := s.Op
	if op == expr.Ne && len(s.Operands) > 1 {
		op = expr.Eq
	}
	for i, x := range s.Operands {
		c := &expr.Column{Index: width + i, Field: right.Schema().Fields[i]}
		conds = append(conds, &expr.Compare{Op: op, L: x, R: c})
	}
	all := expr.AndOf(conds...)
	if op != s.Op {
		return &expr.Not{Arg: all}
	}
	return all
}

// A lifting puts the subqueries of expressions beside the rows of an input, a column
// for each.
type lifting struct {
	input logical.Node
	known []liftedQuery
}

type liftedQuery struct {
	query *logical.Subquery
	by    expr.Expr
}

func (l *lifting) all(es []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = l.one(e)
	}
	return out
}

// one returns e with columns in place of its subqueries, the innermost first.
func (l *lifting) one(e expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		s, ok := x.(*logical.Subquery)
		if !ok {
			return x
		}
		for _, k := range l.known {
			if expr.Equal(k.query, s) {
				return k.by
			}
		}
		by := l.column(s)
		l.known = append(l.known, liftedQuery{s, by})
		return by
	})
}

// column joins what a subquery gives and returns the expression that reads it.
func (l *lifting) column(s *logical.Subquery) expr.Expr {
	right := decorrelated(s.Plan)
	j := &logical.Join{Left: l.input, Kind: logical.Mark, Right: right, Params: s.Params, Name: "mark"}
	negate := false
	switch s.Kind {
	case logical.Scalar:
		j.Kind, j.Right, j.Name = logical.Left, singleRow(right), ""
		if alwaysOneRow(j.Right) {
			j.Kind = logical.Inner
		}
	case logical.Exists:
		j.Right = bare(right)
	case logical.Any:
		j.Any = compared(s, l.input, right)
	case logical.All: // x > ALL (…) says that there is no row with NOT x > it
		j.Any, negate = complement(compared(s, l.input, right)), true
	}
	l.input = depend(j)
	at := l.input.Schema().Len() - 1
	var out expr.Expr = &expr.Column{Index: at, Field: l.input.Schema().Fields[at]}
	if negate {
		out = &expr.Not{Arg: out}
	}
	return out
}

// complements of comparisons; each is NULL where the other is.
var complements = map[expr.Op]expr.Op{
	expr.Eq: expr.Ne, expr.Ne: expr.Eq, expr.Lt: expr.Ge, expr.Ge: expr.Lt, expr.Gt: expr.Le, expr.Le: expr.Gt,
}

func complement(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Not:
		return x.Arg
	case *expr.Compare:
		if op, ok := complements[x.Op]; ok && exact(x.L.Type()) {
			return &expr.Compare{Op: op, L: x.L, R: x.R}
		}
	}
	return &expr.Not{Arg: e}
}
