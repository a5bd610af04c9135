package planner

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/bind"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// View plans the query of a view. An order is dropped, since nothing would remember
// it; names, where given, become those of the columns.
func (p *Planner) View(q *sql.Query, names []string) (*Query, error) {
	n, err := p.Bind().Query(q)
	if err != nil {
		return nil, err
	}
	if s, ok := n.(*logical.Sort); ok {
		n = logical.Part(s)
	}
	if len(names) > 0 {
		if have := n.Schema().Len(); have != len(names) {
			return nil, &WidthError{Want: len(names), Have: have}
		}
		n = logical.Rename(n, names)
	}
	return p.Finish(n)
}

// A Target is what a query's result is written into: a table's columns, or some of
// them.
type Target struct {
	Columns  *types.Schema
	Given    []int          // column i of the result goes to Columns[Given[i]]
	Defaults map[int]string // expressions for the others, by position in Columns; NULL where there is none
	// Ordered keeps the order of VALUES and of ORDER BY, for who takes row after row.
	Ordered bool
	Runs    bool // the query runs on, so that a limit is kept up to date and an order means nothing
}

// Insert plans a query whose result is written into a table.
func (p *Planner) Insert(q *sql.Query, t Target) (*Query, error) {
	t.Columns = t.Columns.In(p.Zone)
	into := make([]Place, len(t.Given))
	for i, at := range t.Given {
		into[i] = Place{Type: t.Columns.Fields[at].Type, Default: t.Defaults[at]}
	}
	n, err := p.Bind().Source(q, into)
	if err != nil {
		return nil, err
	}
	if s, ok := n.(*logical.Sort); ok && t.Runs {
		n = logical.Part(s)
	}
	if t.Ordered && q.IsValues() {
		n = numbered(n)
	}
	have := n.Schema().Len()
	if s, ok := n.(*logical.Sort); ok {
		have -= s.Hidden
	}
	if have != len(t.Given) {
		return nil, &WidthError{Want: len(t.Given), Have: have}
	}
	if n, err = p.assign(n, t); err != nil {
		return nil, err
	}
	return p.Finish(n)
}

// numbered puts a plan of VALUES in the order in which they are written. One that has
// an order already keeps it.
func numbered(n logical.Node) logical.Node {
	const name = "row"
	out := &logical.Sort{Limit: -1, Hidden: 1, Keys: []logical.SortKey{{Column: n.Schema().Len()}}}
	switch x := n.(type) {
	case *logical.Values:
		rows := *x.Rows
		rows.Schema = &types.Schema{Fields: append(slices.Clone(rows.Schema.Fields), types.Field{Name: name, Type: types.Of(types.BigInt), NotNull: true})}
		number := vec.NewBuilder(types.Of(types.BigInt))
		for i := range rows.Len {
			vec.AppendInt(number, int64(i))
		}
		rows.Cols = append(slices.Clone(rows.Cols), number.Vec())
		out.Input = &logical.Values{Rows: &rows}
	case *logical.Union:
		u := &logical.Union{Names: append(slices.Clone(x.Names), name)}
		for i, in := range x.Ins {
			p := *in.(*logical.Project)
			p.Exprs = append(slices.Clone(p.Exprs), &expr.Literal{T: types.Of(types.BigInt), Value: int64(i)})
			p.Names = append(slices.Clone(p.Names), name)
			u.Ins = append(u.Ins, &p)
		}
		out.Input = u
	default: // one row, or rows with an order of their own
		return n
	}
	return out
}

// assign converts a query's columns to those of a table. An order is kept only where
// it counts.
func (p *Planner) assign(n logical.Node, t Target) (logical.Node, error) {
	sort, sorted := n.(*logical.Sort)
	if sorted {
		n = sort.Input
	}
	from := n.Schema()
	_, written := n.(*logical.Values)
	proj := &logical.Project{Input: n, Names: t.Columns.Names()}
	for i, f := range t.Columns.Fields {
		at := slices.Index(t.Given, i)
		if at < 0 {
			e, err := p.Bind().Default(Place{Type: f.Type, Default: t.Defaults[i]})
			if err != nil {
				return nil, err
			}
			proj.Exprs = append(proj.Exprs, e)
			continue
		}
		col := &expr.Column{Index: at, Field: from.Fields[at]}
		if written {
			col.Field.Name = f.Name // a value in VALUES has no name of its own for an error to tell
		}
		text := written && col.Field.Type.Kind == types.Varchar // VALUES ('2026-01-01') for a DATE
		if !text && !types.Implicit(col.Field.Type, f.Type) {
			return nil, &AssignError{Column: f, From: col.Field.Type}
		}
		proj.Exprs = append(proj.Exprs, expr.NewCast(col, f.Type))
	}
	if !sorted || sort.Limit < 0 && sort.Offset == 0 && !t.Ordered {
		return proj, nil
	}
	top := &logical.Sort{Input: proj, Limit: sort.Limit, Offset: sort.Offset, Hidden: len(sort.Keys)}
	for _, k := range sort.Keys {
		proj.Exprs = append(proj.Exprs, &expr.Column{Index: k.Column, Field: from.Fields[k.Column]})
		proj.Names = append(proj.Names, from.Fields[k.Column].Name)
		k.Column = len(proj.Exprs) - 1
		top.Keys = append(top.Keys, k)
	}
	return top, nil
}

// A Change is what an UPDATE or DELETE makes of rows, a Merge what ON DUPLICATE KEY
// UPDATE does, and a Place what a value is written into.
type (
	Change = bind.Change
	Merge  = bind.Merge
	Place  = bind.Place
)

// Change plans the query for the rows that an UPDATE or DELETE changes.
func (p *Planner) Change(c *Change) (*Query, error) {
	n, err := p.Bind().Change(c)
	if err != nil {
		return nil, err
	}
	return p.Finish(n)
}

// Merge plans the query for what ON DUPLICATE KEY UPDATE makes of rows.
func (p *Planner) Merge(m *Merge) (*Query, error) {
	n, err := p.Bind().Merge(m)
	if err != nil {
		return nil, err
	}
	return p.Finish(n)
}

// Check returns the condition of a CHECK over a table's columns as it stores them.
func (p *Planner) Check(e *catalog.Entry, c catalog.Check) (expr.Expr, error) {
	return p.Bind().Check(e, c.Expr)
}

// HasSubquery reports that an expression reads tables.
func HasSubquery(e expr.Expr) bool { return logical.HasSubquery(e) }

// A WidthError says that a query has another number of columns than its target.
type WidthError struct{ Want, Have int }

// Error names both numbers.
func (e *WidthError) Error() string {
	return fmt.Sprintf("%d columns are needed, the query has %d", e.Want, e.Have)
}

// An AssignError says that a column of a query does not fit the column of the
// table it is written into.
type AssignError struct {
	Column types.Field
	From   types.Type
}

// Error names column and types.
func (e *AssignError) Error() string {
	return "column " + e.Column.Name + " is " + e.Column.Type.String() + ", the query gives it a " + e.From.String()
}
