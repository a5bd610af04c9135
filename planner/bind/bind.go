// Package bind gives names and types to a parsed query: out comes a logical plan
// in which every column is a position and every conversion is written down. It is
// the last package that sees the TiDB parser's syntax trees.
package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
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

// A cte is a query named by WITH.
type cte struct {
	node  logical.Node
	names []string
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

func (s *session) with(w *ast.WithClause) error {
	if w == nil {
		return nil
	}
	if w.IsRecursive {
		return sql.Errorf(s.m.Source, s.m.WordAt("RECURSIVE"), "WITH RECURSIVE is not supported yet")
	}
	for _, c := range w.CTEs {
		sub, ok := c.Query.Query.(ast.Node)
		if !ok {
			return s.notYet(c.Query, "this WITH query")
		}
		n, err := s.result(sub, false)
		if err != nil {
			return err
		}
		names := n.Schema().Names()
		if len(c.ColNameList) > 0 {
			if len(c.ColNameList) != len(names) {
				return sql.Errorf(s.m.Source, s.m.WordAt(strings.ToUpper(c.Name.O)), "%s has %d names for %d columns", c.Name.O, len(c.ColNameList), len(names))
			}
			for i, name := range c.ColNameList {
				names[i] = name.O
			}
		}
		s.ctes[c.Name.L] = &cte{n, names}
	}
	return nil
}

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

// from binds the FROM clause to a plan and the scope of its columns.
func (s *session) from(refs *ast.TableRefsClause) (logical.Node, *scope, error) {
	if refs == nil {
		empty := zset.NewBuilder(types.NewSchema())
		empty.EndRow()
		return &logical.Values{Rows: empty.Build()}, newScope("", types.NewSchema()), nil
	}
	j := refs.TableRefs
	for j.Right == nil {
		inner, ok := j.Left.(*ast.Join)
		if !ok {
			return s.tableSource(j.Left)
		}
		j = inner
	}
	return nil, nil, sql.Errorf(s.m.Source, s.joinAt(), "JOIN is not supported yet")
}

// joinAt finds a join in the text; a comma between tables is one, too.
func (s *session) joinAt() int { return s.m.WordAt("JOIN", "FROM") }

func (s *session) tableSource(n ast.ResultSetNode) (logical.Node, *scope, error) {
	ts, ok := n.(*ast.TableSource)
	if !ok {
		return nil, nil, s.notYet(n, "this table reference")
	}
	var node logical.Node
	var err error
	alias := ts.AsName.O
	switch src := ts.Source.(type) {
	case *ast.TableName:
		if src.Schema.O != "" {
			return nil, nil, sql.Errorf(s.m.Source, s.m.TableAt(src.Schema.O), "tables have no schema name before them")
		}
		if src.AsOf != nil || src.TableSample != nil {
			return nil, nil, sql.Errorf(s.m.Source, s.m.TableAt(src.Name.O), "AS OF and TABLESAMPLE are not supported yet")
		}
		if alias == "" {
			alias = src.Name.O
		}
		node, err = s.table(src.Name.O)
	case *ast.SelectStmt, *ast.SetOprStmt:
		if ts.Lateral {
			return nil, nil, s.notYet(src, "LATERAL")
		}
		node, err = s.result(src, false)
	default:
		return nil, nil, s.notYet(n, "this table reference")
	}
	if err != nil {
		return nil, nil, err
	}
	return node, newScope(alias, node.Schema()), nil
}

// table binds a name of the catalog or of WITH.
func (s *session) table(name string) (logical.Node, error) {
	if c, ok := s.ctes[strings.ToLower(name)]; ok {
		return logical.Rename(c.node, c.names), nil
	}
	e, ok := s.Catalog.Lookup(name)
	if !ok {
		err := sql.Errorf(s.m.Source, s.m.TableAt(name), "there is no table or view %s", name)
		if n := suggest.Nearest(name, s.Catalog.Names()); n != "" {
			err = err.WithHint("did you mean %s?", n)
		} else {
			err = err.WithHint("CREATE TABLE makes one; SHOW TABLES lists what there is")
		}
		return nil, err
	}
	switch e.Kind {
	case catalog.View:
		return s.view(e)
	case catalog.MaterializedView:
		return scanAll(&logical.Relation{Name: e.Name, View: true, Schema: e.Schema, AppendOnly: e.AppendOnly, Keys: e.Keys}), nil
	}
	return s.source(e)
}

func scanAll(r *logical.Relation) logical.Node {
	scan := &logical.Scan{Relation: r}
	for i := range r.Schema.Fields {
		scan.Columns = append(scan.Columns, i)
	}
	return scan
}

// source scans a table's own columns; computed columns are computed above.
func (s *session) source(e *catalog.Entry) (logical.Node, error) {
	scan := &logical.Scan{Relation: &logical.Relation{Name: e.Name, Schema: e.Schema, AppendOnly: e.AppendOnly, Keys: e.Keys}}
	for i := range e.Schema.Fields {
		if _, computed := e.Computed[i]; !computed {
			scan.Columns = append(scan.Columns, i)
		}
	}
	if len(e.Computed) == 0 {
		return scan, nil
	}
	own := scan.Schema()
	p := &logical.Project{Input: scan, Names: e.Schema.Names()}
	for i, f := range e.Schema.Fields {
		text, computed := e.Computed[i]
		if !computed {
			p.Exprs = append(p.Exprs, &expr.Column{Index: slices.Index(scan.Columns, i), Field: f})
			continue
		}
		parsed, err := sql.ParseExprText(e.Name+"."+f.Name, text)
		if err != nil {
			return nil, err
		}
		x, err := s.Expr(parsed, own)
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, expr.NewCast(x, f.Type))
	}
	return p, nil
}

// view binds a view's own text in place of its name.
func (s *session) view(e *catalog.Entry) (logical.Node, error) {
	if s.views >= maxViews {
		return nil, sql.Errorf(s.m.Source, s.m.TableAt(e.Name), "view %s lies more than %d views deep", e.Name, maxViews)
	}
	st, err := sql.ParseOne("view "+e.Name, e.Query)
	if err != nil {
		return nil, err
	}
	sel, ok := st.(*sql.Select)
	if !ok {
		return nil, fmt.Errorf("view %s is not a query", e.Name)
	}
	inner := &session{Binder: s.Binder, m: sel.Query.Mapping, ctes: map[string]*cte{}, views: s.views + 1}
	n, err := inner.result(sel.Query.Node, false)
	if err != nil {
		return nil, err
	}
	names := n.Schema().Names()
	if len(e.Columns) > 0 {
		names = e.Columns
	}
	return logical.Rename(n, names), nil
}
