package aggregate

import (
	"fmt"
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// BitAnd is BIT_AND(x).
var BitAnd = bitwise("bit_and", true, "The bits that all numbers have, as BIGINT UNSIGNED; all bits where there is no number.", bitSlot{and: true}, []function.AggregateExample{
	{Call: "bit_and(x)", Type: function.Int, Rows: "+1 7\n+1 13\n+1 NULL\n", Value: "5"},
	{Call: "bit_and(x)", Type: function.Int, Rows: "+1 7\n+1 8\n-1 8\n", Value: "7"},
	{Call: "bit_and(x)", Type: function.Int, Rows: "+1 NULL\n", Value: "18446744073709551615"},
})

// BitOr is BIT_OR(x).
var BitOr = bitwise("bit_or", true, "The bits that one number at least has, as BIGINT UNSIGNED; 0 where there is no number.", bitSlot{}, []function.AggregateExample{
	{Call: "bit_or(x)", Type: function.Int, Rows: "+1 5\n+1 8\n+1 2\n-1 2\n", Value: "13"},
	{Call: "bit_or(x)", Type: function.Int, Rows: "+1 NULL\n", Value: "0"},
})

// BitXor is BIT_XOR(x).
var BitXor = bitwise("bit_xor", false, "The bits that an odd number of the numbers has, as BIGINT UNSIGNED; 0 where there is no number.", xorSlot{}, []function.AggregateExample{
	{Call: "bit_xor(x)", Type: function.Int, Rows: "+1 5\n+1 3\n+2 9\n", Value: "6"},
	{Call: "bit_xor(x)", Type: function.Int, Rows: "+1 5\n+1 NULL\n-1 5\n", Value: "0"},
})

func bitwise(name string, idempotent bool, doc string, slot function.Slot, examples []function.AggregateExample) function.Aggregate {
	return function.Aggregate{
		Name: name, Doc: doc, Examples: examples, Idempotent: idempotent,
		Bind: func(args []types.Type) (*function.Bound, error) {
			t, err := one(name, args)
			switch {
			case err != nil:
				return nil, err
			case !t.IsNumeric() && t.Kind != types.Boolean:
				return nil, noNumber(name, t)
			case t.Kind == types.Decimal && t.Precision-t.Scale > 19:
				return nil, fmt.Errorf("%s takes a number of 64 bits, not %s", name, t)
			case t.Kind != types.UBigInt: // its bits are those of the two's complement
				t = types.Of(types.BigInt)
			}
			return &function.Bound{Args: []types.Type{t}, Returns: types.Of(types.UBigInt), Slot: slot}, nil
		},
	}
}

// bitSlot counts for each bit the numbers that have it.
type bitSlot struct{ and bool }

type bitCounts struct {
	n   int64
	has [64]int64
}

func (bitSlot) Width() int { return 8 * 65 }

func (bitSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	values := vec.Slice[uint64](args[0])
	each(args[0], len(gids), weights, func(i int, w int64) {
		a := at[bitCounts](&rows, gids[i])
		a.n += w
		for bit, x := 0, values[args[0].At(i)]; x != 0; bit, x = bit+1, x>>1 {
			a.has[bit] += w * int64(x&1)
		}
	})
	return nil
}

func (bitSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[bitCounts](&src, int32(i)), at[bitCounts](&rows, g)
		to.n += from.n
		for bit, n := range from.has {
			to.has[bit] += n
		}
	}
	return nil
}

func (s bitSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a, value := at[bitCounts](&rows, g), uint64(0)
		for bit, n := range a.has {
			if s.and && n == a.n || !s.and && n > 0 {
				value |= 1 << bit
			}
		}
		vec.Append(out, value)
	}
	return nil
}

// xorSlot keeps the value: a number that goes turns the bits that it turned when it came.
type xorSlot struct{}

func (xorSlot) Width() int { return 8 }

func (xorSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	values := vec.Slice[uint64](args[0])
	each(args[0], len(gids), weights, func(i int, w int64) {
		*at[uint64](&rows, gids[i]) ^= values[args[0].At(i)] & (math.MaxUint64 * uint64(w&1))
	})
	return nil
}

func (xorSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		*at[uint64](&rows, g) ^= *at[uint64](&src, int32(i))
	}
	return nil
}

func (xorSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		vec.Append(out, *at[uint64](&rows, g))
	}
	return nil
}
