package aggregate

import (
	"math/big"
	"math/bits"

	"github.com/sqlstream/sqlstream/vec"
)

// wide is a whole number of 320 bits in two's complement, the lowest word first: room
// for 2^63 products of two DECIMALs.
type wide [5]uint64

// addProduct adds x·y w times.
func (a *wide) addProduct(x, y vec.Decimal, w int64) {
	xh, xl, xn := magnitude(x)
	yh, yl, yn := magnitude(y)
	var p [5]uint64
	p[1], p[0] = bits.Mul64(xl, yl)
	addAt(&p, 1, xl, yh)
	addAt(&p, 1, xh, yl)
	addAt(&p, 2, xh, yh)
	times := uint64(w)
	if w < 0 {
		times = -times
	}
	var q [5]uint64
	for i, word := range p[:4] {
		addAt(&q, i, word, times)
	}
	a.addSigned(q, xn != yn != (w < 0))
}

// magnitude is a number without its sign, and whether that is a minus.
func magnitude(d vec.Decimal) (hi, lo uint64, negative bool) {
	hi, lo = uint64(d.HighBits()), d.LowBits()
	if hi>>63 == 0 {
		return hi, lo, false
	}
	lo, borrow := bits.Sub64(0, lo, 0)
	hi, _ = bits.Sub64(0, hi, borrow)
	return hi, lo, true
}

// addAt adds x·y·2^(64·at).
func addAt(p *[5]uint64, at int, x, y uint64) {
	hi, lo := bits.Mul64(x, y)
	var c uint64
	p[at], c = bits.Add64(p[at], lo, 0)
	if at++; at < len(p) {
		p[at], c = bits.Add64(p[at], hi, c)
	}
	for at++; at < len(p) && c != 0; at++ {
		p[at], c = bits.Add64(p[at], 0, c)
	}
}

func (a *wide) addSigned(q [5]uint64, negative bool) {
	var c uint64
	for i, word := range q {
		if negative {
			a[i], c = bits.Sub64(a[i], word, c)
		} else {
			a[i], c = bits.Add64(a[i], word, c)
		}
	}
}

// bigInt is the number in the form in which it is divided.
func (a *wide) bigInt() *big.Int {
	out := new(big.Int).SetInt64(int64(a[4]))
	for i := 3; i >= 0; i-- {
		out.Lsh(out, 64).Add(out, new(big.Int).SetUint64(a[i]))
	}
	return out
}
