package bind

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// from binds the FROM clause to a plan and the scope of its columns. at is where the
// query begins in the text.
func (s *session) from(refs *ast.TableRefsClause, at int) (logical.Node, *scope, error) {
	if refs == nil {
		return oneRow(), newScope("", types.NewSchema()), nil
	}
	f := &fromClause{session: s, at: s.m.WordAfter(at, "FROM")}
	return f.tables(refs.TableRefs)
}

// oneRow is what a query without FROM reads: a row without columns.
func oneRow() logical.Node {
	empty := zset.NewBuilder(types.NewSchema())
	empty.EndRow()
	return &logical.Values{Rows: empty.Build()}
}

// source binds a table, or a query in the place of one.
func (s *fromClause) source(ts *ast.TableSource) (logical.Node, *scope, error) {
	at := s.at
	var node logical.Node
	var err error
	alias := ts.AsName.O
	switch src := ts.Source.(type) {
	case *ast.TableName:
		at = s.m.NameAfter(at, src.Name.O)
		s.at = at + 1
		if alias == "" {
			alias = src.Name.O
		}
		if err = s.plainTable(src, at); err == nil {
			node, err = s.session.table(src.Name.O, at)
		}
	case *ast.SelectStmt, *ast.SetOprStmt:
		if c := tableCallOf(ts); c != nil {
			switch {
			case c.isLate():
				return s.late(c)
			case c.isErrors():
				return s.badRecords(c)
			}
			if f := s.ofTable(c); f != nil {
				return s.timeWindows(c, f)
			}
			x, sc, err := s.expand(c, oneRow(), newScope("", types.NewSchema()))
			if err != nil {
				return nil, nil, err
			}
			return x, sc, nil
		}
		node, err = s.derived(ts.Source, alias, at)
	default:
		return nil, nil, s.notYetAt(at, "this table reference")
	}
	if err != nil {
		return nil, nil, err
	}
	if node, err = s.renamed(node, alias, ts.ColumnNames, at); err != nil {
		return nil, nil, err
	}
	return node, newScope(alias, node.Schema()), nil
}

// plainTable refuses what may stand beside a table's name.
func (s *session) plainTable(t *ast.TableName, at int) error {
	switch {
	case t.Schema.O != "":
		return sql.Errorf(s.m.Source, at, "tables have no schema name before them")
	case t.AsOf != nil:
		return s.notYetAt(s.m.WordAfter(at, "OF"), "AS OF")
	case t.TableSample != nil:
		return sql.Errorf(s.m.Source, s.m.WordAfter(at, "TABLESAMPLE"), "TABLESAMPLE is not supported").
			WithHint("a condition on a key does it, and picks the same rows each time: WHERE CRC32(id) %% 10 = 0")
	case len(t.PartitionNames) > 0:
		return s.notYetAt(s.m.WordAfter(at, "PARTITION"), "PARTITION")
	case len(t.IndexHints) > 0:
		return s.notYetAt(s.m.WordAfter(at, "USE", "FORCE", "IGNORE"), "an index hint")
	}
	return nil
}

// table binds a name of the catalog or of WITH.
func (s *session) table(name string, at int) (logical.Node, error) {
	if n, err := s.named(name, at); n != nil || err != nil {
		return n, err
	}
	e, ok := s.Catalog.Lookup(name)
	if !ok {
		err := sql.Errorf(s.m.Source, at, "there is no table or view %s", name)
		if n := suggest.Nearest(name, s.Catalog.Names()); n != "" {
			err = err.WithHint("did you mean %s?", n)
		} else {
			err = err.WithHint("CREATE TABLE makes one; SHOW TABLES lists what there is")
		}
		return nil, err
	}
	e = s.inZone(e)
	switch e.Kind {
	case catalog.View:
		return s.view(e, at)
	case catalog.MaterializedView:
		return scanAll(s.viewRelation(e)), nil
	}
	return s.scanTable(e)
}

// sizeOf returns what tells the size of a relation, and asks for it once.
func (b *Binder) sizeOf(name string) func() (int64, bool) {
	if b.Size == nil {
		return nil
	}
	return sync.OnceValues(func() (int64, bool) { return b.Size(name) })
}

func scanAll(r *logical.Relation) logical.Node {
	scan := &logical.Scan{Relation: r}
	for i := range r.Schema.Fields {
		scan.Columns = append(scan.Columns, i)
	}
	return scan
}

var arrivals = map[connectors.Changes]logical.Arrival{
	connectors.Additions: logical.Plain, connectors.ByKey: logical.ByKey, connectors.Retractions: logical.Unchecked,
	connectors.Whole: logical.Whole,
}

// scanTable scans a table's own columns; computed columns are computed above.
func (s *session) scanTable(e *catalog.Entry) (logical.Node, error) {
	r, err := s.tableRelation(e)
	if err != nil {
		return nil, err
	}
	scan := &logical.Scan{Relation: r, Columns: r.Stored}
	if len(e.Computed) == 0 {
		return scan, nil
	}
	return s.computed(e, scan, scan.Columns)
}

// computed puts a table's computed columns among its own, which are the input's first
// columns, in order; own are their positions in the table.
func (s *session) computed(e *catalog.Entry, in logical.Node, own []int) (logical.Node, error) {
	p := &logical.Project{Input: in, Names: e.Schema.Names()}
	schema := e.Schema.Project(own)
	for i, f := range e.Schema.Fields {
		text, computed := e.Computed[i]
		if !computed {
			p.Exprs = append(p.Exprs, &expr.Column{Index: slices.Index(own, i), Field: f})
			continue
		}
		x, err := s.ownText(e.Name+"."+f.Name, text, schema, "a computed column")
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, expr.NewCast(x, f.Type))
	}
	return p, nil
}

// ownText binds an expression that a table was declared with.
func (s *session) ownText(name, text string, schema *types.Schema, clause string) (expr.Expr, error) {
	parsed, err := sql.ParseExprText(name, text)
	if err != nil {
		return nil, err
	}
	return (&session{Binder: s.Binder, m: parsed.Mapping, whole: s.whole}).scalar(parsed.Node, newScope("", schema), clause)
}

// view binds a view's own text in place of its name. Errors in it point into the
// view.
func (s *session) view(e *catalog.Entry, at int) (logical.Node, error) {
	if key := strings.ToLower(e.Name); slices.Contains(s.views, key) {
		return nil, sql.Errorf(s.m.Source, at, "view %s reads itself", e.Name).
			WithHint("CREATE OR REPLACE VIEW gives it another query")
	}
	if s.whole.views++; s.whole.views > maxViews {
		return nil, sql.Errorf(s.m.Source, at, "the query reads more than %d views, each counted as often as it is read", maxViews)
	}
	st, err := sql.ParseOne("view "+e.Name, e.Query)
	if err != nil {
		return nil, err
	}
	sel, ok := st.(*sql.Select)
	if !ok {
		return nil, fmt.Errorf("view %s is not a query", e.Name)
	}
	inner := &session{
		Binder: s.Binder, m: sel.Query.Mapping,
		views: append(slices.Clone(s.views), strings.ToLower(e.Name)), whole: s.whole,
	}
	n, err := inner.result(sel.Query.Node, false)
	if err != nil {
		return nil, err
	}
	names := n.Schema().Names()
	if len(e.Columns) > 0 {
		names = e.Columns
	}
	if len(names) != n.Schema().Len() {
		return nil, sql.Errorf(s.m.Source, at, "view %s names %d columns, and its query has %d by now", e.Name, len(names), n.Schema().Len())
	}
	return logical.Rename(n, names), nil
}
