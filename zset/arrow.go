package zset

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// ArrowSchema returns the schema of Arrow that records of s have. A column without
// an Arrow form is an error.
func ArrowSchema(s *types.Schema) (*arrow.Schema, error) {
	fields := make([]arrow.Field, s.Len())
	for i, f := range s.Fields {
		t, err := vec.ArrowType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		fields[i] = arrow.Field{Name: f.Name, Type: t, Nullable: !f.NotNull}
	}
	return arrow.NewSchema(fields, nil), nil
}

// Record returns the batch as a record that shares its buffers, and so lives no
// longer than they do. Weights become a last column of the name weight; an empty
// name leaves them out.
func (b *Batch) Record(weight string) (arrow.Record, error) {
	schema, err := ArrowSchema(b.Schema)
	if err != nil {
		return nil, err
	}
	cols := make([]arrow.Array, len(b.Cols))
	for i, c := range b.Cols {
		cols[i] = c.Arrow()
	}
	if weight != "" {
		schema = arrow.NewSchema(append(schema.Fields(), arrow.Field{Name: weight, Type: arrow.PrimitiveTypes.Int64}), nil)
		cols = append(cols, b.weightArray())
	}
	return array.NewRecord(schema, cols, int64(b.Len)), nil
}

func (b *Batch) weightArray() arrow.Array {
	out := vec.New(new(vec.Mem), types.Of(types.BigInt), b.Len)
	values := vec.Slice[int64](out)
	for i := range values {
		values[i] = b.Weight(i)
	}
	return out.Arrow()
}

// FromRecord returns a record as a batch of schema s, sharing its buffers where it
// can: the record must not be released while the batch is in use. One column of
// BIGINT more than s has is the rows' weights.
func FromRecord(r arrow.Record, s *types.Schema) (*Batch, error) {
	n := s.Len()
	if int(r.NumCols()) != n && int(r.NumCols()) != n+1 {
		return nil, fmt.Errorf("a record of %d columns for %d", r.NumCols(), n)
	}
	b := &Batch{Schema: s, Len: int(r.NumRows()), Cols: make([]*vec.Vec, n)}
	for i, f := range s.Fields {
		v, err := vec.FromArrow(r.Column(i), f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		b.Cols[i] = v
	}
	if int(r.NumCols()) > n {
		w, err := vec.FromArrow(r.Column(n), types.Of(types.BigInt))
		if err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
		if b.Len > 0 {
			b.Weights = vec.Slice[int64](w)
		}
	}
	return b, nil
}
