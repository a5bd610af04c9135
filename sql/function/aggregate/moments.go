package aggregate

import (
	"fmt"
	"math"
	"math/big"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// moments are the sums from which variance, covariance and correlation are computed. They
// are exact, so that what is taken back leaves nothing, and the value is rounded once at
// the end.
type moments struct {
	n                int64
	x, xx, y, xy, yy *big.Float
	digits           [2]int // of x and y: the sums count 10^-digits, or its square
	finite           bool
}

// A statistic computes its value; false stands for NULL. There is one row at least.
type statistic func(m *moments) (float64, bool)

// bindStatistic resolves a statistic of one or two numbers.
func bindStatistic(name string, args []types.Type, want int, value statistic) (*function.Bound, error) {
	if len(args) != want {
		return nil, fmt.Errorf("%s takes %s, not %d", name, [...]string{"", "one argument", "two arguments"}[want], len(args))
	}
	in, exact := make([]types.Type, want), true
	for i, t := range args {
		if t.Kind == types.Null {
			t = types.Of(types.BigInt)
		}
		of, isExact, err := sumOf(name, t)
		if err != nil {
			return nil, err
		}
		in[i], exact = of, exact && isExact
	}
	b := &function.Bound{Args: in, Returns: types.Of(types.Double)}
	if !exact {
		for i := range in {
			in[i] = types.Of(types.Double)
		}
		b.Slot = floatMoments{want == 2, value}
		return b, nil
	}
	s := exactMoments{pair: want == 2, value: value}
	for i, t := range in {
		if t.Kind == types.Decimal {
			s.digits[i] = t.Scale
		}
	}
	b.Slot = s
	return b, nil
}

// exactMoments adds up whole numbers and DECIMALs.
type exactMoments struct {
	pair   bool
	digits [2]int
	value  statistic
}

type exactRow struct {
	n         int64
	x, xx     wide
	y, xy, yy wide // of two arguments
}

func (s exactMoments) Width() int {
	if s.pair {
		return 8 * (1 + 5*5)
	}
	return 8 * (1 + 2*5)
}

func (s exactMoments) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	one := decimal128.FromI64(1)
	for i, g := range gids {
		if args[0].IsNull(i) || s.pair && args[1].IsNull(i) {
			continue
		}
		w, a, x := weightOf(weights, i), at[exactRow](&rows, g), decimalAt(args[0], i)
		a.n += w
		a.x.addProduct(x, one, w)
		a.xx.addProduct(x, x, w)
		if s.pair {
			y := decimalAt(args[1], i)
			a.y.addProduct(y, one, w)
			a.xy.addProduct(x, y, w)
			a.yy.addProduct(y, y, w)
		}
	}
	return nil
}

func decimalAt(v *vec.Vec, row int) vec.Decimal {
	if v.Type.Kind == types.Decimal {
		return vec.Slice[vec.Decimal](v)[v.At(row)]
	}
	return decimal128.FromI64(vec.Slice[int64](v)[v.At(row)])
}

func (s exactMoments) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[exactRow](&src, int32(i)), at[exactRow](&rows, g)
		to.n += from.n
		to.x.addSigned(from.x, false)
		to.xx.addSigned(from.xx, false)
		if s.pair {
			to.y.addSigned(from.y, false)
			to.xy.addSigned(from.xy, false)
			to.yy.addSigned(from.yy, false)
		}
	}
	return nil
}

func (s exactMoments) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	sum := func(w *wide) *big.Float { return new(big.Float).SetPrec(exactBits).SetInt(w.bigInt()) }
	for _, g := range gids {
		a := at[exactRow](&rows, g)
		m := moments{n: a.n, x: sum(&a.x), xx: sum(&a.xx), digits: s.digits, finite: true}
		if s.pair {
			m.y, m.xy, m.yy = sum(&a.y), sum(&a.xy), sum(&a.yy)
		}
		m.append(s.value, out)
	}
	return nil
}

// floatMoments adds up DOUBLEs.
type floatMoments struct {
	pair  bool
	value statistic
}

type floatRow struct {
	x  exactSum
	xx exactProduct
	// Of two arguments:
	y      exactSum
	xy, yy exactProduct
}

func (s floatMoments) Width() int {
	if s.pair {
		return int(unsafe.Sizeof(floatRow{}))
	}
	return int(unsafe.Offsetof(floatRow{}.y))
}

func (s floatMoments) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	for i, g := range gids {
		if args[0].IsNull(i) || s.pair && args[1].IsNull(i) {
			continue
		}
		w, a := weightOf(weights, i), at[floatRow](&rows, g)
		x := function.FloatAt(args[0], i)
		a.x.add(x, w)
		a.xx.add(x, x, w)
		if s.pair {
			y := function.FloatAt(args[1], i)
			a.y.add(y, w)
			a.xy.add(x, y, w)
			a.yy.add(y, y, w)
		}
	}
	return nil
}

func (s floatMoments) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[floatRow](&src, int32(i)), at[floatRow](&rows, g)
		to.x.merge(&from.x)
		to.xx.merge(&from.xx)
		if s.pair {
			to.y.merge(&from.y)
			to.xy.merge(&from.xy)
			to.yy.merge(&from.yy)
		}
	}
	return nil
}

func (s floatMoments) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[floatRow](&rows, g)
		m := moments{n: a.x.n, x: a.x.exact(), xx: a.xx.exact(), finite: a.x.finite()}
		if s.pair {
			m.y, m.xy, m.yy = a.y.exact(), a.xy.exact(), a.yy.exact()
			m.finite = m.finite && a.y.finite()
		}
		m.append(s.value, out)
	}
	return nil
}

func (m *moments) append(value statistic, out *vec.Builder) {
	if m.n == 0 {
		out.AppendNull()
		return
	}
	if !m.finite {
		vec.Append(out, math.NaN())
		return
	}
	if f, ok := value(m); ok {
		vec.Append(out, f+0)
	} else {
		out.AppendNull()
	}
}

// Bits in which sums and products of sums have room: of five words each, and of DOUBLE's
// whole range.
const (
	exactBits = 800
	floatBits = 4600
)

// spread is n·Σab - Σa·Σb, in which covariances are counted.
func (m *moments) spread(ab, a, b *big.Float) *big.Float {
	out := new(big.Float).SetPrec(floatBits).Mul(ab, new(big.Float).SetInt64(m.n))
	return out.Sub(out, new(big.Float).SetPrec(floatBits).Mul(a, b))
}

// over divides a spread of values with some digits by n·(n - less).
func (m *moments) over(spread *big.Float, digits int, less int64) *big.Float {
	by := new(big.Int).Mul(big.NewInt(m.n), big.NewInt(m.n-less))
	by.Mul(by, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	return quotient(spread, new(big.Float).SetInt(by))
}

func quotient(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(128).Quo(a, b) }

func rounded(f *big.Float) float64 {
	out, _ := f.Float64()
	return out
}
