package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Table is a memory table that a program fills.
type Table struct {
	db     *DB
	target *target
}

// RegisterTable makes a memory table with columns as CREATE TABLE declares them, such
// as "user VARCHAR NOT NULL, n INT", to be filled with Append and Apply, or by SQL.
func (db *DB) RegisterTable(ctx context.Context, name, columns string) (*Table, error) {
	quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
	if err := db.Exec(ctx, fmt.Sprintf("CREATE TABLE %s (%s) WITH (connector = 'memory')", quoted, columns)); err != nil {
		return nil, err
	}
	return db.Table(name)
}

// Table returns a memory table that is there, whether SQL or RegisterTable made it.
func (db *DB) Table(name string) (*Table, error) {
	e, ok := db.catalog.Lookup(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("table %s %w", name, catalog.ErrNotFound)
	case e.Connector != "memory":
		return nil, fmt.Errorf("%s is not a memory table", e.Name)
	}
	return &Table{db: db, target: &target{e, db.connector("memory")}}, nil
}

// Append adds a row and returns when every query over the table has seen it. The
// values are bool, int, int64, uint64, float64, string, []byte, time.Time or nil for NULL;
// a string fits a column of any type whose text it is.
func (t *Table) Append(ctx context.Context, values ...any) error {
	b := zset.NewBuilder(t.target.entry.Schema)
	if err := appendGoRow(b, values); err != nil {
		return fmt.Errorf("table %s: %w", t.target.entry.Name, err)
	}
	b.EndRow()
	return t.Apply(ctx, b.Build())
}

// Apply adds the rows of a batch, or takes back those of negative weight, and
// returns when every query over the table has seen the change. The batch has the
// table's columns.
func (t *Table) Apply(ctx context.Context, delta *zset.Batch) error {
	if err := t.check(delta); err != nil {
		return fmt.Errorf("table %s: %w", t.target.entry.Name, err)
	}
	delta = present(delta)
	leave, err := t.db.mayWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return t.db.apply(ctx, t.target, delta)
}

// check says what is wrong with the shape of a batch.
func (t *Table) check(b *zset.Batch) error {
	switch {
	case b == nil || b.Schema == nil:
		return errors.New("there is no batch")
	case !sameColumns(b.Schema, t.target.entry.Schema):
		return fmt.Errorf("its columns are %s, those of the batch %s", t.target.entry.Schema, b.Schema)
	case len(b.Cols) != b.Schema.Len():
		return fmt.Errorf("the batch has %d columns, its schema %d", len(b.Cols), b.Schema.Len())
	case b.Weights != nil && len(b.Weights) != b.Len:
		return fmt.Errorf("the batch has %d rows and %d weights", b.Len, len(b.Weights))
	}
	for i, c := range b.Cols {
		f := b.Schema.Fields[i]
		if c == nil || c.Len != b.Len || !c.Type.Equal(f.Type) {
			return fmt.Errorf("the batch has no %d values of %s in column %s", b.Len, f.Type, f.Name)
		}
	}
	return nil
}

// present leaves out the rows of weight 0, which are none.
func present(b *zset.Batch) *zset.Batch {
	if !slices.Contains(b.Weights, 0) {
		return b
	}
	out := zset.NewBuilder(b.Schema)
	for row, w := range b.Weights {
		if w != 0 {
			out.AppendRow(b, row, w)
		}
	}
	return out.Build()
}

// Name returns the table's name.
func (t *Table) Name() string { return t.target.entry.Name }

// Schema returns the table's columns.
func (t *Table) Schema() *types.Schema { return t.target.entry.Schema }

func sameColumns(a, b *types.Schema) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, f := range a.Fields {
		if !f.Type.Equal(b.Fields[i].Type) {
			return false
		}
	}
	return true
}

// RegisterScalar makes a Go func a scalar function of SQL. Its arguments are int64,
// float64, string or bool, any number of them, and its result is one of these, or
// one and an error. A row with a NULL argument is NULL without a call. The same
// arguments must always give the same value.
func (db *DB) RegisterScalar(name string, fn any) error {
	s, err := function.FromGo(name, fn)
	if err != nil {
		return err
	}
	return db.functions.AddScalar(s)
}

// RegisterAggregate makes a Go func([]T) R, or func([]T) (R, error), an aggregate
// function of SQL; T and R are int64, float64, string or bool. It is called with the
// values of a group whenever they have changed, in ascending order, NULLs left out,
// each as often as it is there: it never has to take a value back. Without values
// the result is NULL.
func (db *DB) RegisterAggregate(name string, fold any) error {
	a, err := function.AggregateFromGo(name, fold)
	if err != nil {
		return err
	}
	return db.functions.AddAggregate(a)
}

func appendGoRow(b *zset.Builder, values []any) error {
	if len(values) != len(b.Cols) {
		return fmt.Errorf("%d values for %d columns", len(values), len(b.Cols))
	}
	var errs []error
	for i, v := range values {
		if err := appendGo(b.Cols[i], v); err != nil {
			errs = append(errs, fmt.Errorf("column %s: %w", b.Schema.Fields[i].Name, err))
		}
	}
	if len(errs) > 0 {
		b.AbortRow()
	}
	return errors.Join(errs...)
}
