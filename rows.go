package sqlstream

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Rows is the answer to a bounded query, read from first to last:
//
//	for rows.Next() {
//		err := rows.Scan(&user, &n)
//	}
//	err = rows.Err()
type Rows struct {
	schema *types.Schema
	next   func() (*zset.Batch, error, bool)
	stop   func()
	unread func() // ends what gives the rows where none was asked for; may be nil

	batch *zset.Batch
	row   int
	copy  int64 // which copy of a row of weight above one
	err   error
	epoch int64
}

func rowsOf(b *zset.Batch) *Rows {
	return rowsFrom(b.Schema, func(yield func(*zset.Batch, error) bool) { yield(b, nil) })
}

func rowsFrom(schema *types.Schema, batches iter.Seq2[*zset.Batch, error]) *Rows {
	next, stop := iter.Pull2(batches)
	r := &Rows{schema: schema, stop: stop, row: -1}
	r.next = func() (*zset.Batch, error, bool) {
		r.unread = nil
		return next()
	}
	return r
}

// locate passes the error that ends the rows through f.
func (r *Rows) locate(f func(error) error) {
	next := r.next
	r.next = func() (*zset.Batch, error, bool) {
		b, err, more := next()
		return b, f(err), more
	}
}

// Schema returns the names and types of the columns.
func (r *Rows) Schema() *types.Schema { return r.schema }

// Columns returns the names of the columns.
func (r *Rows) Columns() []string { return r.schema.Names() }

// Epoch returns the epoch that a [Query.Result] is of; 0 for other rows.
func (r *Rows) Epoch() int64 { return r.epoch }

// Next moves to the next row. It returns false at the end and on an error.
func (r *Rows) Next() bool {
	if r.err != nil {
		return false
	}
	if r.batch != nil && r.row < r.batch.Len && r.row >= 0 {
		if r.copy++; r.copy < r.batch.Weight(r.row) {
			return true
		}
	}
	r.copy = 0
	r.row++
	for r.batch == nil || r.row >= r.batch.Len {
		b, err, more := r.next()
		if !more || err != nil {
			r.err = err
			r.batch = nil
			r.stop()
			return false
		}
		r.batch, r.row = b, 0
	}
	return true
}

// Err returns the error that ended the rows, nil at their proper end.
func (r *Rows) Err() error { return r.err }

// Close stops the query where it has not been read to its end.
func (r *Rows) Close() error {
	r.stop() // does nothing where none was asked for
	if r.unread != nil {
		r.unread()
		r.unread = nil
	}
	r.batch = nil
	return r.err
}

// Value returns a column of the current row as bool, int64, uint64, float64,
// string, []byte or time.Time; exact decimals, times of day and JSON are strings;
// NULL is nil.
func (r *Rows) Value(column int) any { return goValue(r.batch.Cols[column], r.row) }

// Text returns a column of the current row as it is printed, and false for NULL.
func (r *Rows) Text(column int) (string, bool) {
	c := r.batch.Cols[column]
	if c.IsNull(r.row) {
		return "", false
	}
	return string(vec.AppendText(nil, c, r.row)), true
}

// Batches yields the rest of the rows by columns, which is faster than row by row.
func (r *Rows) Batches() iter.Seq2[*zset.Batch, error] {
	return func(yield func(*zset.Batch, error) bool) {
		defer r.stop()
		for {
			b, err, more := r.next()
			if !more || !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// Scan copies the columns of the current row into what dest points to: *string
// takes any type as text, *int64, *int, *float64, *bool, *[]byte and *time.Time
// take what fits, *any what Value gives. NULL leaves *any nil and is an error for
// the others; use a pointer to a pointer to receive it.
func (r *Rows) Scan(dest ...any) error {
	if r.batch == nil {
		return errors.New("scan: there is no row; call Next first, and Scan where it gave true")
	}
	if len(dest) != r.schema.Len() {
		return fmt.Errorf("scan: %d places for %d columns", len(dest), r.schema.Len())
	}
	for i, d := range dest {
		if err := r.scanOne(i, d); err != nil {
			return fmt.Errorf("scan: column %s: %w", r.schema.Fields[i].Name, err)
		}
	}
	return nil
}

func (r *Rows) scanOne(i int, dest any) error {
	v := r.Value(i)
	switch d := dest.(type) {
	case *any:
		*d = v
		return nil
	case **string:
		return scanNullable(r, i, v, d)
	case **int64:
		return scanNullable(r, i, v, d)
	case **float64:
		return scanNullable(r, i, v, d)
	case **bool:
		return scanNullable(r, i, v, d)
	case **time.Time:
		return scanNullable(r, i, v, d)
	}
	if v == nil {
		return fmt.Errorf("NULL does not fit %T", dest)
	}
	switch d := dest.(type) {
	case *string:
		*d, _ = r.Text(i)
		return nil
	case *int:
		if n, ok := v.(int64); ok {
			*d = int(n)
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *uint64:
		if n, ok := v.(uint64); ok {
			*d = n
			return nil
		}
	case *float64:
		switch n := v.(type) {
		case float64:
			*d = n
			return nil
		case int64:
			*d = float64(n)
			return nil
		}
	case *bool:
		if b, ok := v.(bool); ok {
			*d = b
			return nil
		}
	case *[]byte:
		text, _ := r.Text(i)
		*d = []byte(text)
		if b, ok := v.([]byte); ok {
			*d = b
		}
		return nil
	case *time.Time:
		if t, ok := v.(time.Time); ok {
			*d = t
			return nil
		}
	}
	return fmt.Errorf("%s does not fit %T", r.schema.Fields[i].Type, dest)
}

func scanNullable[T any](r *Rows, i int, v any, dest **T) error {
	if v == nil {
		*dest = nil
		return nil
	}
	*dest = new(T)
	return r.scanOne(i, *dest)
}
