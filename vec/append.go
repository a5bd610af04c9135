package vec

import (
	"slices"
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
)

// AppendVec appends the rows of v at the positions in sel, all rows when sel is
// nil, copying them. v must have the builder's layout.
func (b *Builder) AppendVec(v *Vec, sel []int32) {
	n := v.Len
	if sel != nil {
		n = len(sel)
	}
	switch {
	case n == 0:
	case v.Const || b.layout == types.Bits:
		for i := range n {
			b.AppendRow(v, pick(sel, i))
		}
	case b.layout == types.Bytes:
		b.appendValid(v, sel, n)
		b.appendTexts(v, sel, n)
		b.n += n
	default:
		b.appendValid(v, sel, n)
		b.appendFixed(v, sel, n)
		b.n += n
	}
}

// Reserve makes room for so many values more, of texts for so many bytes: they are then appended
// without being moved. It may make less.
func (b *Builder) Reserve(rows, bytes int) {
	switch b.layout {
	case types.Bits:
	case types.Bytes:
		b.offsets, b.data = slices.Grow(b.offsets, rows), slices.Grow(b.data, bytes)
	default:
		b.data = slices.Grow(b.data, rows*b.layout.Width())
	}
}

func pick(sel []int32, i int) int {
	if sel == nil {
		return i
	}
	return int(sel[i])
}

// appendValid notes which of the n rows to come are NULL.
func (b *Builder) appendValid(v *Vec, sel []int32, n int) {
	if v.Valid == nil && b.nulls == 0 {
		return
	}
	b.startNulls()
	for len(b.valid) < Words(b.n+n) {
		b.valid = append(b.valid, 0)
	}
	for i := range n {
		at := pick(sel, i)
		on := uint64(1)
		if v.Valid != nil {
			on = v.Valid[at>>6] >> (at & 63) & 1
		}
		b.valid[(b.n+i)>>6] |= on << ((b.n + i) & 63)
		b.nulls += int(on ^ 1)
	}
	if b.nulls == 0 {
		b.valid = b.valid[:0]
	}
}

func (b *Builder) appendFixed(v *Vec, sel []int32, n int) {
	width := b.layout.Width()
	if sel == nil {
		b.data = append(b.data, v.Data[:n*width]...)
		return
	}
	from := len(b.data)
	b.data = slices.Grow(b.data, n*width)[:from+n*width]
	into := &Vec{Type: b.typ, Len: n, Data: b.data[from:]}
	takeFixed(into, v, sel, width)
}

func (b *Builder) appendTexts(v *Vec, sel []int32, n int) {
	from := len(b.offsets)
	b.offsets = slices.Grow(b.offsets, n)[:from+n]
	offsets := b.offsets[from:]
	if sel == nil {
		shift := int32(len(b.data)) - v.Offsets[0]
		for i, o := range v.Offsets[1 : n+1] {
			offsets[i] = o + shift
		}
		b.data = append(b.data, v.Data[v.Offsets[0]:v.Offsets[n]]...)
		return
	}
	for i, s := range sel {
		b.data = append(b.data, v.Data[v.Offsets[s]:v.Offsets[s+1]]...)
		offsets[i] = int32(len(b.data))
	}
}

// AppendRow appends one row of v, copying it. v must have the builder's layout.
func (b *Builder) AppendRow(v *Vec, row int) {
	if v.IsNull(row) {
		b.AppendNull()
		return
	}
	switch b.layout {
	case types.Bits:
		b.AppendBool(v.Bool(row))
	case types.Bytes:
		b.AppendBytes(v.Bytes(row))
	default:
		w := b.layout.Width()
		b.present()
		at := v.At(row) * w
		b.data = append(b.data, v.Data[at:at+w]...)
		b.n++
	}
}

// Extend appends n values of undefined content, none of them NULL, and returns
// them to be written. T must have the width of the layout.
func Extend[T Fixed](b *Builder, n int) []T {
	for i := 0; b.nulls > 0 && i < n; i++ {
		if (b.n+i)&63 == 0 {
			b.valid = append(b.valid, 0)
		}
		SetBit(b.valid, b.n+i, true)
	}
	var z T
	from, size := len(b.data), n*int(unsafe.Sizeof(z))
	b.data = slices.Grow(b.data, size)[:from+size]
	b.n += n
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.data[from:]))), n)
}
