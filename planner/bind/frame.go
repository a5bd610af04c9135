package bind

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A frame is what a query inside another one may read of that: the columns in scope
// where it stands, and through the next frame those further out. What it reads becomes
// a parameter.
type frame struct {
	in     *scope
	outer  *frame
	params []expr.Expr // over the columns of in, and the parameters of what holds it
}

// param returns the parameter that a name means in the queries around, nil for none.
func (f *frame) param(s *session, x *ast.ColumnNameExpr) (expr.Expr, error) {
	if f == nil {
		return nil, nil
	}
	found, _ := f.in.lookup(x.Name)
	var e expr.Expr
	switch len(found) {
	case 0:
		p, err := f.outer.param(s, x)
		if p == nil || err != nil {
			return nil, err
		}
		e = p
	case 1:
		c := &expr.Column{Index: found[0], Field: f.in.fields[found[0]]}
		s.remember(c, x)
		e = c
	default:
		return nil, f.in.ambiguous(s.m.Errorf(x, "column %s is ambiguous: %d columns have that name", x.Name.Name.O, len(found)), found)
	}
	return f.give(e, x.Name.Name.O), nil
}

// give makes a parameter of an expression over what is around, the same for the same.
func (f *frame) give(e expr.Expr, name string) *logical.Param {
	at := slices.IndexFunc(f.params, func(p expr.Expr) bool { return expr.Equal(p, e) })
	if at < 0 {
		at = len(f.params)
		f.params = append(f.params, e)
	}
	return &logical.Param{Index: at, Field: types.Field{Name: name, Type: e.Type(), NotNull: e.NotNull()}}
}

// within binds a query that stands inside another one, which it may read, and returns
// the expressions of the parameters that it needs.
func (s *session) within(in *scope, bind func() (logical.Node, error)) (logical.Node, []expr.Expr, error) {
	f := &frame{in: in, outer: s.frame}
	s.frame = f
	defer func() { s.frame = f.outer }()
	n, err := bind()
	return n, f.params, err
}
