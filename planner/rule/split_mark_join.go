package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// SplitMarkJoin looks up what an IN that stands among other expressions asks: whether
// there is an equal value, and whether there is one that may be.
//
//	Mark join ANY a = x => Project …, mark OR NULL AND (maybe OR maybe) AS mark
//	                       └─ Mark join ON a IS NULL = here      -- is there any value?
//	                          ├─ Mark join                       -- is there a NULL?
//	                          │  ├─ Mark join ON a = x
//	                          │  └─ Distinct TRUE
//	                          │     └─ Filter x IS NULL
//	                          └─ Distinct TRUE
//
// What cannot be NULL is not asked for. Not where the rows to be asked are chosen by more
// than equalities, or what is asked is not one: a < x is looked at for each x.
// Once the other rules are done, since a condition that comes to stand above makes less of
// the join as it is.
var SplitMarkJoin = Rule{Name: "SplitMarkJoin", Rewrite: splitMarkJoins, Whole: true}

func splitMarkJoins(n logical.Node) (logical.Node, bool) {
	any := false
	n = logical.Transform(n, func(x logical.Node) logical.Node {
		y, ok := splitMarkJoin(x)
		any = any || ok
		return y
	})
	return n, any
}

func splitMarkJoin(n logical.Node) (logical.Node, bool) {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != logical.Mark || j.Any == nil || len(j.Params) > 0 {
		return n, false
	}
	questions, ok := questionsOf(j)
	if !ok {
		return n, false
	}
	width := j.Left.Schema().Len()
	out := logical.Node(&logical.Join{Left: j.Left, Right: j.Right, Kind: logical.Mark, On: questions[0].on, Name: j.Name})
	if len(questions) == 1 {
		return out, true
	}
	var maybe []expr.Expr
	for _, q := range questions[1:] {
		on := moveRight(q.on, width, out.Schema().Len()-width)
		out = &logical.Join{Left: out, Right: q.right, Kind: logical.Mark, On: on, Name: "maybe"}
		at := out.Schema().Len() - 1
		maybe = append(maybe, &expr.Column{Index: at, Field: out.Schema().Fields[at]})
	}
	var unknown expr.Expr = &expr.Or{Args: maybe}
	if len(maybe) == 1 {
		unknown = maybe[0]
	}
	null := &expr.Literal{T: types.Of(types.Boolean)}
	mark := &expr.Column{Index: width, Field: out.Schema().Fields[width]}
	p := logical.Head(out, width).(*logical.Project)
	p.Exprs = append(p.Exprs, &expr.Or{Args: []expr.Expr{mark, &expr.And{Args: []expr.Expr{null, unknown}}}})
	p.Names = append(p.Names, j.Name)
	return p, true
}

// A question is one of those that a mark by equalities comes to: whether there is a row
// of right for which on holds. The first is whether there is a match; the others, whether
// there is one that NULL in some place may be, each with few rows on the right.
type question struct {
	right logical.Node
	on    expr.Expr
}

// maxQuestions bounds the joins that a comparison of several values may become.
const maxQuestions = 9

// questionsOf divides what a mark join asks, false where that is more than equalities.
func questionsOf(j *logical.Join) ([]question, bool) {
	keys, rest := j.Equi()
	if len(rest) > 0 || j.Any == nil || volatile(j.Right) {
		return nil, false
	}
	asked, rest := logical.DivideEqui(j.Any, j.Left.Schema().Len())
	if len(rest) > 0 {
		return nil, false
	}
	answers := [][]answer{nil}
	for _, k := range asked {
		if k.NullSafe || expr.CanFail(k.Left) || expr.CanFail(k.Right) {
			return nil, false
		}
		var longer [][]answer
		for _, a := range answers {
			for _, is := range possible(k) {
				longer = append(longer, append(a[:len(a):len(a)], is))
			}
		}
		if answers = longer; len(answers) > maxQuestions {
			return nil, false
		}
	}
	out := []question{{j.Right, both(j.On, j.Any)}}
	for _, a := range answers[1:] {
		out = append(out, questionOf(j, keys, asked, a))
	}
	return out, true
}

// volatile reports that a plan that stands in two places would be another in each.
func volatile(n logical.Node) bool {
	return slices.ContainsFunc(logical.Exprs(n), func(e expr.Expr) bool { return expr.Stability(e) == function.Volatile }) ||
		slices.ContainsFunc(n.Inputs(), volatile)
}

// An answer is how two values come to be equal, or may be.
type answer uint8

const (
	isEqual answer = iota
	leftNull
	rightNull
)

func possible(k logical.EquiKey) []answer {
	out := []answer{isEqual}
	if !k.Left.NotNull() {
		out = append(out, leftNull)
	}
	if !k.Right.NotNull() {
		out = append(out, rightNull)
	}
	return out
}

// questionOf asks for rows that give these answers. The right has, once each, the values
// that are looked up, and TRUE to be compared with whether a value of the left is NULL.
func questionOf(j *logical.Join, keys, asked []logical.EquiKey, answers []answer) question {
	width := j.Left.Schema().Len()
	right := &logical.Aggregate{}
	var on, nulls []expr.Expr
	group := func(left expr.Expr, op expr.Op, e expr.Expr, name string) {
		f := types.Field{Name: name, Type: e.Type(), NotNull: e.NotNull()}
		c := &expr.Column{Index: width + len(right.Group), Field: f}
		right.Group, right.Names = append(right.Group, e), append(right.Names, name)
		if left != nil {
			on = append(on, &expr.Compare{Op: op, L: left, R: c})
		}
	}
	for _, k := range keys {
		op := expr.Eq
		if k.NullSafe {
			op = expr.NullSafeEq
		}
		group(k.Left, op, k.Right, nameOf(k.Right))
	}
	here := &expr.Literal{T: types.Of(types.Boolean), Value: true}
	for i, k := range asked {
		switch answers[i] {
		case isEqual:
			group(k.Left, expr.Eq, k.Right, nameOf(k.Right))
		case leftNull:
			group(&expr.IsNull{Arg: k.Left}, expr.Eq, here, "here")
		case rightNull:
			nulls = append(nulls, &expr.IsNull{Arg: k.Right})
		}
	}
	if len(right.Group) == 0 {
		group(nil, expr.Eq, here, "here")
	}
	right.Input = filtered(j.Right, nulls)
	if len(on) == 0 {
		return question{right: right}
	}
	return question{right, expr.AndOf(on...)}
}

func nameOf(e expr.Expr) string {
	if c, ok := e.(*expr.Column); ok {
		return c.Field.Name
	}
	return e.String()
}

// moveRight is moveFrom of a condition that may be none.
func moveRight(e expr.Expr, from, by int) expr.Expr {
	if e == nil {
		return nil
	}
	return moveFrom(e, from, by)
}
