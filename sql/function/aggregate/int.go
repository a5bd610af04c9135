package aggregate

import (
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// intSlot adds up BIGINT in 128 bits beside the count of values, which is room for
// 2^63 of the largest. Its value is the sum, or the average.
type intSlot struct {
	more int // of AVG: digits behind the point; -1 for SUM
}

type intSum struct {
	n      int64
	lo, hi uint64
}

func (intSlot) Width() int { return 24 }

func (intSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	v := args[0]
	values := vec.Slice[int64](v)
	if weights == nil && v.Valid == nil && !v.Const {
		for i, g := range gids {
			x := values[i]
			at[intSum](&rows, g).add(1, uint64(x), uint64(x>>63))
		}
		return nil
	}
	for i, g := range gids {
		if v.IsNull(i) {
			continue
		}
		x, w := values[v.At(i)], weightOf(weights, i)
		hi, lo := bits.Mul64(uint64(x), uint64(w))
		at[intSum](&rows, g).add(w, lo, hi-uint64(x>>63&w)-uint64(w>>63&x))
	}
	return nil
}

func (a *intSum) add(n int64, lo, hi uint64) {
	var c uint64
	a.n += n
	a.lo, c = bits.Add64(a.lo, lo, 0)
	a.hi, _ = bits.Add64(a.hi, hi, c)
}

func (intSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from := at[intSum](&src, int32(i))
		at[intSum](&rows, g).add(from.n, from.lo, from.hi)
	}
	return nil
}

func (s intSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[intSum](&rows, g)
		if a.n == 0 {
			out.AppendNull()
			continue
		}
		d := decimal128.New(int64(a.hi), a.lo)
		ok := true
		if s.more >= 0 {
			d, ok = types.DivDecimal(d, decimal128.FromI64(a.n), s.more)
		}
		if !ok || !types.DecimalFits(d, types.MaxPrecision) {
			return errSum
		}
		vec.Append(out, d)
	}
	return nil
}
