package vec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A Builder appends values to a column in memory of its own, which Reset reuses:
// after the first batches it allocates nothing. Append with the method of the
// type's layout.
type Builder struct {
	typ     types.Type
	layout  types.Layout
	n       int
	valid   []uint64 // empty until the first NULL
	nulls   int
	data    []byte
	offsets []int32

	parts    []*Builder // of a nested type: what its entries consist of
	partVecs []*Vec
}

// NewBuilder returns an empty builder of a column of type t.
func NewBuilder(t types.Type) *Builder {
	b := &Builder{typ: t, layout: t.Layout()}
	if b.layout == types.Bytes {
		b.offsets = append(b.offsets, 0)
	}
	return b
}

// Type returns the column's type.
func (b *Builder) Type() types.Type { return b.typ }

// Len returns how many values were appended.
func (b *Builder) Len() int { return b.n }

// Size returns the bytes of the values so far, without validity.
func (b *Builder) Size() int { return len(b.data) + 4*len(b.offsets) }

// Reset empties the builder. Vectors that Vec gave out lose their content.
func (b *Builder) Reset() { b.Truncate(0) }

// Truncate drops every value from row n on.
func (b *Builder) Truncate(n int) {
	if n >= b.n {
		return
	}
	switch b.layout {
	case types.Bits:
		b.data = b.data[:Words(n)*8]
		if n&63 != 0 {
			w := words(b.data)
			w[len(w)-1] &= Tail(n)
		}
	case types.Bytes:
		fits(len(b.data))
		b.offsets = b.offsets[:n+1]
		b.data = b.data[:b.offsets[n]]
	default:
		b.data = b.data[:n*b.layout.Width()]
	}
	if b.nulls > 0 {
		b.valid = b.valid[:Words(n)]
		if n&63 != 0 {
			b.valid[len(b.valid)-1] &= Tail(n)
		}
		b.nulls = n - Count(b.valid, n)
	}
	if b.nulls == 0 {
		b.valid = b.valid[:0]
	}
	b.n = n
}

// Vec returns what was appended, sharing the builder's memory: it is good until
// the next append, Truncate or Reset. Texts of more than 2 GiB together are a panic
// with an *Overflow: it is looked for here and not at each value.
func (b *Builder) Vec() *Vec {
	v := new(Vec)
	b.VecTo(v)
	return v
}

// VecTo is Vec with the header written to v.
func (b *Builder) VecTo(v *Vec) {
	if b.layout == types.Bytes {
		fits(len(b.data))
	}
	*v = Vec{Type: b.typ, Len: b.n, Data: b.data, Offsets: b.offsets}
	if b.nulls > 0 {
		v.Valid = b.valid
	}
}

// AppendNull appends a NULL.
func (b *Builder) AppendNull() {
	b.startNulls()
	b.nulls++
	if b.n&63 == 0 {
		b.valid = append(b.valid, 0)
	}
	switch b.layout {
	case types.Bits:
		b.growBits()
	case types.Bytes:
		b.offsets = append(b.offsets, int32(len(b.data)))
	default:
		b.data = append(b.data, zeros[:b.layout.Width()]...)
	}
	b.n++
}

var zeros [16]byte

// startNulls writes the validity of the rows so far when the first NULL comes.
func (b *Builder) startNulls() {
	if b.nulls > 0 {
		return
	}
	b.valid = b.valid[:0]
	for i := 0; i < b.n; i += 64 {
		b.valid = append(b.valid, ^uint64(0))
	}
	if b.n&63 != 0 {
		b.valid[len(b.valid)-1] = Tail(b.n)
	}
}

// present marks the row about to be appended as not NULL.
func (b *Builder) present() {
	if b.nulls == 0 {
		return
	}
	if b.n&63 == 0 {
		b.valid = append(b.valid, 0)
	}
	b.valid[b.n>>6] |= 1 << (b.n & 63)
}

func words(data []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/8)
}

func (b *Builder) growBits() {
	if b.n&63 == 0 {
		b.data = append(b.data, zeros[:8]...)
	}
}

// AppendBool appends to a BOOLEAN column.
func (b *Builder) AppendBool(v bool) {
	b.present()
	b.growBits()
	if v {
		b.data[b.n>>3] |= 1 << (b.n & 7)
	}
	b.n++
}

// AppendBytes appends to a column of the Bytes layout, copying v.
func (b *Builder) AppendBytes(v []byte) {
	b.present()
	b.data = append(b.data, v...)
	b.offsets = append(b.offsets, int32(len(b.data)))
	b.n++
}

// AppendString appends to a column of the Bytes layout, copying v.
func (b *Builder) AppendString(v string) {
	b.present()
	b.data = append(b.data, v...)
	b.offsets = append(b.offsets, int32(len(b.data)))
	b.n++
}

// Tail returns the bytes buffer of a column of the Bytes layout, to append one
// value to in place; hand the grown buffer to EndBytes.
func (b *Builder) Tail() []byte { return b.data }

// EndBytes makes everything in data beyond what Tail returned the next value.
func (b *Builder) EndBytes(data []byte) {
	b.present()
	b.data = data
	b.offsets = append(b.offsets, int32(len(data)))
	b.n++
}

// Append appends a fixed-width value; T must have the width of the layout. It is
// small enough to be inlined.
func Append[T Fixed](b *Builder, v T) {
	n := len(b.data)
	end := n + int(unsafe.Sizeof(v))
	if b.nulls > 0 || end > cap(b.data) {
		b.ready(end)
	}
	b.data = b.data[:end]
	*(*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b.data)), n)) = v
	b.n++
}

// ready notes that the row to come has a value, and makes room up to end.
func (b *Builder) ready(end int) {
	b.present()
	if end > cap(b.data) {
		b.data = append(b.data, zeros[:end-len(b.data)]...)[:len(b.data)]
	}
}

// LastNull reports whether the value appended last is NULL.
func (b *Builder) LastNull() bool {
	return b.nulls > 0 && b.n > 0 && !GetBit(b.valid, b.n-1)
}
