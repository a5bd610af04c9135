// Package bind gives names and types to a parsed query: out comes a logical plan
// in which every column is a position and every conversion is written down. It is
// the last package that sees the TiDB parser's syntax trees.
package bind

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A Binder binds queries against a catalog and a function registry.
type Binder struct {
	Catalog   *catalog.Catalog
	Functions *function.Registry
}

// maxViews bounds how deep views may lie within views.
const maxViews = 64

// Query binds a query.
func (b *Binder) Query(q *sql.Query) (logical.Node, error) {
	s := &session{Binder: b, m: q.Mapping, ctes: map[string]*cte{}}
	return s.result(q.Node, true)
}

// Expr binds an expression over the columns of a schema.
func (b *Binder) Expr(e *sql.Expr, schema *types.Schema) (expr.Expr, error) {
	s := &session{Binder: b, m: e.Mapping}
	return s.scalar(e.Node, newScope("", schema), "an expression of columns")
}

// Condition binds an expression over the columns of a schema as a BOOLEAN.
func (b *Binder) Condition(e *sql.Expr, schema *types.Schema) (expr.Expr, error) {
	s := &session{Binder: b, m: e.Mapping}
	x, err := s.scalar(e.Node, newScope("", schema), "WHERE")
	if err != nil {
		return nil, err
	}
	return s.truth(x, e.Node)
}

// Table returns the scan of a table, its computed columns included.
func (b *Binder) Table(name string) (logical.Node, error) {
	e, ok := b.Catalog.Lookup(name)
	if !ok || e.Kind != catalog.Table {
		return nil, fmt.Errorf("table %s %w", name, catalog.ErrNotFound)
	}
	return (&session{Binder: b}).source(e)
}

// A session binds one text: a query, or a view that it reads.
type session struct {
	*Binder
	m     *sql.Mapping
	ctes  map[string]*cte
	views int
	// at remembers where bound columns stand in the text, for errors found later.
	at map[*expr.Column]ast.Node
}

func (s *session) notYet(n ast.Node, what string) error {
	return s.m.Errorf(n, "%s is not supported yet", what)
}

// result binds a SELECT, VALUES, or set operation. outer is the query as a whole,
// which alone may be sorted and limited.
func (s *session) result(n ast.Node, outer bool) (logical.Node, error) {
	switch x := n.(type) {
	case *ast.SelectStmt:
		return s.selectStmt(x, outer)
	case *ast.SetOprStmt:
		return s.setOperation(x, outer)
	}
	return nil, s.notYet(n, "this form of query")
}
