package vec

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
)

// arrowNested is the list, map or struct of a nested type.
func arrowNested(t types.Type) (arrow.DataType, error) {
	var parts []arrow.DataType
	for _, p := range Parts(t) {
		a, err := ArrowType(p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, a)
	}
	switch t.Kind {
	case types.Array:
		return arrow.ListOf(parts[0]), nil
	case types.Map:
		return arrow.MapOf(parts[0], parts[1]), nil
	}
	fields := make([]arrow.Field, len(parts))
	for i, p := range parts {
		fields[i] = arrow.Field{Name: t.Fields[i].Name, Type: p, Nullable: true}
	}
	return arrow.StructOf(fields...), nil
}

// arrowNested writes nested values as Arrow has them: offsets, and columns of all entries.
func (v *Vec) arrowNested(t arrow.DataType) arrow.Array {
	var parts []*Builder
	for _, p := range Parts(v.Type) {
		parts = append(parts, NewBuilder(p))
	}
	offsets := make([]int32, 1, v.Len+1)
	for row := range v.Len {
		n := 0
		switch {
		case !v.IsNull(row):
			n = v.AppendParts(row, parts)
		case v.Type.Kind == types.Row:
			for _, p := range parts {
				p.AppendNull()
			}
		}
		offsets = append(offsets, offsets[row]+int32(n))
	}
	children := make([]arrow.ArrayData, len(parts))
	for i, p := range parts {
		children[i] = p.Vec().Arrow().Data()
	}
	buffers := []*memory.Buffer{nil}
	if v.Valid != nil {
		buffers[0] = memory.NewBufferBytes(wordBytes(v.Valid))
	}
	if v.Type.Kind != types.Row {
		buffers = append(buffers, memory.NewBufferBytes(bytesOf(offsets)))
	}
	if m, ok := t.(*arrow.MapType); ok {
		entries := array.NewData(m.Elem(), parts[0].Len(), []*memory.Buffer{nil}, children, 0, 0)
		children = []arrow.ArrayData{entries}
	}
	return array.MakeFromData(array.NewData(t, v.Len, buffers, children, v.NullCount(), 0))
}

// fromArrowNested reads a list, map or struct.
func fromArrowNested(a arrow.Array, t types.Type) (*Vec, error) {
	columns := []arrow.Array{}
	bounds := func(i int) (int64, int64) { return int64(i), int64(i) + 1 }
	switch x := a.(type) {
	case *array.Map:
		columns, bounds = append(columns, x.Keys(), x.Items()), x.ValueOffsets
	case *array.List:
		columns, bounds = append(columns, x.ListValues()), x.ValueOffsets
	case *array.Struct:
		for i := range x.NumField() {
			columns = append(columns, x.Field(i))
		}
	default:
		invariants.Failf("a %s is no nested array", a.DataType())
	}
	out := NewBuilder(t)
	parts := make([]*Vec, len(columns))
	for i, p := range Parts(t) {
		var err error
		if parts[i], err = FromArrow(columns[i], p); err != nil {
			return nil, err
		}
	}
	for row := range a.Len() {
		if a.IsNull(row) {
			out.AppendNull()
			continue
		}
		into := out.Parts()
		from, to := bounds(row)
		for i, p := range parts {
			for at := from; at < to; at++ {
				into[i].AppendRow(p, int(at))
			}
		}
		if err := out.EndNested(); err != nil {
			return nil, err
		}
	}
	return out.Vec(), nil
}
