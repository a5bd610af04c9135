package planner

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
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

// Insert plans a query whose result is written into a table: column i of the result
// goes to the table's column target[i], the others become NULL. runs says that it runs on.
func (p *Planner) Insert(q *sql.Query, table *types.Schema, target []int, runs bool) (*Query, error) {
	into := make([]types.Type, len(target))
	for i, at := range target {
		into[i] = table.Fields[at].Type
	}
	n, err := p.Bind().Source(q, into)
	if err != nil {
		return nil, err
	}
	if s, ok := n.(*logical.Sort); ok && runs {
		n = logical.Part(s)
	}
	have := n.Schema().Len()
	if s, ok := n.(*logical.Sort); ok {
		have -= s.Hidden
	}
	if have != len(target) {
		return nil, &WidthError{Want: len(target), Have: have}
	}
	if n, err = assign(n, table, target); err != nil {
		return nil, err
	}
	return p.Finish(n)
}

// assign converts a query's columns to those of a table. An order is kept only where
// a limit makes it count.
func assign(n logical.Node, table *types.Schema, target []int) (logical.Node, error) {
	sort, sorted := n.(*logical.Sort)
	if sorted {
		n = sort.Input
	}
	from := n.Schema()
	_, written := n.(*logical.Values)
	proj := &logical.Project{Input: n, Names: table.Names()}
	for i, f := range table.Fields {
		at := slices.Index(target, i)
		if at < 0 {
			proj.Exprs = append(proj.Exprs, &expr.Literal{T: f.Type})
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
	if !sorted || sort.Limit < 0 && sort.Offset == 0 {
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

// Stored plans the rows of a table for which a condition holds, nil for all, as the
// table stores them: computed columns are NULL.
func (p *Planner) Stored(e *catalog.Entry, where *sql.Expr) (*Query, error) {
	n, err := p.Bind().Table(e.Name)
	if err != nil {
		return nil, err
	}
	if where != nil {
		pred, err := p.Bind().Condition(where, e.Schema)
		if err != nil {
			return nil, err
		}
		n = &logical.Filter{Input: n, Pred: pred}
	}
	stored := &logical.Project{Input: n, Names: e.Schema.Names()}
	for i, f := range e.Schema.Fields {
		if _, computed := e.Computed[i]; computed {
			stored.Exprs = append(stored.Exprs, &expr.Literal{T: f.Type})
		} else {
			stored.Exprs = append(stored.Exprs, &expr.Column{Index: i, Field: f})
		}
	}
	return p.Finish(stored)
}

// Changed plans rows of a table with some columns set to expressions over them; set
// has an expression or nil for each column.
func (p *Planner) Changed(rows *zset.Batch, e *catalog.Entry, set []*sql.Expr) (*Query, error) {
	readable := &types.Schema{Fields: slices.Clone(e.Schema.Fields)}
	for i := range e.Computed {
		readable.Fields[i].Name = "" // it is not stored
	}
	proj := &logical.Project{Input: &logical.Values{Rows: rows}, Names: e.Schema.Names()}
	for i, f := range e.Schema.Fields {
		if set[i] == nil {
			proj.Exprs = append(proj.Exprs, &expr.Column{Index: i, Field: f})
			continue
		}
		x, err := p.Bind().Value(set[i], readable, f.Type)
		if err != nil {
			return nil, err
		}
		if !types.Implicit(x.Type(), f.Type) {
			m := set[i].Mapping
			return nil, sql.Errorf(m.Source, m.Start(), "%v", &AssignError{Column: f, From: x.Type()})
		}
		proj.Exprs = append(proj.Exprs, expr.NewCast(x, f.Type))
	}
	return p.Finish(proj)
}

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
