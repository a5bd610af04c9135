package sqlstream

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A checkedSink holds a table to what it was declared with: NOT NULL columns and CHECK
// conditions, for whoever writes to it.
type checkedSink struct {
	connectors.Sink
	schema *types.Schema // of what is written, as the table declares it
	shown  []int         // the columns that a row is told by: computed ones are not stored
	checks []check
	mem    vec.Mem
}

// A check is a CHECK condition, ready to be asked.
type check struct {
	catalog.Check
	kept *expr.Filter // selects the rows for which it is TRUE or NULL
}

// heldTo puts a table's constraints before its sink.
func (db *DB) heldTo(e *catalog.Entry, schema *types.Schema, sink connectors.Sink) (*checkedSink, error) {
	s := &checkedSink{Sink: sink, schema: schema}
	for i, f := range schema.Fields {
		if !e.Def.Columns[columnOf(e.Def, f.Name)].Computed {
			s.shown = append(s.shown, i)
		}
	}
	for _, c := range e.Checks {
		cond, err := db.planning().Check(e, c)
		if err != nil {
			return nil, err
		}
		kept, err := expr.CompileFilter(&expr.IsTruth{Arg: cond, Negated: true}, false)
		if err != nil {
			return nil, err
		}
		s.checks = append(s.checks, check{c, kept})
	}
	return s, nil
}

// Unwrap implements connectors.Wrapper.
func (s *checkedSink) Unwrap() connectors.Sink { return s.Sink }

// Write implements connectors.Sink.
func (s *checkedSink) Write(ctx context.Context, b *zset.Batch) error {
	for i, f := range s.schema.Fields {
		if !f.NotNull || b.Cols[i].NullCount() == 0 {
			continue
		}
		for row := range b.Len {
			if b.Cols[i].IsNull(row) {
				return fmt.Errorf("column %s is NOT NULL, and a row has NULL there: %s", f.Name, b.NamedText(row, s.shown))
			}
		}
	}
	if len(s.checks) > 0 {
		if err := b.Parts(s.check); err != nil {
			return err
		}
	}
	return s.Sink.Write(ctx, b)
}

func (s *checkedSink) check(b *zset.Batch) error {
	for _, c := range s.checks {
		s.mem.Reset()
		kept, all, err := c.kept.Select(&expr.Context{Mem: &s.mem}, b, nil)
		if err != nil {
			return fmt.Errorf("CHECK %s (%s): %w", c.Name, c.Expr, err)
		}
		if all {
			continue
		}
		for row := range b.Len {
			if _, ok := slices.BinarySearch(kept, int32(row)); !ok && b.Weight(row) > 0 {
				return fmt.Errorf("CHECK %s (%s) does not hold for the row %s", c.Name, c.Expr, b.NamedText(row, s.shown))
			}
		}
	}
	return nil
}

// constraints checks DEFAULT and CHECK as declared.
func (db *DB) constraints(st *sql.CreateTable, e *catalog.Entry, c *connectors.Connector) error {
	e.Defaults = map[int]string{}
	for i, d := range st.Columns {
		if d.Default == nil {
			continue
		}
		col := e.Def.Columns[i]
		x, err := db.planning().Bind().Value(d.Default, types.NewSchema(), col.Type)
		switch {
		case err != nil:
			return err
		case col.Metadata != "":
			return st.Errorf(d.Name.Offset, "column %s is metadata and has no DEFAULT", col.Name)
		case planner.HasSubquery(x):
			return st.Errorf(d.Default.Start(), "DEFAULT of column %s may not read a table", col.Name)
		case !types.Implicit(x.Type(), col.Type):
			return st.Errorf(d.Default.Start(), "column %s is %s, its DEFAULT a %s", col.Name, col.Type, x.Type())
		}
		e.Defaults[i] = d.Default.Text()
	}
	for i, d := range st.Checks {
		if !c.Memory {
			return st.Errorf(d.Expr.Start(), "CHECK is for memory tables: others write to a table of connector '%s', too", c.Name)
		}
		x, err := db.planning().Bind().Condition(d.Expr, e)
		switch {
		case err != nil:
			return err
		case planner.HasSubquery(x):
			return st.Errorf(d.Expr.Start(), "CHECK may not read a table")
		case expr.Stability(x) != function.Pure:
			return st.Errorf(d.Expr.Start(), "CHECK must give the same value whenever its row is looked at")
		}
		name := d.Name.Text
		if name == "" {
			name = fmt.Sprintf("%s_chk_%d", e.Name, i+1)
		}
		if slices.ContainsFunc(e.Checks, func(o catalog.Check) bool { return strings.EqualFold(o.Name, name) }) {
			return st.Errorf(d.Name.Offset, "two constraints are called %s", name)
		}
		e.Checks = append(e.Checks, catalog.Check{Name: name, Expr: d.Expr.Text()})
	}
	return nil
}
