package sqlstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// delete takes rows out of a memory table and returns when all its readers know.
func (db *DB) delete(ctx context.Context, st *sql.Delete) (string, error) {
	what := "DELETE"
	if st.Truncate {
		what = "TRUNCATE"
	}
	t, err := db.changeable(&st.Common, st.Target, what)
	if err != nil {
		return "", err
	}
	c := &planner.Change{Table: t.entry, Alias: st.Alias.Text, Rows: st.Rows}
	p, err := db.planning().Change(c)
	if err != nil {
		return "", err
	}
	leave, err := db.mayWrite(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if p, err = db.among(ctx, t, p, c); err != nil {
		return "", placed(&st.Common, err)
	}
	gone, err := db.collect(ctx, p)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	if err := db.apply(ctx, t, gone.Negated()); err != nil {
		return "", placed(&st.Common, err)
	}
	return rowsWord(copies(gone)) + " deleted", nil
}

// update changes rows of a memory table: the old ones are taken back and the new
// ones added in one epoch. Every expression sees the rows as they were.
func (db *DB) update(ctx context.Context, st *sql.Update) (string, error) {
	t, err := db.changeable(&st.Common, st.Target, "UPDATE")
	if err != nil {
		return "", err
	}
	set, err := t.assigned(&st.Common, st.Set)
	if err != nil {
		return "", err
	}
	c := &planner.Change{Table: t.entry, Alias: st.Alias.Text, Rows: st.Rows, Set: set}
	p, err := db.planning().Change(c)
	if err != nil {
		return "", err
	}
	leave, err := db.mayWrite(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if p, err = db.among(ctx, t, p, c); err != nil {
		return "", placed(&st.Common, err)
	}
	rows, err := db.collect(ctx, p)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	width := t.entry.Schema.Len()
	old, fresh := columnsOf(rows, t.entry.Schema, 0), columnsOf(rows, t.entry.Schema, width)
	if err := db.apply(ctx, t, zset.Consolidate(old.Negated(), fresh)); err != nil {
		return "", placed(&st.Common, err)
	}
	return rowsWord(copies(old)) + " updated", nil
}

// among plans a change anew over the rows of some keys, where its condition tells that no
// other row is concerned.
func (db *DB) among(ctx context.Context, t *target, p *planner.Query, c *planner.Change) (*planner.Query, error) {
	e := t.entry
	if len(e.Computed) > 0 || e.Def.NotEnforced {
		return p, nil
	}
	keys := p.Keys(e.Schema, e.Def.PrimaryKey)
	if keys == nil {
		return p, nil
	}
	var err error
	if c.Among, err = db.find(ctx, t, keys); err != nil {
		return nil, err
	}
	return db.planning().Change(c)
}

// find returns the rows of a memory table that have one of the keys.
func (db *DB) find(ctx context.Context, t *target, keys *zset.Batch) (*zset.Batch, error) {
	sink, err := t.connector.Sink(ctx, t.entry.Def, connectors.Update, t.entry.Schema, db.env)
	if err != nil {
		return nil, err
	}
	return sink.(connectors.Finder).Find(keys), sink.Close()
}

// columnsOf is the part of a batch from a column on that has a schema, with its
// weights.
func columnsOf(b *zset.Batch, schema *types.Schema, from int) *zset.Batch {
	return &zset.Batch{Schema: schema, Len: b.Len, Weights: b.Weights, Cols: b.Cols[from : from+schema.Len()]}
}

// assigned puts assignments in the order of the table's columns, nil for those that
// are not named.
func (t *target) assigned(c *sql.Common, list []sql.Assignment) ([]*sql.Assignment, error) {
	set := make([]*sql.Assignment, t.entry.Schema.Len())
	for k, a := range list {
		i := columnOf(t.entry.Def, a.Column.Text)
		switch {
		case i < 0:
			return nil, c.Errorf(a.Column.Offset, "table %s has no column %s", t.entry.Name, a.Column.Text)
		case t.entry.Def.Columns[i].Computed:
			return nil, c.Errorf(a.Column.Offset, "column %s is computed and cannot be written", a.Column.Text)
		case set[i] != nil:
			return nil, c.Errorf(a.Column.Offset, "column %s is set twice", a.Column.Text)
		}
		set[i] = &list[k]
	}
	return set, nil
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

// collect runs a plan once and returns its rows.
func (db *DB) collect(ctx context.Context, p *planner.Query) (*zset.Batch, error) {
	rows, err := db.bounded(ctx, p)
	if err != nil {
		return nil, err
	}
	out := zset.NewBuilder(p.Visible())
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
	out, err := db.output(ctx, t, connectors.Update, t.entry.Schema, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Sink.Close()) }()
	running := db.whoRuns(t)
	if err := writeOnce(ctx, out.Sink, delta); err != nil {
		return fmt.Errorf("table %s: %w", t.entry.Name, err)
	}
	return db.seen(ctx, t, running)
}

// writeOnce gives a sink one epoch.
func writeOnce(ctx context.Context, sink connectors.Sink, delta *zset.Batch) error {
	if err := sink.Begin(ctx, 1); err != nil {
		return err
	}
	if err := sink.Write(ctx, delta); err != nil {
		return err
	}
	if _, err := sink.Prepare(ctx); err != nil {
		return err
	}
	return sink.Commit(ctx, 1)
}

// copies is the number of rows, each as often as its weight says.
func copies(b *zset.Batch) int64 {
	var n int64
	for row := range b.Len {
		n += b.Weight(row)
	}
	return n
}
