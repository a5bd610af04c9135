package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// delete takes rows out of a memory table and returns when all its readers know.
func (db *DB) delete(ctx context.Context, st *sql.Delete) (string, error) {
	t, err := db.changeable(&st.Common, st.Target, "DELETE")
	if err != nil {
		return "", err
	}
	db.write.Lock()
	defer db.write.Unlock()
	gone, err := db.matching(ctx, t, st.Where)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	n := copies(gone)
	if err := db.apply(ctx, t, negated(gone)); err != nil {
		return "", placed(&st.Common, err)
	}
	return rowsWord(n) + " deleted", nil
}

// update changes rows of a memory table: the old ones are taken back and the new
// ones added in one epoch.
func (db *DB) update(ctx context.Context, st *sql.Update) (string, error) {
	t, err := db.changeable(&st.Common, st.Target, "UPDATE")
	if err != nil {
		return "", err
	}
	set := make([]*sql.Expr, t.entry.Schema.Len())
	for _, a := range st.Set {
		i := columnOf(t.entry.Def, a.Column.Text)
		switch {
		case i < 0:
			return "", st.Errorf(a.Column.Offset, "table %s has no column %s", t.entry.Name, a.Column.Text)
		case t.entry.Def.Columns[i].Computed:
			return "", st.Errorf(a.Column.Offset, "column %s is computed and cannot be written", a.Column.Text)
		case set[i] != nil:
			return "", st.Errorf(a.Column.Offset, "column %s is set twice", a.Column.Text)
		}
		set[i] = a.Expr
	}
	db.write.Lock()
	defer db.write.Unlock()
	old, err := db.matching(ctx, t, st.Where)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	fresh, err := db.changed(ctx, st, t, old, set)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	n := copies(old)
	if err := db.apply(ctx, t, zset.Consolidate(negated(old), fresh)); err != nil {
		return "", placed(&st.Common, err)
	}
	return rowsWord(n) + " updated", nil
}

// changeable returns a memory table whose rows may be changed.
func (db *DB) changeable(c *sql.Common, name sql.Name, what string) (*target, error) {
	t, err := db.target(c, name)
	if err != nil {
		return nil, err
	}
	if !t.connector.Memory {
		return nil, c.Errorf(name.Offset, "%s works on memory tables; %s is a table of connector '%s'", what, t.entry.Name, t.connector.Name)
	}
	if t.entry.AppendOnly {
		return nil, c.Errorf(name.Offset, "%s is not possible: table %s is append-only", what, t.entry.Name).
			WithHint("declare it without 'append.only'")
	}
	return t, nil
}

// matching reads the rows of a memory table for which the condition holds, computed
// columns left NULL as the table stores them.
func (db *DB) matching(ctx context.Context, t *target, where *sql.Expr) (*zset.Batch, error) {
	n, err := db.planner.Bind().Table(t.entry.Name)
	if err != nil {
		return nil, err
	}
	if where != nil {
		pred, err := db.planner.Bind().Condition(where, t.entry.Schema)
		if err != nil {
			return nil, err
		}
		n = &logical.Filter{Input: n, Pred: pred}
	}
	stored := &logical.Project{Input: n, Names: t.entry.Schema.Names()}
	for i, f := range t.entry.Schema.Fields {
		if t.entry.Def.Columns[i].Computed {
			stored.Exprs = append(stored.Exprs, &expr.Literal{T: f.Type})
		} else {
			stored.Exprs = append(stored.Exprs, &expr.Column{Index: i, Field: f})
		}
	}
	return db.collect(ctx, stored)
}

// changed computes the new rows from the old ones.
func (db *DB) changed(ctx context.Context, st *sql.Update, t *target, old *zset.Batch, set []*sql.Expr) (*zset.Batch, error) {
	p := &logical.Project{Input: &logical.Values{Rows: old}, Names: t.entry.Schema.Names()}
	for i, f := range t.entry.Schema.Fields {
		if set[i] == nil {
			p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
			continue
		}
		x, err := db.planner.Bind().Expr(set[i], storedSchema(t))
		if err != nil {
			return nil, err
		}
		if !types.Implicit(x.Type(), f.Type) {
			return nil, st.Errorf(set[i].Mapping.Start(), "column %s is %s, the expression gives %s", f.Name, f.Type, x.Type())
		}
		p.Exprs = append(p.Exprs, expr.NewCast(x, f.Type))
	}
	return db.collect(ctx, p)
}

// storedSchema is the table's columns; computed ones are no part of what is stored
// and cannot be read in SET.
func storedSchema(t *target) *types.Schema {
	s := &types.Schema{Fields: slices.Clone(t.entry.Schema.Fields)}
	for i := range s.Fields {
		if t.entry.Def.Columns[i].Computed {
			s.Fields[i].Name = ""
		}
	}
	return s
}

// collect runs a plan once and returns its rows.
func (db *DB) collect(ctx context.Context, n logical.Node) (*zset.Batch, error) {
	rows, err := db.bounded(ctx, db.planner.Finish(n))
	if err != nil {
		return nil, err
	}
	out := zset.NewBuilder(n.Schema())
	for b, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		out.Append(b, nil)
	}
	return out.Build(), nil
}

// apply writes a change to a memory table and waits for its readers.
func (db *DB) apply(ctx context.Context, t *target, delta *zset.Batch) (err error) {
	out, err := db.output(ctx, t, connectors.Update, t.entry.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Sink.Close()) }()
	if err := out.Sink.Begin(ctx, 1); err != nil {
		return err
	}
	if err := out.Sink.Write(ctx, delta); err != nil {
		return err
	}
	if _, err := out.Sink.Prepare(ctx); err != nil {
		return err
	}
	if err := out.Sink.Commit(ctx, 1); err != nil {
		return fmt.Errorf("table %s: %w", t.entry.Name, err)
	}
	return db.seen(ctx, t)
}

// copies is the number of rows, each as often as its weight says.
func copies(b *zset.Batch) int64 {
	var n int64
	for row := range b.Len {
		n += b.Weight(row)
	}
	return n
}
