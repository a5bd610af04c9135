// Package bind gives names and types to a parsed query: out comes a logical plan
// in which every column is a position and every conversion is written down. It is
// the last package that sees the TiDB parser's syntax trees.
package bind

import (
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
	Zone      *types.Zone // in which TIMESTAMP WITH LOCAL TIME ZONE is shown and read
	// Size estimates the rows of a table or materialized view; nil where nothing is known.
	Size func(name string) (int64, bool)
}

// inZone is a table or view as the query sees it: its moments are shown in the query's
// zone.
func (b *Binder) inZone(e *catalog.Entry) *catalog.Entry {
	schema := e.Schema.In(b.Zone)
	if schema == e.Schema {
		return e
	}
	out := *e
	out.Schema = schema
	return &out
}

// Bounds on what a short text may grow to: views read views, and each WITH query may
// be read twice by the next.
const (
	maxViews = 1000   // put in place of their names
	maxNodes = 10_000 // of a plan, each counted as often as it is read
)

// Query binds a query.
func (b *Binder) Query(q *sql.Query) (logical.Node, error) { return b.Source(q, nil) }

// A Place is a column that a column of a query is written into.
type Place struct {
	Type    types.Type
	Default string // the expression that DEFAULT stands for; "" for NULL
}

// Source binds a query that is written into columns: a constant in VALUES or in the
// list of SELECT is converted here, as '2026-01-01' to a DATE.
func (b *Binder) Source(q *sql.Query, into []Place) (logical.Node, error) {
	s := &session{Binder: b, m: q.Mapping, whole: &whole{}}
	for _, p := range into {
		p.Type = p.Type.In(b.Zone)
		s.into = append(s.into, p)
	}
	n, err := s.result(q.Node, true)
	if err != nil {
		return nil, err
	}
	if err := s.bounded(n, q.Start()); err != nil {
		return nil, err
	}
	return n, nil
}

// bounded refuses a plan of more than maxNodes nodes.
func (s *session) bounded(n logical.Node, at int) error {
	if s.whole.size(n) > maxNodes {
		return sql.Errorf(s.m.Source, at, "the query is too large: its plan has more than %d nodes, those of views and WITH queries counted as often as they are read", maxNodes)
	}
	return nil
}

// size counts the nodes of a plan, at most up to a little more than maxNodes.
func (w *whole) size(n logical.Node) int {
	if s, ok := w.sizes[n]; ok {
		return s
	}
	s := 1
	for _, in := range n.Inputs() {
		s = min(s+w.size(in), maxNodes+1)
	}
	for _, e := range logical.Exprs(n) {
		expr.Walk(e, func(x expr.Expr) bool {
			if q, ok := x.(*logical.Subquery); ok {
				s = min(s+w.size(q.Plan), maxNodes+1)
			}
			return true
		})
	}
	if w.sizes == nil {
		w.sizes = map[logical.Node]int{}
	}
	w.sizes[n] = s
	return s
}

// Expr binds an expression over the columns of a schema.
func (b *Binder) Expr(e *sql.Expr, schema *types.Schema) (expr.Expr, error) {
	s := &session{Binder: b, m: e.Mapping, whole: &whole{}}
	return s.scalar(e.Node, newScope("", schema.In(b.Zone)), "an expression of columns")
}

// Value binds an expression that is written into a column of a type, to which a
// constant is converted.
func (b *Binder) Value(e *sql.Expr, schema *types.Schema, into types.Type) (expr.Expr, error) {
	s := &session{Binder: b, m: e.Mapping, whole: &whole{}}
	x, err := s.scalar(e.Node, newScope("", schema.In(b.Zone)), "an expression of columns")
	if err != nil {
		return nil, err
	}
	return s.assigned(x, into.In(b.Zone), e.Node)
}

// Default returns what a column has where nothing is written into it.
func (b *Binder) Default(p Place) (expr.Expr, error) {
	p.Type = p.Type.In(b.Zone)
	return (&session{Binder: b, whole: &whole{}}).defaultOf(p)
}

// Check binds the condition of a CHECK over a table's columns as it stores them.
func (b *Binder) Check(e *catalog.Entry, text string) (expr.Expr, error) {
	s := &session{Binder: b, whole: &whole{}}
	e = b.inZone(e)
	parsed, err := sql.ParseExprText("CHECK", text)
	if err != nil {
		return nil, err
	}
	cond, err := s.Condition(parsed, e)
	if err != nil {
		return nil, err
	}
	return s.overStored(e, cond)
}

// Condition binds a condition over a table's columns, computed ones included, as a
// BOOLEAN.
func (b *Binder) Condition(e *sql.Expr, table *catalog.Entry) (expr.Expr, error) {
	s := &session{Binder: b, m: e.Mapping, whole: &whole{}}
	x, err := s.scalar(e.Node, newScope(table.Name, table.Schema.In(b.Zone)), "CHECK")
	if err != nil {
		return nil, err
	}
	return s.truth(x, e.Node)
}

// A session binds one text: a query, or a view that it reads.
type session struct {
	*Binder
	m     *sql.Mapping
	ctes  *cte   // those in scope, the innermost first
	frame *frame // what the queries around this one have; nil in the outermost

	views []string // whose texts are being bound, the outermost first
	whole *whole
	into  []Place // what the columns of the whole query are written into; may be nil

	inserted *types.Schema // of the row that VALUES(column) reads, behind those of the table; nil where there is none

	// at remembers where bound columns stand in the text, for errors found later.
	at map[*expr.Column]ast.Node
}

// A whole is what the texts that make one query count together.
type whole struct {
	views int                  // put in place of their names
	draws int                  // calls that give another value for every row
	sizes map[logical.Node]int // filled by size

	returning map[string]*function.Scalar // JSON_VALUE by what it returns: one for all that are the same
}

// draw numbers a call that gives another value for every row: wherever a rewrite
// copies it, it is the same call.
func (s *session) draw() int {
	s.whole.draws++
	return s.whole.draws
}

func (s *session) notYet(n ast.Node, what string) error {
	return s.m.Errorf(n, "%s is not supported yet", what)
}

// notYetAt is notYet for what the syntax tree keeps no place of.
func (s *session) notYetAt(at int, what string) error {
	return sql.Errorf(s.m.Source, at, "%s is not supported yet", what)
}

// result binds a SELECT, VALUES, or set operation. outer is the query as a whole,
// which alone may be sorted and limited.
func (s *session) result(n ast.Node, outer bool) (logical.Node, error) {
	defer func(ctes *cte) { s.ctes = ctes }(s.ctes)
	switch x := n.(type) {
	case *ast.SelectStmt:
		if err := s.with(x.With); err != nil {
			return nil, err
		}
		if x.Kind == ast.SelectStmtKindValues {
			return s.values(x, outer)
		}
		return s.selectStmt(x, outer)
	case *ast.SetOprStmt:
		if err := s.with(x.With); err != nil {
			return nil, err
		}
		return s.setOperation(x, outer)
	}
	return nil, s.notYet(n, "this form of query")
}

// start returns where a query begins in the text, as near as the syntax tree knows:
// at its first result column.
func (s *session) start(n ast.Node) int {
	switch x := n.(type) {
	case *ast.SelectStmt:
		switch {
		case x.Kind == ast.SelectStmtKindValues:
			return s.m.At(x.Lists[0].Values[0])
		case x.Fields != nil && len(x.Fields.Fields) > 0 && x.Kind == ast.SelectStmtKindSelect:
			return s.fieldAt(x.Fields.Fields[0])
		}
	case *ast.SetOprStmt:
		return s.start(x.SelectList.Selects[0])
	case *ast.SetOprSelectList:
		return s.start(x.Selects[0])
	}
	return s.m.Start()
}

func (s *session) fieldAt(f *ast.SelectField) int { return s.m.Offset(f.Offset) }
