package bind

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Change is what a statement makes of rows of a table.
type Change struct {
	Table *catalog.Entry
	Alias string      // the table's name in the expressions; "" for its own
	Rows  sql.Rows    // which rows
	Among *zset.Batch // rows of the table among which they are; nil for the whole table
	// What they are set to, by column: nil for a column that stays. nil as a whole
	// where the rows are only to be found.
	Set []*sql.Assignment
}

// Change binds the query for the rows that a statement changes: their columns as the
// table stores them, and where there is a Set those that they are to have behind them.
func (b *Binder) Change(c *Change) (logical.Node, error) {
	s := &session{Binder: b, whole: &whole{}}
	in := *c
	in.Table = b.inZone(c.Table)
	c = &in
	n, err := s.scanTable(c.Table)
	if err != nil {
		return nil, err
	}
	if c.Among != nil {
		n = &logical.Values{Rows: b.rowsIn(c.Among)}
	}
	x := &change{session: s, Change: c, in: newScope(c.name(), n.Schema())}
	if w := c.Rows.Where; w != nil {
		s.m = w.Mapping
		pred, err := s.scalar(w.Node, x.in, "WHERE")
		if err != nil {
			return nil, err
		}
		if pred, err = s.truth(pred, w.Node); err != nil {
			return nil, err
		}
		n = &logical.Filter{Input: n, Pred: pred}
	}
	x.out = &logical.Project{Input: n}
	for i, f := range c.Table.Schema.Fields {
		x.put(x.stored(i), f.Name)
	}
	if c.Set != nil {
		if err := x.set(); err != nil {
			return nil, err
		}
	}
	return x.sorted()
}

// rowsIn returns rows as the query sees them: their moments are shown in its zone.
func (b *Binder) rowsIn(rows *zset.Batch) *zset.Batch {
	schema := rows.Schema.In(b.Zone)
	if schema == rows.Schema {
		return rows
	}
	return rows.Retyped(schema)
}

func (c *Change) name() string {
	if c.Alias != "" {
		return c.Alias
	}
	return c.Table.Name
}

// A change is a Change being bound.
type change struct {
	*session
	*Change
	in  *scope
	out *logical.Project
}

func (x *change) put(e expr.Expr, name string) {
	x.out.Exprs, x.out.Names = append(x.out.Exprs, e), append(x.out.Names, name)
}

// stored is a column as the table stores it: computed ones are NULL.
func (x *change) stored(i int) expr.Expr {
	f := x.Table.Schema.Fields[i]
	if _, computed := x.Table.Computed[i]; computed {
		return &expr.Literal{T: f.Type}
	}
	return &expr.Column{Index: i, Field: f}
}

// set puts the row as it is to be behind the row as it was.
func (x *change) set() error {
	for i, f := range x.Table.Schema.Fields {
		e := x.stored(i)
		if a := x.Set[i]; a != nil {
			var err error
			if e, err = x.assignment(a, i); err != nil {
				return err
			}
		}
		x.put(e, f.Name)
	}
	return nil
}

// assignment is what a column is set to.
func (x *change) assignment(a *sql.Assignment, column int) (expr.Expr, error) {
	into := x.Table.Schema.Fields[column]
	if a.Default {
		return x.defaultOf(Place{into.Type, x.Table.Defaults[column]})
	}
	x.m = a.Expr.Mapping
	e, err := x.scalar(a.Expr.Node, x.in, "SET")
	if err != nil {
		return nil, err
	}
	if e, err = x.assigned(e, into.Type, a.Expr.Node); err != nil {
		return nil, err
	}
	if !types.Implicit(e.Type(), into.Type) {
		return nil, sql.Errorf(x.m.Source, x.m.Start(), "column %s is %s, the query gives it a %s", into.Name, into.Type, e.Type())
	}
	return expr.NewCast(e, into.Type), nil
}

// sorted adds ORDER BY and LIMIT. An order alone changes nothing.
func (x *change) sorted() (logical.Node, error) {
	sort := &logical.Sort{Limit: x.Rows.Limit}
	width := len(x.out.Exprs)
	for _, item := range x.Rows.Order {
		x.m = item.Expr.Mapping
		e, err := x.scalar(item.Expr.Node, x.in, "ORDER BY")
		if err == nil {
			in := &binding{session: x.session, in: x.in}
			e, err = in.sortedBy(e, item.Expr.Node)
		}
		if err != nil {
			return nil, err
		}
		by := []expr.Expr{e}
		if item.Apart {
			by = []expr.Expr{&expr.IsNull{Arg: e}, e}
		}
		for _, e := range by {
			sort.Keys = append(sort.Keys, logical.SortKey{Column: len(x.out.Exprs), Desc: item.Desc})
			x.put(e, e.String())
		}
	}
	if sort.Limit < 0 {
		return logical.Head(x.out, width), nil
	}
	sort.Hidden = len(x.out.Exprs) - width
	sort.Input = x.out
	return sort, nil
}

// A Merge is ON DUPLICATE KEY UPDATE: rows of a table, and for each the row that was to
// be inserted and has its key.
type Merge struct {
	Table   *catalog.Entry
	Pairs   *zset.Batch // the columns of both, the table's first
	Alias   string      // of the row that was to be inserted; "" for none
	Columns []string    // what its columns are called; nil for the table's names
	Set     []*sql.Assignment
}

// Merge binds the query for what becomes of the rows of a table, in the order of the
// pairs.
func (b *Binder) Merge(m *Merge) (logical.Node, error) {
	s := &session{Binder: b, whole: &whole{}}
	in := *m
	in.Table, in.Pairs = b.inZone(m.Table), b.rowsIn(m.Pairs)
	m = &in
	fields := m.Table.Schema.Fields
	width := len(fields)
	old, err := s.computed(m.Table, &logical.Values{Rows: m.Pairs}, identity(width))
	if err != nil {
		return nil, err
	}
	p := old.(*logical.Project)
	for i := range width {
		p.Exprs = append(p.Exprs, &expr.Column{Index: width + i, Field: fields[i]})
	}
	p.Exprs = append(p.Exprs, &expr.Column{Index: 2 * width, Field: m.Pairs.Schema.Fields[2*width]})
	p.Names = m.Pairs.Schema.Names()
	inserted := m.Table.Schema
	if m.Columns != nil {
		inserted = &types.Schema{Fields: slices.Clone(fields)}
		for i, name := range m.Columns {
			inserted.Fields[i].Name = name
		}
	}
	sc := newScope(m.Table.Name, m.Table.Schema).beside(newScope(m.Alias, inserted))
	for i := range width { // without a name of its own it is reached by the row's alone
		sc.shadowed[width+i] = m.Columns == nil || m.Columns[i] == ""
	}
	s.inserted = m.Table.Schema
	x := &change{session: s, Change: &Change{Table: m.Table, Set: m.Set}, in: sc, out: &logical.Project{Input: p}}
	if err := x.set(); err != nil {
		return nil, err
	}
	x.put(&expr.Column{Index: 2 * width, Field: m.Pairs.Schema.Fields[2*width]}, "pair")
	return &logical.Sort{Input: x.out, Limit: -1, Hidden: 1, Keys: []logical.SortKey{{Column: width}}}, nil
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// valuesOf binds VALUES(column): what the row that was to be inserted has there.
func (b *binding) valuesOf(x *ast.ValuesExpr) (expr.Expr, error) {
	if b.inserted == nil {
		return nil, b.m.Errorf(x, "VALUES(…) stands in ON DUPLICATE KEY UPDATE")
	}
	name := x.Column.Name
	found := newScope("", b.inserted).find(name.Name.O)
	if len(found) != 1 {
		return nil, b.noColumn(x.Column, newScope("", b.inserted))
	}
	at := found[0] + b.inserted.Len()
	if at >= len(b.in.fields) {
		return nil, b.notYet(x, "VALUES(…) inside a subquery")
	}
	c := &expr.Column{Index: at, Field: b.in.fields[at]}
	b.remember(c, x)
	return c, nil
}
