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
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

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
