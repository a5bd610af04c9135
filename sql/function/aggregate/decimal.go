package aggregate

import (
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// decimalSlot adds up DECIMAL beside the count of values, in 192 bits: what passes
// 38 digits on the way is no error, and may come back. Its value is the sum, or the
// average.
type decimalSlot struct {
	more int // of AVG: digits added to the scale; -1 for SUM
}

type decimalSum struct {
	n           int64
	lo, mid, hi uint64
}

func (decimalSlot) Width() int { return 32 }

func (decimalSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	v := args[0]
	values := vec.Slice[vec.Decimal](v)
	each(v, len(gids), weights, func(i int, w int64) {
		d := values[v.At(i)]
		at[decimalSum](&rows, gids[i]).addTimes(d.LowBits(), d.HighBits(), w)
	})
	return nil
}

// addTimes adds the 128-bit number hi·2^64 + lo w times.
func (a *decimalSum) addTimes(lo uint64, hi, w int64) {
	if w == 1 {
		a.add(1, lo, uint64(hi), uint64(hi>>63))
		return
	}
	// As unsigned numbers modulo 2^192; a negative factor counts 2^128 or 2^64 too many.
	c1, p0 := bits.Mul64(lo, uint64(w))
	p2, p1 := bits.Mul64(uint64(hi), uint64(w))
	p1, c := bits.Add64(p1, c1, 0)
	p2 += c
	p2 -= uint64(hi >> 63 & w)
	if w < 0 {
		var b uint64
		p1, b = bits.Sub64(p1, lo, 0)
		p2, _ = bits.Sub64(p2, uint64(hi), b)
	}
	a.add(w, p0, p1, p2)
}

func (a *decimalSum) add(n int64, lo, mid, hi uint64) {
	var c uint64
	a.n += n
	a.lo, c = bits.Add64(a.lo, lo, 0)
	a.mid, c = bits.Add64(a.mid, mid, c)
	a.hi, _ = bits.Add64(a.hi, hi, c)
}

func (decimalSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from := at[decimalSum](&src, int32(i))
		at[decimalSum](&rows, g).add(from.n, from.lo, from.mid, from.hi)
	}
	return nil
}

func (s decimalSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[decimalSum](&rows, g)
		if a.n == 0 {
			out.AppendNull()
			continue
		}
		d, ok := a.value(s.more)
		if !ok || !types.DecimalFits(d, types.MaxPrecision) {
			return errSum
		}
		vec.Append(out, d)
	}
	return nil
}

func (a *decimalSum) value(more int) (vec.Decimal, bool) {
	d := decimal128.New(int64(a.mid), a.lo)
	fits := a.hi == uint64(int64(a.mid)>>63)
	switch {
	case more < 0:
		return d, fits
	case fits:
		return types.DivDecimal(d, decimal128.FromI64(a.n), more)
	}
	// The sum has more than 38 digits, the average need not.
	sum := new(big.Int).SetInt64(int64(a.hi))
	for _, w := range []uint64{a.mid, a.lo} {
		sum.Lsh(sum, 64).Add(sum, new(big.Int).SetUint64(w))
	}
	n := big.NewInt(a.n)
	q, r := sum.QuoRem(sum.Mul(sum, types.Pow10(more).BigInt()), n, new(big.Int))
	if r.Lsh(r.Abs(r), 1).CmpAbs(n) >= 0 {
		q.Add(q, big.NewInt(1-2*int64(a.hi>>63^uint64(a.n)>>63)))
	}
	if q.BitLen() > 127 {
		return d, false
	}
	return decimal128.FromBigInt(q), true
}
