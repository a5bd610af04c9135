package bind

import (
	"cmp"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// isLate reports that a call is LATE(table).
func (c *tableCall) isLate() bool { return c.name() == "LATE" }

// hasOwnRows reports that a call gives the rows of a table, for which it need not be asked
// for each row beside it.
func (s *session) hasOwnRows(c *tableCall) bool {
	return c.isLate() || c.isErrors() || s.ofTable(c) != nil
}

// late binds FROM LATE(t): the rows that the watermark of a table leaves out, each
// behind what is known of it.
func (s *session) late(c *tableCall) (logical.Node, *scope, error) {
	e, err := s.timedTable(c)
	if err != nil {
		return nil, nil, err
	}
	node, err := s.lateRows(e)
	if err != nil {
		return nil, nil, err
	}
	return s.called(c, node, "late")
}

// called gives the rows of a table the name of their call, which is alias where it has none,
// and the names of its columns.
func (s *session) called(c *tableCall, node logical.Node, alias string) (logical.Node, *scope, error) {
	alias = cmp.Or(c.alias, alias)
	if c.names != nil {
		names := make([]ast.CIStr, len(c.names))
		for i, n := range c.names {
			names[i] = ast.NewCIStr(n)
		}
		var err error
		if node, err = (&fromClause{session: s}).renamed(node, alias, names, s.m.At(c.call)); err != nil {
			return nil, nil, err
		}
	}
	return node, newScope(alias, node.Schema()), nil
}

// timedTable is the table of LATE(table), which must have a watermark.
func (s *session) timedTable(c *tableCall) (*catalog.Entry, error) {
	e, at, err := s.tableOf(c, "as in FROM LATE(t), where t is a table with a WATERMARK",
		"rows are late where a table is read", "name the table that it reads, which has the WATERMARK")
	if err == nil && e.Watermark == nil {
		err = sql.Errorf(s.m.Source, at, "table %s has no WATERMARK, so that no row of it is late", e.Name).
			WithHint("declare one in CREATE TABLE: WATERMARK FOR column AS column - INTERVAL 5 SECOND")
	}
	if err != nil {
		return nil, err
	}
	return s.inZone(e), nil
}

// tableOf is the table that a call names, and where it does. of, and hint, say why nothing
// else has what is asked for.
func (s *session) tableOf(c *tableCall, usage, of, hint string) (*catalog.Entry, int, error) {
	if len(c.call.Args) != 2 {
		return nil, 0, s.m.Errorf(c.call, "%s takes one table", c.name()).WithHint("%s", usage)
	}
	arg := c.call.Args[1]
	if t, ok := arg.(*ast.FuncCallExpr); ok && t.FnName.L == sql.MarkerTable {
		arg = t.Args[0]
	}
	t, ok := arg.(*ast.ColumnNameExpr)
	if !ok || t.Name.Table.O != "" {
		return nil, 0, s.m.Errorf(arg, "%s takes the name of a table", c.name()).WithHint("%s", usage)
	}
	name, at := t.Name.Name.O, s.m.At(t)
	query, err := s.named(name, at)
	if err != nil {
		return nil, 0, err
	}
	e, ok := s.Catalog.Lookup(name)
	switch {
	case query == nil && !ok:
		_, err = s.table(name, at) // says that there is no such table
		return nil, 0, err
	case query != nil || e.Kind != catalog.Table:
		return nil, 0, sql.Errorf(s.m.Source, at, "%s is no table: %s", name, of).WithHint("%s", hint)
	}
	return e, at, nil
}

// lateRows scans the late rows of a table. In the relation the table's columns come
// first; a query sees them last.
func (s *session) lateRows(e *catalog.Entry) (logical.Node, error) {
	own := LateColumns(e)
	r := lateRelation(e, own)
	scan := &logical.Scan{Relation: r, Columns: r.Stored}
	stored := scan.Columns[:len(scan.Columns)-len(own)]
	below, err := s.computed(e, scan, stored)
	if err != nil {
		return nil, err
	}
	of := below.(*logical.Project)
	out := &logical.Project{Input: scan}
	for i, f := range own {
		out.Exprs = append(out.Exprs, &expr.Column{Index: len(stored) + i, Field: f})
		out.Names = append(out.Names, f.Name)
	}
	out.Exprs, out.Names = append(out.Exprs, of.Exprs...), append(out.Names, of.Names...)
	return out, nil
}

// LateColumns are the columns that the late rows of a table have beside its own. One whose
// name a column of the table has is called late_….
func LateColumns(e *catalog.Entry) []types.Field {
	at := e.Schema.Fields[e.Watermark.Column].Type
	fine := at
	fine.Precision = types.MaxFraction // as that of the INTERVAL that is subtracted

	out := []types.Field{
		{Name: "split", Type: types.Of(types.Varchar), NotNull: true},
		{Name: "offset", Type: types.Of(types.BigInt)},
		{Name: "event_time", Type: at, NotNull: true},
		{Name: "watermark", Type: fine},
		{Name: "lateness", Type: types.Of(types.BigInt)},
		{Name: "reason", Type: types.Of(types.Varchar), NotNull: true},
	}
	for i, f := range out {
		for _, c := range e.Schema.Fields {
			if strings.EqualFold(c.Name, f.Name) {
				out[i].Name = "late_" + f.Name
			}
		}
	}
	return out
}
