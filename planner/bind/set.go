package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// setOperation binds UNION ALL and UNION; the rest is not there yet.
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
	for i, sel := range list.Selects {
		n, op, err := s.branch(sel)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out = n
			continue
		}
		switch *op {
		case ast.UnionAll:
			out, err = s.union(out, n, sel)
		case ast.Union:
			if out, err = s.union(out, n, sel); err == nil {
				out = distinct(out)
			}
		default:
			word, _, _ := strings.Cut(strings.ToUpper(op.String()), " ")
			err = s.notYetAt(s.setWord(list.Selects[i-1], word), strings.ToUpper(op.String()))
		}
		if err != nil {
			return nil, err
		}
	}
	return s.presented(out, presentation{list.OrderBy, list.Limit, s.start(list), false, "ORDER BY of a UNION"})
}

// setWord finds the operator behind a branch: first outside brackets, then behind
// those around the branch.
func (s *session) setWord(branch ast.Node, word string) int {
	at := s.start(branch)
	if found := s.m.WordAfter(at, word); found != at {
		return found
	}
	return s.m.NameAfter(at, word)
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

// union converts the columns of both sides to common types; at is the right side.
func (s *session) union(l, r logical.Node, at ast.Node) (logical.Node, error) {
	ls, rs := l.Schema(), r.Schema()
	if ls.Len() != rs.Len() {
		return nil, sql.Errorf(s.m.Source, s.start(at), "the sides of UNION have %d and %d columns", ls.Len(), rs.Len())
	}
	target := make([]types.Type, ls.Len())
	for i := range target {
		t, ok := types.Common(ls.Fields[i].Type, rs.Fields[i].Type)
		if !ok {
			return nil, sql.Errorf(s.m.Source, s.columnAt(at, i), "column %d of UNION is %s on one side and %s on the other", i+1, ls.Fields[i].Type, rs.Fields[i].Type).
				WithHint("convert one of them: CAST(… AS %s)", ls.Fields[i].Type)
		}
		if t.Kind == types.Null {
			t = types.Of(types.Varchar)
		}
		target[i] = t
	}
	var ins []logical.Node
	for _, side := range []logical.Node{l, r} {
		branches := []logical.Node{side}
		if u, ok := side.(*logical.Union); ok { // one union of all branches, not unions of unions
			branches = u.Ins
		}
		for _, in := range branches {
			ins = append(ins, convert(in, target))
		}
	}
	return &logical.Union{Ins: ins, Names: ls.Names()}, nil
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

// distinct keeps one of equal rows.
func distinct(n logical.Node) logical.Node {
	schema := n.Schema()
	a := &logical.Aggregate{Input: n, Names: schema.Names()}
	for i, f := range schema.Fields {
		a.Group = append(a.Group, &expr.Column{Index: i, Field: f})
	}
	return a
}
