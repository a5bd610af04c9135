package expr

import (
	"math/bits"

	"github.com/sqlstream/sqlstream/vec"
)

// A divisor divides by one positive number without a division: by the high half of
// a product (T. Granlund, P. L. Montgomery, "Division by Invariant Integers using
// Multiplication", 1994).
type divisor struct {
	d     uint64
	magic uint64 // ceil(2^(63+shift+1) / d)
	shift uint   // ceil(log2 d) - 1
}

// newDivisor prepares division by d, which is at least 2 and below 2^63.
func newDivisor(d uint64) divisor {
	s := uint(bits.Len64(d - 1))
	// 2^(63+s) = hi·2^64, and hi is below d.
	q, r := bits.Div64(1<<(s-1), 0, d)
	if r > 0 {
		q++
	}
	return divisor{d, q, s - 1}
}

// quo returns u / d for u up to 2^63.
func (v divisor) quo(u uint64) uint64 {
	hi, _ := bits.Mul64(u, v.magic)
	return hi >> v.shift
}

// modConst writes x modulo d, which is positive.
func modConst(z, x []int64, d int64) {
	if d == 1 {
		clear(z)
		return
	}
	v := newDivisor(uint64(d))
	x = x[:len(z)]
	for i := range z {
		sign := x[i] >> 63
		u := uint64((x[i] ^ sign) - sign)
		z[i] = (int64(u-v.quo(u)*v.d) ^ sign) - sign
	}
}

// quoConst writes x divided by d, which is positive.
func quoConst(z, x []int64, d int64) {
	if d == 1 {
		copy(z, x)
		return
	}
	v := newDivisor(uint64(d))
	x = x[:len(z)]
	for i := range z {
		sign := x[i] >> 63
		u := uint64((x[i] ^ sign) - sign)
		z[i] = (int64(v.quo(u)) ^ sign) - sign
	}
}

// divideConst handles a constant divisor above 0, by which no quotient is out of range.
func (n *intNode) divideConst(out, l *vec.Vec, d int64) {
	z, x := vec.Slice[int64](out), vec.Slice[int64](l)
	if n.op == Mod {
		modConst(z, x, d)
	} else {
		quoConst(z, x, d)
	}
}
