package vec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
)

// Gather returns the rows of v at the positions in sel, in that order, with
// buffers from m. A constant stays constant.
func Gather(m *Mem, v *Vec, sel []int32) *Vec {
	if v.Const {
		return v.WithLen(len(sel))
	}
	out := &Vec{Type: v.Type, Len: len(sel), Valid: gatherBits(m, v.Valid, sel)}
	switch l := v.Type.Layout(); l {
	case types.Bits:
		words := gatherBits(m, v.Bits(), sel)
		out.Data = wordBytes(words)
	case types.Bytes:
		gatherBytes(m, out, v, sel)
	default:
		gatherFixed(m, out, v, sel, l.Width())
	}
	return out
}

func gatherFixed(m *Mem, out, v *Vec, sel []int32, width int) {
	out.Data = m.Alloc(len(sel) * width)
	takeFixed(out, v, sel, width)
}

// takeFixed fills out, which has its buffer already.
func takeFixed(out, v *Vec, sel []int32, width int) {
	switch width {
	case 1:
		take(Slice[uint8](out), Slice[uint8](v), sel)
	case 2:
		take(Slice[uint16](out), Slice[uint16](v), sel)
	case 4:
		take(Slice[uint32](out), Slice[uint32](v), sel)
	case 8:
		take(Slice[uint64](out), Slice[uint64](v), sel)
	case 16:
		take(Slice[Decimal](out), Slice[Decimal](v), sel)
	}
}

func take[T Fixed](dst, src []T, sel []int32) {
	dst = dst[:len(sel)]
	for i, s := range sel {
		dst[i] = src[s]
	}
}

func gatherBytes(m *Mem, out, v *Vec, sel []int32) {
	offsets := Alloc[int32](m, len(sel)+1)
	total := 0
	offsets[0] = 0
	for i, s := range sel {
		total += int(v.Offsets[s+1] - v.Offsets[s])
		offsets[i+1] = int32(total)
	}
	fits(total)
	data := m.Alloc(total)
	for i, s := range sel {
		copy(data[offsets[i]:offsets[i+1]], v.Data[v.Offsets[s]:v.Offsets[s+1]])
	}
	out.Offsets, out.Data = offsets, data
}

func gatherBits(m *Mem, words []uint64, sel []int32) []uint64 {
	if words == nil {
		return nil
	}
	out := AllocWords(m, len(sel))
	for i, s := range sel {
		out[i>>6] |= words[s>>6] >> (s & 63) & 1 << (i & 63)
	}
	return out
}

func wordBytes(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
}

// Flatten returns v with one value a row: itself unless it is constant.
func Flatten(m *Mem, v *Vec) *Vec {
	if !v.Const {
		return v
	}
	sel := Alloc[int32](m, v.Len)
	clear(sel)
	one := *v
	one.Const, one.Len = false, 1
	return Gather(m, &one, sel)
}
