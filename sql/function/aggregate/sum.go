package aggregate

import (
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Sum is SUM(x).
var Sum = function.Aggregate{
	Name: "sum",
	Doc:  "Adds up numbers; NULL where there is none. Integers and DECIMAL add up exactly to a DECIMAL, FLOAT and DOUBLE to a DOUBLE.",
	Examples: []function.AggregateExample{
		{Call: "sum(x)", Type: function.Int, Rows: "+1 5\n+2 7\n+1 NULL\n", Value: "19"},
		{Call: "sum(x)", Type: function.Float, Rows: "+1 1e20\n+1 1\n-1 1e20\n", Value: "1"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("sum", args)
		if err != nil {
			return nil, err
		}
		in, exact, err := sumOf("sum", t)
		if err != nil {
			return nil, err
		}
		if !exact {
			return &function.Bound{Args: []types.Type{in}, Returns: in, Slot: exactFloatSlot{}, AppendOnly: floatSlot{}}, nil
		}
		return &function.Bound{
			Args: []types.Type{in}, Returns: types.DecimalOf(types.MaxPrecision, in.Scale), Slot: decimalSlot{in, -1},
		}, nil
	},
}

// sumOf returns the type that values are added up in.
func sumOf(name string, t types.Type) (in types.Type, exact bool, err error) {
	switch {
	case t.IsFloat():
		return types.Of(types.Double), false, nil
	case t.Kind == types.Decimal:
		return t, true, nil
	case t.Kind == types.UBigInt:
		return types.DecimalOf(20, 0), true, nil
	case t.IsInteger() || t.Kind == types.Boolean:
		return types.Of(types.BigInt), true, nil
	}
	return t, false, noNumber(name, t)
}

// decimalSlot adds up BIGINT or DECIMAL in 128 bits beside the count of values. Its
// value is the sum, or with scale ≥ 0 the average with so many more digits.
type decimalSlot struct {
	in   types.Type
	more int // of AVG: digits added to the scale; -1 for SUM
}

type decimalSum struct {
	n      int64
	lo, hi uint64
}

func (decimalSlot) Width() int { return 24 }

func (s decimalSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	v := args[0]
	if s.in.Kind == types.BigInt {
		addInts(rows, gids, v, weights)
		return nil
	}
	values := vec.Slice[vec.Decimal](v)
	each(v, len(gids), weights, func(i int, w int64) {
		d := values[v.At(i)]
		if w != 1 {
			d = d.Mul(decimal128.FromI64(w))
		}
		at[decimalSum](&rows, gids[i]).add(w, d.LowBits(), uint64(d.HighBits()))
	})
	return nil
}

func (a *decimalSum) add(n int64, lo, hi uint64) {
	var c uint64
	a.n += n
	a.lo, c = bits.Add64(a.lo, lo, 0)
	a.hi, _ = bits.Add64(a.hi, hi, c)
}

func addInts(rows vec.Rows, gids []int32, v *vec.Vec, weights []int64) {
	values := vec.Slice[int64](v)
	if weights == nil && v.Valid == nil && !v.Const {
		for i, g := range gids {
			x := values[i]
			at[decimalSum](&rows, g).add(1, uint64(x), uint64(x>>63))
		}
		return
	}
	each(v, len(gids), weights, func(i int, w int64) {
		x := values[v.At(i)]
		hi, lo := bits.Mul64(uint64(x), uint64(w))
		at[decimalSum](&rows, gids[i]).add(w, lo, hi-uint64(x>>63&w)-uint64(w>>63&x))
	})
}

func (decimalSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from := at[decimalSum](&src, int32(i))
		at[decimalSum](&rows, g).add(from.n, from.lo, from.hi)
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
		d := decimal128.New(int64(a.hi), a.lo)
		if !types.DecimalFits(d, types.MaxPrecision) {
			return errSum
		}
		if s.more >= 0 {
			q, ok := types.DivDecimal(d, decimal128.FromI64(a.n), s.more)
			if !ok {
				return errSum
			}
			d = q
		}
		vec.Append(out, d)
	}
	return nil
}

// floatSlot adds up DOUBLE with Neumaier's compensation, right to the last bits or
// so while nothing is taken back.
type floatSlot struct{ average bool }

type floatSum struct {
	n      int64
	sum, c float64
}

func (floatSlot) Width() int { return 24 }

func (floatSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	values := vec.Slice[float64](args[0])
	each(args[0], len(gids), weights, func(i int, w int64) {
		a := at[floatSum](&rows, gids[i])
		a.n += w
		a.add(values[args[0].At(i)] * float64(w))
	})
	return nil
}

func (a *floatSum) add(x float64) {
	t := a.sum + x
	if abs(a.sum) >= abs(x) {
		a.c += (a.sum - t) + x
	} else {
		a.c += (x - t) + a.sum
	}
	a.sum = t
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}

func (floatSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[floatSum](&src, int32(i)), at[floatSum](&rows, g)
		to.n += from.n
		to.add(from.sum)
		to.add(from.c)
	}
	return nil
}

func (s floatSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[floatSum](&rows, g)
		switch {
		case a.n == 0:
			out.AppendNull()
		case s.average:
			vec.Append(out, (a.sum+a.c)/float64(a.n)+0)
		default:
			vec.Append(out, a.sum+a.c+0)
		}
	}
	return nil
}
