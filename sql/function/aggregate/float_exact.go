package aggregate

import (
	"math"
	"math/big"
	"math/bits"
	"slices"

	"github.com/sqlstream/sqlstream/vec"
)

// exactFloatSlot adds up DOUBLE without any rounding, so that what is added and
// taken back again leaves nothing: a fixed-point number as wide as DOUBLE's whole
// range, in limbs of 32 bits (R. Neal, "Fast Exact Summation Using Small and Large
// Superaccumulators", 2015). Values that are not finite are counted.
type exactFloatSlot struct{ average bool }

// limbs cover 2^-1074 to 2^1024 and room for 2^63 of the largest.
const limbs = 68

type exactSum struct {
	n, nan, posInf, negInf int64
	limb                   [limbs]int64 // limb i counts 2^(32·i-1074), each within ±2^32 between calls
}

func (exactFloatSlot) Width() int { return 8 * (4 + limbs) }

func (exactFloatSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	values := vec.Slice[float64](args[0])
	each(args[0], len(gids), weights, func(i int, w int64) {
		at[exactSum](&rows, gids[i]).add(values[args[0].At(i)], w)
	})
	return nil
}

func (a *exactSum) add(f float64, w int64) {
	a.n += w
	switch {
	case f != f:
		a.nan += w
		return
	case math.IsInf(f, 1):
		a.posInf += w
		return
	case math.IsInf(f, -1):
		a.negInf += w
		return
	case f == 0:
		return
	}
	mantissa, shift := partsOf(f)
	if f < 0 {
		w = -w
	}
	addParts(a.limb[:], mantissa, shift, w)
}

// partsOf is the size of a finite number: a mantissa of 53 bits, and its position above
// 2^-1074.
func partsOf(f float64) (mantissa uint64, shift int) {
	u := math.Float64bits(f)
	mantissa, shift = u&(1<<52-1), int(u>>52&0x7FF)
	if shift > 0 {
		mantissa |= 1 << 52
		shift--
	}
	return mantissa, shift
}

// addParts adds a mantissa w times to a number in limbs. Shifted, it spans three of them;
// each product stays within 63 bits as long as the weight does within 30.
func addParts(limb []int64, mantissa uint64, shift int, w int64) {
	const most = 29 // bits of a weight
	if w >= 1<<most || w < -1<<most {
		addParts(limb, mantissa, shift+most, w>>most)
		w &= 1<<most - 1
	}
	at, bit := shift/32, uint(shift%32)
	lo := mantissa << bit
	hi := uint64(0)
	if bit > 0 {
		hi = mantissa >> (64 - bit)
	}
	carry(limb, at, int64(lo&math.MaxUint32)*w)
	carry(limb, at+1, int64(lo>>32)*w)
	if hi != 0 {
		carry(limb, at+2, int64(hi)*w)
	}
}

// carry adds to a limb and hands what exceeds it to the next.
func carry(limb []int64, at int, v int64) {
	for v != 0 && at < len(limb) {
		s := limb[at] + v
		v = s >> 32
		limb[at] = s - v<<32
		if at == len(limb)-1 {
			limb[at] = s
			return
		}
		at++
	}
}

func (exactFloatSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		at[exactSum](&rows, g).merge(at[exactSum](&src, int32(i)))
	}
	return nil
}

func (a *exactSum) merge(from *exactSum) {
	a.n += from.n
	a.nan += from.nan
	a.posInf += from.posInf
	a.negInf += from.negInf
	for k, v := range from.limb {
		carry(a.limb[:], k, v)
	}
}

func (a *exactSum) finite() bool { return a.nan == 0 && a.posInf == 0 && a.negInf == 0 }

func (s exactFloatSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[exactSum](&rows, g)
		switch {
		case a.n == 0:
			out.AppendNull()
		case s.average:
			vec.Append(out, a.value(a.n)+0)
		default:
			vec.Append(out, a.value(1)+0)
		}
	}
	return nil
}

// value returns the sum divided by n, rounded once.
func (a *exactSum) value(n int64) float64 {
	switch {
	case a.nan > 0 || a.posInf > 0 && a.negInf > 0:
		return math.NaN()
	case a.posInf > 0:
		return math.Inf(1)
	case a.negInf > 0:
		return math.Inf(-1)
	}
	f := a.exact()
	if n != 1 {
		f = new(big.Float).SetPrec(f.MinPrec()+128).Quo(f, new(big.Float).SetInt64(n))
	}
	out, _ := f.Float64()
	return out
}

// exact is the sum of the finite values.
func (a *exactSum) exact() *big.Float { return limbsFloat(a.limb[:], -1074) }

// limbsFloat is a number in limbs, of which the lowest counts 2^exponent.
func limbsFloat(limb []int64, exponent int) *big.Float {
	sum, x := new(big.Int), new(big.Int)
	for _, v := range slices.Backward(limb) {
		sum.Lsh(sum, 32)
		sum.Add(sum, x.SetInt64(v))
	}
	f := new(big.Float).SetMode(big.ToNearestEven).SetInt(sum)
	return f.SetMantExp(f, exponent)
}

// An exactProduct adds up products of two DOUBLEs without any rounding. Those of values
// that are not finite are left out.
type exactProduct struct {
	limb [2*limbs + 2]int64 // limb i counts 2^(32·i-2148)
}

func (a *exactProduct) add(x, y float64, w int64) {
	if x-x != 0 || y-y != 0 {
		return
	}
	m, at := partsOf(x)
	n, more := partsOf(y)
	if (x < 0) != (y < 0) {
		w = -w
	}
	hi, lo := bits.Mul64(m, n)
	addParts(a.limb[:], lo, at+more, w)
	if hi != 0 {
		addParts(a.limb[:], hi, at+more+64, w)
	}
}

func (a *exactProduct) merge(from *exactProduct) {
	for k, v := range from.limb {
		carry(a.limb[:], k, v)
	}
}

func (a *exactProduct) exact() *big.Float { return limbsFloat(a.limb[:], -2148) }
