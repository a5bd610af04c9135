package types

import (
	"errors"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// A DecimalValue is the unscaled 128-bit value of a DECIMAL: 1.50 at scale 2 is 150.
type DecimalValue = decimal128.Num

// ErrRange says that a value lies beyond its type, ErrSyntax that a text is not a
// value of the type at all.
var (
	ErrRange  = errors.New("out of range")
	ErrSyntax = errors.New("not a number")
)

// DecimalFromInt returns the DECIMAL of an integer at scale 0.
func DecimalFromInt(v int64) DecimalValue { return decimal128.FromI64(v) }

// pow10 holds 10^0 .. 10^38.
var pow10 = func() (t [MaxPrecision + 1]DecimalValue) {
	v := big.NewInt(1)
	for i := range t {
		t[i] = decimal128.FromBigInt(v)
		v.Mul(v, big.NewInt(10))
	}
	return t
}()

// Pow10 returns 10^n, n from 0 to 38.
func Pow10(n int) DecimalValue { return pow10[n] }

// DecimalFits reports |d| < 10^precision.
func DecimalFits(d DecimalValue, precision int) bool {
	if d.Sign() < 0 {
		d = d.Negate()
	}
	return d.HighBits() >= 0 && d.Less(pow10[min(precision, MaxPrecision)])
}

// Rescale moves the point from one scale to another, rounding half away from
// zero; false where the result has more than 38 digits.
func Rescale(d DecimalValue, from, to int) (DecimalValue, bool) {
	switch {
	case from == to:
		return d, true
	case to-from > MaxPrecision:
		return d, d.Sign() == 0
	case to > from:
		return mulChecked(d, pow10[to-from])
	case from-to > MaxPrecision:
		return DecimalValue{}, true
	}
	return divRound(d, pow10[from-to]), true
}

// divRound divides, rounding half away from zero; by is not 0.
func divRound(d, by DecimalValue) DecimalValue {
	if x, ok := small(d); ok {
		if y, ok := small(by); ok && y != -1 {
			q := x / y
			if r := x % y; absolute(r) >= absolute(y)-absolute(r) {
				q += 1 | (x^y)>>63
			}
			return decimal128.FromI64(q)
		}
	}
	q, r := d.Div(by)
	if r = r.Abs(); r.Less(by.Abs().Sub(r)) { // not 2·r < by: that may exceed 128 bits
		return q
	}
	if (d.Sign() < 0) != (by.Sign() < 0) {
		return q.Sub(decimal128.FromI64(1))
	}
	return q.Add(decimal128.FromI64(1))
}

func absolute(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// mulChecked multiplies, false where the product has more than 38 digits.
func mulChecked(a, b DecimalValue) (DecimalValue, bool) {
	if x, ok := small(a); ok {
		if y, ok := small(b); ok {
			return mulSmall(x, y), true
		}
	}
	p := new(big.Int).Mul(a.BigInt(), b.BigInt())
	if p.BitLen() > 127 {
		return DecimalValue{}, false
	}
	d := decimal128.FromBigInt(p)
	return d, DecimalFits(d, MaxPrecision)
}

// small returns d as an int64 where it is one.
func small(d DecimalValue) (int64, bool) {
	v := int64(d.LowBits())
	return v, d.HighBits() == v>>63
}

// mulSmall multiplies two 64-bit values exactly. The product of two has at most
// 38 digits.
func mulSmall(x, y int64) DecimalValue {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	h := int64(hi) - x>>63&y - y>>63&x
	return decimal128.New(h, lo)
}

// MulDecimal multiplies unscaled values; false where the product has more than
// 38 digits.
func MulDecimal(a, b DecimalValue) (DecimalValue, bool) { return mulChecked(a, b) }

// MulDecimalScaled multiplies and drops digits from the end, rounding half away from
// zero; only the result must have at most 38.
func MulDecimalScaled(a, b DecimalValue, drop int) (DecimalValue, bool) {
	d, ok := mulChecked(a, b)
	switch {
	case ok:
		return Rescale(d, drop, 0)
	case drop <= 0:
		return d, false
	}
	return divBig(new(big.Int).Mul(a.BigInt(), b.BigInt()), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(drop)), nil))
}

// AddDecimalScaled adds values of different scales and rounds half away from zero to
// scale to; only the result must have at most 38 digits.
func AddDecimalScaled(a DecimalValue, as int, b DecimalValue, bs, to int) (DecimalValue, bool) {
	power := func(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
	s := max(as, bs, to)
	x := new(big.Int).Mul(a.BigInt(), power(s-as))
	y := new(big.Int).Mul(b.BigInt(), power(s-bs))
	return divBig(x.Add(x, y), power(s-to))
}

// DivDecimal returns a·10^shift / b rounded half away from zero; b is not 0.
func DivDecimal(a, b DecimalValue, shift int) (DecimalValue, bool) {
	if shift >= 0 && shift <= MaxPrecision {
		if n, ok := mulChecked(a, pow10[shift]); ok {
			return divRound(n, b), true
		}
	}
	n := new(big.Int).Mul(a.BigInt(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, 0))), nil))
	den := b.BigInt()
	if shift < 0 {
		den = new(big.Int).Mul(den, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-shift)), nil))
	}
	return divBig(n, den)
}

// divBig divides numbers of any size, rounding half away from zero.
func divBig(n, den *big.Int) (DecimalValue, bool) {
	q, r := new(big.Int).QuoRem(n, den, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(den) >= 0 {
		q.Add(q, big.NewInt(int64(n.Sign()*den.Sign())))
	}
	if q.BitLen() > 127 {
		return DecimalValue{}, false
	}
	d := decimal128.FromBigInt(q)
	return d, DecimalFits(d, MaxPrecision)
}

// ParseDecimal reads a decimal number, with or without an exponent, at the given
// precision and scale, rounding half away from zero. The error is ErrSyntax or
// ErrRange.
func ParseDecimal[T ~string | ~[]byte](s T, precision, scale int) (DecimalValue, error) {
	i, neg := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	var hi, lo uint64 // the digits kept, at most 39
	kept, seen, frac, round := 0, false, 0, false
	point, dropped := false, 0
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		d := uint64(c - '0')
		if c < '0' || c > '9' {
			break
		}
		seen = true
		if kept >= MaxPrecision {
			if dropped == 0 {
				round = d >= 5
			}
			dropped++
			if !point {
				frac--
			}
			continue
		}
		if point {
			frac++
		}
		if kept > 0 || d > 0 {
			kept++
		}
		h1, l1 := bits.Mul64(lo, 10)
		hi = hi*10 + h1
		var carry uint64
		lo, carry = bits.Add64(l1, d, 0)
		hi += carry
	}
	if !seen {
		return DecimalValue{}, ErrSyntax
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		e, err := strconv.Atoi(string(s[i+1:]))
		if err != nil && !errors.Is(err, strconv.ErrRange) { // one that is too large is as good as the largest
			return DecimalValue{}, ErrSyntax
		}
		frac -= max(min(e, 1000), -1000)
		i = len(s)
	}
	if i < len(s) {
		return DecimalValue{}, ErrSyntax
	}
	d := decimal128.New(int64(hi), lo)
	if round && scale >= frac {
		d = d.Add(decimal128.FromI64(1))
	}
	if d.Sign() == 0 {
		return d, nil
	}
	if scale-frac > MaxPrecision {
		return DecimalValue{}, ErrRange
	}
	d, ok := Rescale(d, frac, scale)
	if !ok || !DecimalFits(d, precision) {
		return DecimalValue{}, ErrRange
	}
	if neg {
		d = d.Negate()
	}
	return d, nil
}

// AppendDecimal appends the digits of d with the point where scale puts it.
func AppendDecimal(dst []byte, d DecimalValue, scale int) []byte {
	if d.Sign() < 0 {
		dst, d = append(dst, '-'), d.Negate()
	}
	var digits []byte
	var buf [48]byte
	if d.HighBits() == 0 {
		digits = strconv.AppendUint(buf[:0], d.LowBits(), 10)
	} else {
		digits = append(buf[:0], d.BigInt().String()...)
	}
	if scale <= 0 {
		return append(dst, digits...)
	}
	if len(digits) <= scale {
		dst = append(dst, '0', '.')
		for range scale - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// DecimalFloat returns the nearest DOUBLE.
func DecimalFloat(d DecimalValue, scale int) float64 {
	f, err := strconv.ParseFloat(string(AppendDecimal(nil, d, scale)), 64)
	if err != nil {
		return 0 // not reached: every DECIMAL is within DOUBLE's range
	}
	return f
}

// MulInt64 multiplies two integers exactly.
func MulInt64(x, y int64) DecimalValue { return mulSmall(x, y) }
