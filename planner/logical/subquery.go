package logical

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A SubqueryKind says what is asked of a subquery's rows.
type SubqueryKind uint8

// The kinds.
const (
	Scalar SubqueryKind = iota // its one value; NULL without a row, an error with several
	Exists                     // whether it has a row; never NULL
	Any                        // whether Op holds between the operands and some row
	All                        // whether Op holds between the operands and every row
)

// A Subquery is a query that stands as a value in an expression, as it was written.
// Nothing evaluates it; rules turn it into joins first. x IN (…) is Any with Eq, and
// x NOT IN (…) its negation.
type Subquery struct {
	Kind SubqueryKind
	Op   expr.Op // of Any and All: a comparison
	// Operands are, for Any and All, as many as Plan has columns, and of their types. More
	// than one are compared as a row, by Eq or Ne alone.
	Operands []expr.Expr
	// Plan reads what the query around it gives it as Param.
	Plan   Node
	Params []expr.Expr // over the columns of the query around it
}

// Type implements expr.Expr.
func (s *Subquery) Type() types.Type {
	if s.Kind == Scalar {
		return s.Plan.Schema().Fields[0].Type
	}
	return types.Of(types.Boolean)
}

// NotNull implements expr.Expr.
func (s *Subquery) NotNull() bool { return s.Kind == Exists }

// Children implements expr.Expr: the operands, then the parameters.
func (s *Subquery) Children() []expr.Expr {
	return append(append([]expr.Expr(nil), s.Operands...), s.Params...)
}

// WithChildren implements expr.Expr.
func (s *Subquery) WithChildren(c []expr.Expr) expr.Expr {
	out := *s
	out.Operands, out.Params = c[:len(s.Operands):len(s.Operands)], c[len(s.Operands):]
	return &out
}

// Identity implements expr.Identified: a plan is equal to itself alone.
func (s *Subquery) Identity() string { return fmt.Sprintf("%d %s %p", s.Kind, s.Op, s.Plan) }

// String implements expr.Expr. The plan is on one line, its inputs in brackets.
func (s *Subquery) String() string {
	plan := "(" + oneLine(s.Plan)
	if len(s.Params) > 0 {
		plan += " GIVEN " + exprList(s.Params)
	}
	plan += ")"
	switch s.Kind {
	case Exists:
		return "EXISTS " + plan
	case Any, All:
		left := exprList(s.Operands)
		if len(s.Operands) > 1 {
			left = "(" + left + ")"
		}
		word := "ANY"
		if s.Kind == All {
			word = "ALL"
		}
		return fmt.Sprintf("%s %s %s %s", left, s.Op, word, plan)
	}
	return plan
}

func oneLine(n Node) string {
	ins := n.Inputs()
	if len(ins) == 0 {
		return n.String()
	}
	parts := make([]string, len(ins))
	for i, in := range ins {
		parts[i] = "(" + oneLine(in) + ")"
	}
	return n.String() + " FROM " + strings.Join(parts, ", ")
}

// A Param is a value that a subquery, or the right input of a dependent join, is given
// by what holds it: the expression Params[Index] of the nearest such holder.
type Param struct {
	Index int
	Field types.Field
}

// Type implements expr.Expr.
func (p *Param) Type() types.Type { return p.Field.Type }

// NotNull implements expr.Expr.
func (p *Param) NotNull() bool { return p.Field.NotNull }

// Children implements expr.Expr.
func (p *Param) Children() []expr.Expr { return nil }

// WithChildren implements expr.Expr.
func (p *Param) WithChildren([]expr.Expr) expr.Expr { return p }

// String implements expr.Expr.
func (p *Param) String() string { return fmt.Sprintf("$%d %s", p.Index+1, p.Field.Name) }

// Identity implements expr.Identified.
func (p *Param) Identity() string { return strconv.Itoa(p.Index) }

// HasSubquery reports that an expression holds a query.
func HasSubquery(e expr.Expr) bool {
	return !expr.Walk(e, func(x expr.Expr) bool { _, ok := x.(*Subquery); return !ok })
}

// HasParam reports that an expression itself reads a parameter; those inside of its
// subqueries' plans are their own.
func HasParam(e expr.Expr) bool {
	return !expr.Walk(e, func(x expr.Expr) bool { _, ok := x.(*Param); return !ok })
}

// Correlated reports that a plan reads parameters of what holds it. The right input of
// a dependent join reads those of the join.
func Correlated(n Node) bool {
	for _, e := range Exprs(n) {
		if HasParam(e) {
			return true
		}
	}
	ins := n.Inputs()
	if j, ok := n.(*Join); ok && len(j.Params) > 0 {
		ins = ins[:1]
	}
	for _, in := range ins {
		if Correlated(in) {
			return true
		}
	}
	return false
}

// MapParams returns a plan that reads other values in the place of the parameters of
// what holds it.
func MapParams(n Node, f func(*Param) expr.Expr) Node {
	es := Exprs(n)
	fresh := make([]expr.Expr, len(es))
	for i, e := range es {
		fresh[i] = expr.Transform(e, func(x expr.Expr) expr.Expr {
			if p, ok := x.(*Param); ok {
				return f(p)
			}
			return x
		})
	}
	ins := n.Inputs()
	out := make([]Node, len(ins))
	for i, in := range ins {
		if j, ok := n.(*Join); ok && len(j.Params) > 0 && i == 1 { // it reads those of the join
			out[i] = in
			continue
		}
		out[i] = MapParams(in, f)
	}
	if len(ins) > 0 {
		n = n.WithInputs(out)
	}
	if len(es) > 0 {
		n = WithExprs(n, fresh)
	}
	return n
}
