package vec

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
)

var arrowTypes = [...]arrow.DataType{
	types.Null: arrow.Null, types.Boolean: arrow.FixedWidthTypes.Boolean,
	types.TinyInt: arrow.PrimitiveTypes.Int8, types.SmallInt: arrow.PrimitiveTypes.Int16,
	types.Int: arrow.PrimitiveTypes.Int32, types.BigInt: arrow.PrimitiveTypes.Int64,
	types.UTinyInt: arrow.PrimitiveTypes.Uint8, types.USmallInt: arrow.PrimitiveTypes.Uint16,
	types.UInt: arrow.PrimitiveTypes.Uint32, types.UBigInt: arrow.PrimitiveTypes.Uint64,
	types.Float: arrow.PrimitiveTypes.Float32, types.Double: arrow.PrimitiveTypes.Float64,
	types.Varchar: arrow.BinaryTypes.String, types.JSON: arrow.BinaryTypes.String, types.Binary: arrow.BinaryTypes.Binary,
	types.Date: arrow.FixedWidthTypes.Date32, types.Time: arrow.FixedWidthTypes.Time64us, types.Row: nil,
}

// ArrowType returns the Arrow type of a type: of one that is not nested its arrays have the
// memory of vectors. An INTERVAL has none.
func ArrowType(t types.Type) (arrow.DataType, error) {
	switch t.Kind {
	case types.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}, nil
	case types.Timestamp:
		if t.Zoned {
			return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: t.Zone.String()}, nil
		}
		return &arrow.TimestampType{Unit: arrow.Microsecond}, nil
	case types.Array, types.Map, types.Row:
		return arrowNested(t)
	}
	if a := arrowTypes[t.Kind]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("a %s has no Arrow form", t)
}

// Arrow returns the vector as an array that shares its buffers, and so lives no
// longer than they do; one of a nested type is written anew. A constant is written out.
// The type has an ArrowType.
func (v *Vec) Arrow() arrow.Array {
	t, err := ArrowType(v.Type)
	if err != nil {
		invariants.Failf("%v", err)
	}
	if v.Type.Kind == types.Null {
		return array.NewNull(v.Len)
	}
	v = Flatten(new(Mem), v)
	if v.Type.IsNested() {
		return v.arrowNested(t)
	}
	buffers := []*memory.Buffer{nil}
	if v.Valid != nil {
		buffers[0] = memory.NewBufferBytes(wordBytes(v.Valid))
	}
	if v.Type.Layout() == types.Bytes {
		buffers = append(buffers, memory.NewBufferBytes(bytesOf(v.Offsets)))
	}
	buffers = append(buffers, memory.NewBufferBytes(v.Data))
	data := array.NewData(t, v.Len, buffers, nil, v.NullCount(), 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// FromArrow returns an array as a vector of type t, which must have the array's
// Arrow type. Buffers are shared where their place and alignment allow it; the
// array must not be released as long as the vector is in use.
func FromArrow(a arrow.Array, t types.Type) (*Vec, error) {
	want, err := ArrowType(t)
	if err != nil {
		return nil, err
	}
	if !arrow.TypeEqual(a.DataType(), want) {
		return nil, fmt.Errorf("a %s cannot be read as %s", a.DataType(), t)
	}
	if t.Kind == types.Null {
		return NullConst(t, a.Len()), nil
	}
	if t.IsNested() {
		return fromArrowNested(a, t)
	}
	d := a.Data()
	from, n := d.Offset(), d.Len()
	v := &Vec{Type: t, Len: n}
	if a.NullN() > 0 {
		v.Valid = bitsFrom(d.Buffers()[0].Bytes(), from, n)
	}
	switch l := t.Layout(); l {
	case types.Bits:
		v.Data = wordBytes(bitsFrom(d.Buffers()[1].Bytes(), from, n))
	case types.Bytes:
		v.Offsets = make([]int32, 1)
		if b := d.Buffers()[1]; b != nil && b.Len() > 0 {
			offsets := aligned(b.Bytes()[from*4:(from+n+1)*4], 4)
			v.Offsets = unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(offsets))), n+1)
		}
		if b := d.Buffers()[2]; b != nil {
			v.Data = b.Bytes()
		}
	default:
		if n > 0 {
			v.Data = aligned(d.Buffers()[1].Bytes()[from*l.Width():(from+n)*l.Width()], min(l.Width(), 8))
		}
	}
	return v, nil
}

// aligned returns b, or a copy where its address is not a multiple of size.
func aligned(b []byte, size int) []byte {
	if uintptr(unsafe.Pointer(unsafe.SliceData(b)))%uintptr(size) == 0 {
		return b
	}
	return append(Aligned(len(b))[:0], b...)
}

// bitsFrom returns n bits of b from position from on, as words: those of b itself
// where they begin on a word and fill their last one.
func bitsFrom(b []byte, from, n int) []uint64 {
	if from&63 == 0 && len(b) >= (from>>6+Words(n))*8 {
		if w := b[from>>3:]; uintptr(unsafe.Pointer(unsafe.SliceData(w)))%8 == 0 {
			return words(w)[:Words(n)]
		}
	}
	out := make([]uint64, Words(n))
	for i := range n {
		if b[(from+i)>>3]>>((from+i)&7)&1 != 0 {
			out[i>>6] |= 1 << (i & 63)
		}
	}
	return out
}

func bytesOf(offsets []int32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(offsets))), len(offsets)*4)
}
