package exec

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Watermark says up to where a column of an input is complete: in every change still
// to come the column is NULL or has at least this value. It is the least of its terms,
// and not known before all of them are; without terms it is never known.
type Watermark []WatermarkTerm

// A WatermarkTerm is the watermark of a column that a scan reads, or what a
// nondecreasing function makes of it.
type WatermarkTerm struct {
	Of   WatermarkOf
	Name string    // of the column, for printing
	Func expr.Expr // over the watermark as column 0; nil for the watermark itself
}

// WatermarkOf names a column of a table or view that a circuit reads.
type WatermarkOf struct {
	Table  string
	Column int // its position in the table
}

// String prints the watermark as EXPLAIN does: "bid.date_time", "least(…, …)".
func (w Watermark) String() string {
	parts := make([]string, len(w))
	for i, t := range w {
		parts[i] = t.Of.Table + "." + t.Name
		if t.Func != nil {
			parts[i] = t.Func.String()
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "least(" + strings.Join(parts, ", ") + ")"
}

// watermarks are those that a circuit was told of, by column.
type watermarks struct {
	values map[WatermarkOf]*vec.Vec // each of one row
	told   int64                    // grows with every call of SetWatermark
}

// SetWatermark tells the circuit the watermark of a column that it reads, a column of
// one row. It is called between the last Push and Finish of an epoch; a watermark
// never goes back.
func (c *Circuit) SetWatermark(of WatermarkOf, value *vec.Vec) {
	c.watermarks.values[of] = value
	c.watermarks.told++
}

// Watermark computes a watermark from those that the circuit was told of: one row, nil
// where it is not known.
func (c *Circuit) Watermark(w Watermark) (*vec.Vec, error) {
	x, err := w.open(c.watermarks)
	if err != nil {
		return nil, err
	}
	return x.value()
}

// A watermark is a Watermark that is asked again and again.
type watermark struct {
	from  *watermarks
	terms []*watermarkTerm
	told  int64 // of from, when least was computed
	least *vec.Vec
	mem   vec.Mem
}

type watermarkTerm struct {
	of     WatermarkOf
	f      *expr.Program // nil for the watermark itself
	schema *types.Schema // of what f is over
}

func (w Watermark) open(from *watermarks) (*watermark, error) {
	out := &watermark{from: from, told: -1}
	for _, t := range w {
		x := &watermarkTerm{of: t.Of}
		if t.Func != nil {
			var err error
			if x.f, err = expr.Compile(t.Func, true); err != nil {
				return nil, err
			}
			x.schema = types.NewSchema(types.Field{Name: t.Name})
		}
		out.terms = append(out.terms, x)
	}
	return out, nil
}

// value returns the watermark as a column of one row, nil where it is not known. It is
// good until the next call; that of a nil watermark is not known.
func (w *watermark) value() (*vec.Vec, error) {
	if w == nil || w.told == w.from.told {
		return w.last(), nil
	}
	w.told, w.least = w.from.told, nil
	w.mem.Reset()
	var least *vec.Vec
	for _, t := range w.terms {
		v, err := t.value(w)
		if err != nil || v == nil {
			return nil, err
		}
		if least == nil || zset.CompareValues(v, 0, least, 0) < 0 {
			least = v
		}
	}
	w.least = least
	return least, nil
}

func (w *watermark) last() *vec.Vec {
	if w == nil {
		return nil
	}
	return w.least
}

// value is that of the term, nil where it is not known.
func (t *watermarkTerm) value(w *watermark) (*vec.Vec, error) {
	v := w.from.values[t.of]
	if v == nil || t.f == nil {
		return v, nil
	}
	t.schema.Fields[0].Type = v.Type
	v, err := t.f.Eval(&expr.Context{Mem: &w.mem}, &zset.Batch{Schema: t.schema, Len: 1, Cols: []*vec.Vec{v}}, nil)
	if err != nil || v.IsNull(0) {
		return nil, err
	}
	return v, nil
}
