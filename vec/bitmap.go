package vec

import "math/bits"

// Words returns how many 64-bit words a bitmap of n rows takes.
func Words(n int) int { return (n + 63) >> 6 }

// Tail returns the mask of the bits in use in the last word of n rows.
func Tail(n int) uint64 {
	if n&63 == 0 {
		return ^uint64(0)
	}
	return 1<<(n&63) - 1
}

// Count returns the number of set bits among the first n.
func Count(words []uint64, n int) int {
	if n == 0 {
		return 0
	}
	last := Words(n) - 1
	c := bits.OnesCount64(words[last] & Tail(n))
	for _, w := range words[:last] {
		c += bits.OnesCount64(w)
	}
	return c
}

// AppendSel appends the positions of the set bits among the first n.
func AppendSel(sel []int32, words []uint64, n int) []int32 {
	for i := range Words(n) {
		w := words[i]
		if i == Words(n)-1 {
			w &= Tail(n)
		}
		base := int32(i << 6)
		if w == ^uint64(0) {
			for j := range int32(64) {
				sel = append(sel, base+j)
			}
			continue
		}
		for w != 0 {
			sel = append(sel, base+int32(bits.TrailingZeros64(w)))
			w &= w - 1
		}
	}
	return sel
}

// SetBit sets or clears one bit.
func SetBit(words []uint64, i int, on bool) {
	if on {
		words[i>>6] |= 1 << (i & 63)
	} else {
		words[i>>6] &^= 1 << (i & 63)
	}
}

// GetBit returns one bit.
func GetBit(words []uint64, i int) bool { return words[i>>6]>>(i&63)&1 != 0 }

// AndValid returns the rows valid in both bitmaps; nil means every row. A
// constant's bitmap must have been widened by the caller.
func AndValid(m *Mem, a, b []uint64, n int) []uint64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := Alloc[uint64](m, Words(n))
	for i := range out {
		out[i] = a[i] & b[i]
	}
	return out
}

// FullValid returns v's validity as one bit a row even where v is constant; nil
// when no row is NULL.
func FullValid(m *Mem, v *Vec) []uint64 {
	if v.Valid == nil || !v.Const {
		return v.Valid
	}
	if !v.IsNull(0) {
		return nil
	}
	return AllocWords(m, v.Len)
}
