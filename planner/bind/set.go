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
	if err := s.with(x.With); err != nil {
		return nil, err
	}
	out, err := s.setList(x.SelectList)
	if err != nil {
		return nil, err
	}
	if x.OrderBy == nil && x.Limit == nil {
		return out, nil
	}
	if !outer {
		return nil, s.notYet(x, "ORDER BY or LIMIT inside a query")
	}
	sort := &logical.Sort{Input: out, Limit: -1}
	scope := newScope("", out.Schema())
	if err := s.limit(sort, x.Limit); err != nil {
		return nil, err
	}
	if x.OrderBy != nil {
		for _, item := range x.OrderBy.Items {
			col, err := s.outputColumn(item.Expr, scope)
			if err != nil {
				return nil, err
			}
			if col < 0 {
				return nil, s.m.Errorf(item.Expr, "ORDER BY of a UNION takes a column of the result by name or position")
			}
			sort.Keys = append(sort.Keys, logical.SortKey{Column: col, Desc: item.Desc})
		}
	}
	return sort, nil
}

func (s *session) setList(list *ast.SetOprSelectList) (logical.Node, error) {
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
			out, err = s.union(out, n)
		case ast.Union:
			if out, err = s.union(out, n); err == nil {
				out = distinct(out)
			}
		default:
			err = s.notYet(sel, strings.ToUpper(op.String()))
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *session) branch(sel ast.Node) (logical.Node, *ast.SetOprType, error) {
	switch x := sel.(type) {
	case *ast.SelectStmt:
		n, err := s.selectStmt(x, false)
		return n, x.AfterSetOperator, err
	case *ast.SetOprSelectList:
		n, err := s.setList(x)
		return n, x.AfterSetOperator, err
	}
	return nil, nil, s.notYet(sel, "this branch of a set operation")
}

// union converts the columns of both sides to common types.
func (s *session) union(l, r logical.Node) (logical.Node, error) {
	ls, rs := l.Schema(), r.Schema()
	if ls.Len() != rs.Len() {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("UNION"), "the sides of UNION have %d and %d columns", ls.Len(), rs.Len())
	}
	target := make([]types.Type, ls.Len())
	for i := range target {
		t, ok := types.Common(ls.Fields[i].Type, rs.Fields[i].Type)
		if !ok {
			return nil, sql.Errorf(s.m.Source, s.m.WordAt("UNION"), "column %d of UNION is %s on one side and %s on the other", i+1, ls.Fields[i].Type, rs.Fields[i].Type)
		}
		if t.Kind == types.Null {
			t = types.Of(types.Varchar)
		}
		target[i] = t
	}
	var ins []logical.Node
	for _, side := range []logical.Node{l, r} {
		if u, ok := side.(*logical.Union); ok && side == l && sameTypes(u.Schema(), target) {
			ins = append(ins, u.Ins...)
			continue
		}
		ins = append(ins, convert(side, target))
	}
	return &logical.Union{Ins: ins, Names: ls.Names()}, nil
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
