package aggregate

import (
	"math"
	"math/big"

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
	u := math.Float64bits(f)
	mantissa := u & (1<<52 - 1)
	shift := int(u >> 52 & 0x7FF) // position above 2^-1074
	if shift > 0 {
		mantissa |= 1 << 52
		shift--
	}
	if u>>63 != 0 {
		w = -w
	}
	a.addParts(mantissa, shift, w)
}

// addParts adds a mantissa w times. Shifted, it spans three limbs; each product
// stays within 63 bits as long as the weight does within 30.
func (a *exactSum) addParts(mantissa uint64, shift int, w int64) {
	const most = 29 // bits of a weight
	if w >= 1<<most || w < -1<<most {
		a.addParts(mantissa, shift+most, w>>most)
		w &= 1<<most - 1
	}
	at, bit := shift/32, uint(shift%32)
	lo := mantissa << bit
	hi := uint64(0)
	if bit > 0 {
		hi = mantissa >> (64 - bit)
	}
	a.carry(at, int64(lo&math.MaxUint32)*w)
	a.carry(at+1, int64(lo>>32)*w)
	if hi != 0 {
		a.carry(at+2, int64(hi)*w)
	}
}

// carry adds to a limb and hands what exceeds it to the next.
func (a *exactSum) carry(at int, v int64) {
	for v != 0 && at < limbs {
		s := a.limb[at] + v
		v = s >> 32
		a.limb[at] = s - v<<32
		if at == limbs-1 {
			a.limb[at] = s
			return
		}
		at++
	}
}

func (exactFloatSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[exactSum](&src, int32(i)), at[exactSum](&rows, g)
		to.n += from.n
		to.nan += from.nan
		to.posInf += from.posInf
		to.negInf += from.negInf
		for k, v := range from.limb {
			to.carry(k, v)
		}
	}
	return nil
}

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
	sum, limb := new(big.Int), new(big.Int)
	for i := limbs - 1; i >= 0; i-- {
		sum.Lsh(sum, 32)
		sum.Add(sum, limb.SetInt64(a.limb[i]))
	}
	f := new(big.Float).SetMode(big.ToNearestEven).SetInt(sum)
	if f.SetMantExp(f, -1074); n != 1 {
		f = new(big.Float).SetPrec(f.MinPrec()+128).Quo(f, new(big.Float).SetInt64(n))
	}
	out, _ := f.Float64()
	return out
}
