package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A cte is a query named by WITH, and those in scope before it. A name hides one
// further out, a table or view too; to its own query it is known in WITH RECURSIVE alone.
type cte struct {
	name  string
	node  logical.Node
	frame *frame // whose parameters the query may read
	next  *cte

	recursion *recursion // while it is bound, of WITH RECURSIVE; else nil
}

// with brings the queries of a WITH clause into scope.
func (s *session) with(w *ast.WithClause) error {
	if w == nil {
		return nil
	}
	outer := s.ctes
	for _, c := range w.CTEs {
		sub, ok := c.Query.Query.(ast.Node)
		if !ok {
			return s.notYet(c.Query, "this WITH query")
		}
		at := s.m.NameAfter(s.m.WordAt("WITH"), c.Name.O)
		for e := s.ctes; e != outer; e = e.next {
			if e.name == c.Name.L {
				return sql.Errorf(s.m.Source, s.m.NameAfter(at+1, c.Name.O), "WITH names %s twice", c.Name.O)
			}
		}
		n, err := s.cte(w, c, sub, at)
		if err != nil {
			return err
		}
		// Not only of the whole at the end: what asks for a plan's properties on the
		// way would take too long with this one.
		if err := s.bounded(n, at); err != nil {
			return err
		}
		s.ctes = &cte{name: c.Name.L, node: n, frame: s.frame, next: s.ctes}
	}
	return nil
}

// cte binds one query of WITH, whose name stands at an offset of the text.
func (s *session) cte(w *ast.WithClause, c *ast.CommonTableExpression, sub ast.Node, at int) (logical.Node, error) {
	if w.IsRecursive {
		return s.recursive(c, sub, at)
	}
	n, err := s.result(sub, false)
	if err != nil {
		return nil, err
	}
	return s.renamed(n, c.Name.O, c.ColNameList, at)
}

// renamed gives a query the column names in brackets behind its name, if any.
func (s *session) renamed(n logical.Node, name string, columns []ast.CIStr, at int) (logical.Node, error) {
	if len(columns) == 0 {
		return n, nil
	}
	if have := n.Schema().Len(); have != len(columns) {
		return nil, sql.Errorf(s.m.Source, at, "%s has %d names for %d columns", name, len(columns), have)
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.O
	}
	return logical.Rename(n, names), nil
}

// named returns the query that WITH gave a name, read at an offset of the text; nil for
// none.
func (s *session) named(name string, at int) (logical.Node, error) {
	for c := s.ctes; c != nil; c = c.next {
		if c.name != strings.ToLower(name) {
			continue
		}
		if r := c.recursion; r != nil {
			r.at = at
			if r.self == nil {
				return nil, sql.Errorf(s.m.Source, at, "the first query of %s reads %s itself", name, name).
					WithHint("begin with a query that does not read it")
			}
		}
		return s.seen(c), nil
	}
	return nil, nil
}

// seen is a query of WITH as it is read where the session is: from a query further in
// its parameters are reached through those between.
func (s *session) seen(c *cte) logical.Node {
	if c.frame == s.frame || !logical.Correlated(c.node) {
		return c.node
	}
	return logical.MapParams(c.node, func(p *logical.Param) expr.Expr { return s.frame.reach(c.frame, p) })
}

// reach returns a parameter of a frame further out as one of this.
func (f *frame) reach(of *frame, p *logical.Param) *logical.Param {
	if f == of || f == nil {
		return p
	}
	return f.give(f.outer.reach(of, p), p.Field.Name)
}
