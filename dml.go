package sqlstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// delete takes rows out of a memory table and returns when all its readers know.
func (db *DB) delete(ctx context.Context, st *sql.Delete) (string, error) {
	t, err := db.changeable(&st.Common, st.Target, "DELETE")
	if err != nil {
		return "", err
	}
	if err := db.write.enter(ctx); err != nil {
		return "", err
	}
	defer db.write.leave()
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
	if err := db.write.enter(ctx); err != nil {
		return "", err
	}
	defer db.write.leave()
	old, err := db.matching(ctx, t, st.Where)
	if err != nil {
		return "", placed(&st.Common, err)
	}
	fresh, err := db.changed(ctx, t, old, set)
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

// matching reads the rows of a memory table for which the condition holds.
func (db *DB) matching(ctx context.Context, t *target, where *sql.Expr) (*zset.Batch, error) {
	p, err := db.planner.Stored(t.entry, where)
	if err != nil {
		return nil, err
	}
	return db.collect(ctx, p)
}

// changed computes the new rows from the old ones.
func (db *DB) changed(ctx context.Context, t *target, old *zset.Batch, set []*sql.Expr) (*zset.Batch, error) {
	p, err := db.planner.Changed(old, t.entry, set)
	if err != nil {
		return nil, err
	}
	return db.collect(ctx, p)
}

// collect runs a plan once and returns its rows.
func (db *DB) collect(ctx context.Context, p *planner.Query) (*zset.Batch, error) {
	rows, err := db.bounded(ctx, p)
	if err != nil {
		return nil, err
	}
	out := zset.NewBuilder(p.Schema)
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
