// Package vec is one column of values in Arrow's memory layout: typed vectors,
// the memory they come from, builders that append to them, and the zero-copy way
// to and from arrow.Array. Every other package reaches Arrow through it.
package vec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
)

// BatchRows is how many rows a batch holds at most where the engine chooses.
// Kernels are within 7 % of each other from 1k to 16k rows.
const BatchRows = 8192

// Decimal is the unscaled value of a DECIMAL.
type Decimal = types.DecimalValue

// An IntervalValue is a literal INTERVAL. It shares DECIMAL's layout in size.
type IntervalValue struct {
	Months int64
	Micros int64
}

// Fixed lists the Go types that fixed-width values are read and written as.
type Fixed interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | Decimal | IntervalValue
}

// A Vec is a column of Len values. It is immutable once handed on. Its buffers
// belong to the Mem or Builder that made it.
//
// A constant Vec holds one value in its buffers, which stands for all Len rows.
// Values under a NULL are undefined but safe to read.
type Vec struct {
	Type    types.Type
	Len     int
	Const   bool
	Valid   []uint64 // a bit a row, set where there is a value; nil when no row is NULL
	Data    []byte   // values, bits, or the bytes that Offsets divides
	Offsets []int32  // types.Bytes only: Len+1 offsets into Data, the first not always 0
}

// Slice returns the values of a fixed-width vector: Len of them, or one where
// the vector is constant. T must have the width of the vector's layout.
func Slice[T Fixed](v *Vec) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), v.Rows())
}

// Bits returns the words of a BOOLEAN vector.
func (v *Vec) Bits() []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(v.Data))), Words(v.Rows()))
}

// Rows returns how many values the buffers hold: one for a constant, else Len.
func (v *Vec) Rows() int {
	if v.Const {
		return 1
	}
	return v.Len
}

// At maps a row to the place of its value in the buffers.
func (v *Vec) At(row int) int {
	if v.Const {
		return 0
	}
	return row
}

// IsNull reports whether the row's value is NULL.
func (v *Vec) IsNull(row int) bool {
	if v.Valid == nil {
		return false
	}
	row = v.At(row)
	return v.Valid[row>>6]>>(row&63)&1 == 0
}

// Bool returns the row's BOOLEAN.
func (v *Vec) Bool(row int) bool {
	row = v.At(row)
	return v.Data[row>>3]>>(row&7)&1 != 0
}

// Bytes returns the row's bytes without copying; they are good as long as the
// vector's buffers.
func (v *Vec) Bytes(row int) []byte {
	row = v.At(row)
	return v.Data[v.Offsets[row]:v.Offsets[row+1]:v.Offsets[row+1]]
}

// Str returns the row's text without copying; it is good as long as the
// vector's buffers.
func (v *Vec) Str(row int) string {
	b := v.Bytes(row)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// NullCount returns the number of rows that are NULL.
func (v *Vec) NullCount() int {
	if v.Valid == nil {
		return 0
	}
	if v.Const {
		if v.IsNull(0) {
			return v.Len
		}
		return 0
	}
	return v.Len - Count(v.Valid, v.Len)
}

// NullConst returns a constant vector of n NULLs.
func NullConst(t types.Type, n int) *Vec {
	v := &Vec{Type: t, Len: n, Const: true, Valid: make([]uint64, 1), Data: make([]byte, 16)}
	if t.Layout() == types.Bytes {
		v.Offsets = make([]int32, 2)
	}
	return v
}

// New returns a vector of n values of undefined content, without NULLs, whose
// buffers come from m. For the Bytes layout only Offsets is there; set Data.
func New(m *Mem, t types.Type, n int) *Vec {
	v := &Vec{Type: t, Len: n}
	switch l := t.Layout(); l {
	case types.Bits:
		v.Data = m.Alloc(Words(n) * 8)
	case types.Bytes:
		v.Offsets = Alloc[int32](m, n+1)
		v.Offsets[0] = 0
	default:
		v.Data = m.Alloc(n * l.Width())
	}
	return v
}

// Retyped returns the same values under another type of the same layout.
func (v *Vec) Retyped(t types.Type) *Vec {
	w := *v
	w.Type = t
	return &w
}

// WithLen returns a constant vector stretched or shrunk to n rows.
func (v *Vec) WithLen(n int) *Vec {
	if v.Len == n {
		return v
	}
	w := *v
	w.Len = n
	return &w
}
