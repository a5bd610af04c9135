package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Min is MIN(x).
var Min = function.Aggregate{
	Name:       "min",
	Idempotent: true,
	Parts:      true,
	Doc:        "The least value; NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "min(x)", Type: function.Int, Rows: "+1 3\n+1 1\n-1 1\n", Value: "3"},
		{Call: "min(x)", Type: function.Text, Rows: "+1 b\n+1 a\n", Value: "a"},
		{Call: "min(x)", Type: function.Int, Rows: "+1 NULL\n+1 3\n-1 3\n", Value: "NULL"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) { return bindExtreme("min", args, false) },
}

// Max is MAX(x).
var Max = function.Aggregate{
	Name:       "max",
	Idempotent: true,
	Parts:      true,
	Doc:        "The greatest value; NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "max(x)", Type: function.Int, Rows: "+1 3\n+1 9\n-1 9\n", Value: "3"},
		{Call: "max(x)", Type: function.Text, Rows: "+1 b\n+1 a\n", Value: "b"},
		{Call: "max(x)", Type: function.Date, Rows: "+1 2026-11-25\n+1 NULL\n", Value: "2026-11-25"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) { return bindExtreme("max", args, true) },
}

// AnyValue is ANY_VALUE(x). It is the least value, so that it is the same for any
// order of the input.
var AnyValue = function.Aggregate{
	Name:       "any_value",
	Idempotent: true,
	Doc:        "One of the values: the least, so that the answer does not depend on the order of the rows.",
	Examples: []function.AggregateExample{
		{Call: "any_value(x)", Type: function.Int, Rows: "+1 7\n+1 7\n", Value: "7"},
		{Call: "any_value(x)", Type: function.Text, Rows: "+1 NULL\n+1 글\n", Value: "글"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) { return bindExtreme("any_value", args, false) },
}

func bindExtreme(name string, args []types.Type, last bool) (*function.Bound, error) {
	t, err := one(name, args)
	if err != nil {
		return nil, err
	}
	if err := ordered(name, t); err != nil {
		return nil, err
	}
	b := &function.Bound{Args: []types.Type{t}, Returns: t, Fold: firstFold{last}}
	switch t.Layout() {
	case types.Int8:
		inRow[int8](b, last)
	case types.Int16:
		inRow[int16](b, last)
	case types.Int32:
		inRow[int32](b, last)
	case types.Int64:
		inRow[int64](b, last)
	case types.Uint8:
		inRow[uint8](b, last)
	case types.Uint16:
		inRow[uint16](b, last)
	case types.Uint32:
		inRow[uint32](b, last)
	case types.Uint64:
		inRow[uint64](b, last)
	case types.Float32:
		inRow[float32](b, last)
	case types.Float64:
		inRow[float64](b, last)
	}
	return b, nil
}

// inRow has a group's row keep the value.
func inRow[T number](b *function.Bound, last bool) {
	b.AppendOnly, b.Kept = extremeSlot[T]{last}, keptExtreme[T]{extremeSlot[T]{last}}
}

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// extremeSlot keeps the best value so far.
type extremeSlot[T number] struct{ last bool }

type extreme[T number] struct {
	any   int64 // 1 where value is one, lost where it is not known
	value T
}

const lost = 2

func (extremeSlot[T]) Width() int { return 16 }

func (s extremeSlot[T]) Add(rows vec.Rows, gids []int32, args []*vec.Vec, _ []int64) error {
	v := args[0]
	values := vec.Slice[T](v)
	switch {
	case v.Const || v.Valid != nil:
		for i, g := range gids {
			if !v.IsNull(i) {
				s.take(at[extreme[T]](&rows, g), values[v.At(i)])
			}
		}
	case s.last:
		for i, g := range gids {
			a, x := at[extreme[T]](&rows, g), values[i]
			if a.any == 0 || before(a.value, x) {
				a.any, a.value = 1, x+0 // zero has no sign
			}
		}
	default:
		for i, g := range gids {
			a, x := at[extreme[T]](&rows, g), values[i]
			if a.any == 0 || before(x, a.value) {
				a.any, a.value = 1, x+0 // zero has no sign
			}
		}
	}
	return nil
}

// before is the order of values: NaN before all numbers, as in any order of the
// engine, and -0.0 is 0.0.
func before[T number](x, y T) bool { return x < y || x != x && y == y }

func (s extremeSlot[T]) take(a *extreme[T], x T) {
	if a.any == 0 || !s.last && before(x, a.value) || s.last && before(a.value, x) {
		a.any, a.value = 1, x+0 // zero has no sign
	}
}

func (s extremeSlot[T]) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		if from := at[extreme[T]](&src, int32(i)); from.any != 0 {
			s.take(at[extreme[T]](&rows, g), from.value)
		}
	}
	return nil
}

func (extremeSlot[T]) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		if a := at[extreme[T]](&rows, g); a.any != 0 {
			vec.Append(out, a.value)
		} else {
			out.AppendNull()
		}
	}
	return nil
}

// keptExtreme keeps the best value under any change. One that is taken back, or may have
// been better, leaves behind what only the multiset knows.
type keptExtreme[T number] struct{ extremeSlot[T] }

func (s keptExtreme[T]) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	v := args[0]
	values := vec.Slice[T](v)
	for i, g := range gids {
		if v.IsNull(i) {
			continue
		}
		w := int64(1)
		if weights != nil {
			w = weights[i]
		}
		a, x := at[extreme[T]](&rows, g), values[v.At(i)]
		switch {
		case w == 0, a.any == lost:
		case w > 0:
			s.take(a, x)
		case a.any == 0, !s.last && !before(a.value, x), s.last && !before(x, a.value):
			a.any = lost
		}
	}
	return nil
}

func (keptExtreme[T]) Lost(rows vec.Rows, group int32) bool {
	return at[extreme[T]](&rows, group).any == lost
}

func (keptExtreme[T]) Keep(rows vec.Rows, gids []int32, v *vec.Vec) {
	values := vec.Slice[T](v)
	for i, g := range gids {
		a := at[extreme[T]](&rows, g)
		if *a = (extreme[T]{}); !v.IsNull(i) {
			a.any, a.value = 1, values[v.At(i)]
		}
	}
}
