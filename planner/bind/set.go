package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// setOperation binds UNION, INTERSECT and EXCEPT.
func (s *session) setOperation(x *ast.SetOprStmt, outer bool) (logical.Node, error) {
	out, err := s.setList(x.SelectList)
	if err != nil {
		return nil, err
	}
	return s.presented(out, presentation{x.OrderBy, x.Limit, s.start(x), outer, "ORDER BY of a UNION"})
}

func (s *session) setList(list *ast.SetOprSelectList) (logical.Node, error) {
	if err := s.with(list.With); err != nil {
		return nil, err
	}
	var out logical.Node
	var before []term // of UNION and EXCEPT, whose operators bind less than INTERSECT
	for i, sel := range list.Selects {
		n, op, err := s.branch(sel)
		if err != nil {
			return nil, err
		}
		switch {
		case i == 0:
			out = n
		case *op == ast.Intersect || *op == ast.IntersectAll:
			out, err = s.combine(*op, out, n, sel)
		default:
			before = append(before, term{out, op, sel})
			out = n
		}
		if err != nil {
			return nil, err
		}
	}
	out, err := s.leftToRight(before, out)
	if err != nil {
		return nil, err
	}
	return s.presented(out, presentation{list.OrderBy, list.Limit, s.start(list), false, "ORDER BY of a UNION"})
}

// A term is a part of a list of UNIONs and EXCEPTs, with the operator behind it and the
// branch that follows.
type term struct {
	node logical.Node
	op   *ast.SetOprType
	next ast.Node
}

// leftToRight puts terms together in their order; last is what stands behind them.
func (s *session) leftToRight(terms []term, last logical.Node) (logical.Node, error) {
	if len(terms) == 0 {
		return last, nil
	}
	out := terms[0].node
	for i, t := range terms {
		right := last
		if i+1 < len(terms) {
			right = terms[i+1].node
		}
		var err error
		if out, err = s.combine(*t.op, out, right, t.next); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// combine binds one operator between two queries; at is the right one.
func (s *session) combine(op ast.SetOprType, l, r logical.Node, at ast.Node) (logical.Node, error) {
	word, _, _ := strings.Cut(strings.ToUpper(op.String()), " ")
	l, r, names, err := s.aligned(l, r, at, word)
	if err != nil {
		return nil, err
	}
	switch op {
	case ast.UnionAll:
		return union(l, r, names), nil
	case ast.Union:
		return logical.Distinct(union(l, r, names)), nil
	}
	except := op == ast.Except || op == ast.ExceptAll
	return &logical.SetOp{Left: l, Right: r, Except: except, All: op == ast.ExceptAll || op == ast.IntersectAll, Names: names}, nil
}

func (s *session) branch(sel ast.Node) (logical.Node, *ast.SetOprType, error) {
	switch x := sel.(type) {
	case *ast.SelectStmt:
		n, err := s.result(x, false)
		return n, x.AfterSetOperator, err
	case *ast.SetOprSelectList:
		defer func(ctes *cte) { s.ctes = ctes }(s.ctes)
		n, err := s.setList(x)
		return n, x.AfterSetOperator, err
	}
	return nil, nil, s.notYet(sel, "this branch of a set operation")
}

// aligned converts the columns of both sides to common types and returns their names,
// which are those of the left; at is the right side.
func (s *session) aligned(l, r logical.Node, at ast.Node, word string) (left, right logical.Node, names []string, err error) {
	ls, rs := l.Schema(), r.Schema()
	if ls.Len() != rs.Len() {
		return nil, nil, nil, sql.Errorf(s.m.Source, s.start(at), "the sides of %s have %d and %d columns", word, ls.Len(), rs.Len())
	}
	target := make([]types.Type, ls.Len())
	for i := range target {
		t, ok := types.Common(ls.Fields[i].Type, rs.Fields[i].Type)
		if !ok {
			return nil, nil, nil, sql.Errorf(s.m.Source, s.columnAt(at, i), "column %d of %s is %s on one side and %s on the other", i+1, word, ls.Fields[i].Type, rs.Fields[i].Type).
				WithHint("convert one of them: CAST(… AS %s)", ls.Fields[i].Type)
		}
		if t.Kind == types.Null {
			t = types.Of(types.Varchar)
		}
		target[i] = t
	}
	return each(l, target), each(r, target), ls.Names(), nil
}

// each converts the columns of a query, of a union those of its branches.
func each(n logical.Node, target []types.Type) logical.Node {
	u, ok := n.(*logical.Union)
	if !ok {
		return convert(n, target)
	}
	out := &logical.Union{Names: u.Names}
	for _, in := range u.Ins {
		out.Ins = append(out.Ins, convert(in, target))
	}
	return out
}

// union is one union of all branches, not a union of unions.
func union(l, r logical.Node, names []string) logical.Node {
	out := &logical.Union{Names: names}
	for _, side := range []logical.Node{l, r} {
		if u, ok := side.(*logical.Union); ok {
			out.Ins = append(out.Ins, u.Ins...)
		} else {
			out.Ins = append(out.Ins, side)
		}
	}
	return out
}

// columnAt returns where a branch writes its result column i, the branch's start
// where a star stands for it.
func (s *session) columnAt(branch ast.Node, i int) int {
	x, ok := branch.(*ast.SelectStmt)
	if !ok || x.Kind != ast.SelectStmtKindSelect || i >= len(x.Fields.Fields) {
		return s.start(branch)
	}
	for _, f := range x.Fields.Fields[:i+1] {
		if f.WildCard != nil {
			return s.start(branch)
		}
	}
	return s.fieldAt(x.Fields.Fields[i])
}

func sameTypes(s *types.Schema, target []types.Type) bool {
	for i, f := range s.Fields {
		if !f.Type.Equal(target[i]) {
			return false
		}
	}
	return true
}

// convert casts the columns of a node where they are of other types.
func convert(n logical.Node, target []types.Type) logical.Node {
	schema := n.Schema()
	if sameTypes(schema, target) {
		return n
	}
	p := &logical.Project{Input: n, Names: schema.Names()}
	for i, f := range schema.Fields {
		p.Exprs = append(p.Exprs, expr.NewCast(&expr.Column{Index: i, Field: f}, target[i]))
	}
	return p
}
