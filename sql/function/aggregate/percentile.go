package aggregate

import (
	"errors"
	"fmt"
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Median is MEDIAN(x).
var Median = function.Aggregate{
	Name: "median",
	Doc:  "The number in the middle, a DOUBLE; the mean of the two in the middle where there is an even number of them, NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "median(x)", Type: function.Int, Rows: "+1 1\n+1 9\n+1 3\n+1 NULL\n", Value: "3"},
		{Call: "median(x)", Type: function.Int, Rows: "+1 1\n+1 9\n+1 3\n+1 4\n", Value: "3.5"},
		{Call: "median(x)", Type: types.DecimalOf(5, 2), Rows: "+1 1.25\n+1 9\n-1 9\n", Value: "1.25"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("median", args)
		if err != nil {
			return nil, err
		}
		in, _, err := sumOf("median", t)
		return &function.Bound{Args: []types.Type{in}, Returns: types.Of(types.Double), Fold: percentileFold{between: true}}, err
	},
}

// PercentileCont is PERCENTILE_CONT(x, p).
var PercentileCont = function.Aggregate{
	Name: "percentile_cont", Within: true, Aliases: []string{"percentile"},
	Doc: "The number below which the fraction p of the numbers lies, a DOUBLE, in between two of them where it falls there. Also written PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x).",
	Examples: []function.AggregateExample{
		{Call: "percentile_cont(x, 0.25)", Type: function.Int, Rows: "+1 10\n+1 20\n+1 30\n+1 40\n", Value: "17.5"},
		{Call: "percentile_cont(x, 1)", Type: function.Float, Rows: "+3 0.5\n+1 2.5\n", Value: "2.5"},
		{Call: "percentile_cont(x, 0.5)", Type: function.Int, Rows: "+1 NULL\n", Value: "NULL"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) != 2 {
			return nil, fmt.Errorf("percentile_cont takes a number and a fraction, not %d arguments", len(args))
		}
		in, _, err := sumOf("percentile_cont", args[0])
		return &function.Bound{
			Args: []types.Type{in, types.Of(types.Double)}, Returns: types.Of(types.Double), Fold: percentileFold{between: true},
		}, err
	},
}

// PercentileDisc is PERCENTILE_DISC(x, p).
var PercentileDisc = function.Aggregate{
	Name: "percentile_disc", Within: true, Aliases: []string{"approx_percentile"},
	Doc: "The first of the values, in their order, at which the fraction p of them is reached. Also written PERCENTILE_DISC(p) WITHIN GROUP (ORDER BY x). It is exact under all its names.",
	Examples: []function.AggregateExample{
		{Call: "percentile_disc(x, 0.25)", Type: function.Int, Rows: "+1 10\n+1 20\n+1 30\n+1 40\n", Value: "10"},
		{Call: "percentile_disc(x, 0.5)", Type: function.Text, Rows: "+1 a\n+1 b\n+1 c\n+1 NULL\n", Value: "b"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) != 2 {
			return nil, fmt.Errorf("percentile_disc takes a value and a fraction, not %d arguments", len(args))
		}
		if err := ordered("percentile_disc", args[0]); err != nil {
			return nil, err
		}
		return &function.Bound{
			Args: []types.Type{args[0], types.Of(types.Double)}, Returns: args[0], Fold: percentileFold{},
		}, nil
	},
}

// ordered refuses types that have no order.
func ordered(name string, t types.Type) error {
	if t.Kind == types.Map || t.Kind == types.Interval {
		return fmt.Errorf("%s does not take %s", name, t)
	}
	return nil
}

var errFraction = errors.New("a percentile is a fraction from 0 to 1")

// percentileFold picks a value by its place; without a second argument the middle one.
type percentileFold struct{ between bool }

func (percentileFold) First() bool { return false }
func (percentileFold) Last() bool  { return false }

func (f percentileFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	var args []*vec.Vec
	var rows []int
	var upTo []int64 // how many values there are up to that of a row
	n := int64(0)
	for a, row, count := next(); count != 0; a, row, count = next() {
		n += count
		args, rows, upTo = a, append(rows, row), append(upTo, n)
	}
	if n == 0 {
		out.AppendNull()
		return nil
	}
	p := 0.5
	if len(args) > 1 {
		if args[1].IsNull(rows[0]) {
			out.AppendNull()
			return nil
		}
		p = vec.Slice[float64](args[1])[args[1].At(rows[0])]
	}
	if !(p >= 0 && p <= 1) {
		return errFraction
	}
	at := func(place int64) int {
		i := 0
		for upTo[i] <= place {
			i++
		}
		return rows[i]
	}
	if !f.between {
		place := int64(math.Ceil(p*float64(n))) - 1
		out.AppendRow(args[0], at(min(max(place, 0), n-1)))
		return nil
	}
	place := p * float64(n-1)
	low := math.Floor(place)
	x := numberAt(args[0], at(int64(low)))
	if part := place - low; part > 0 {
		if y := numberAt(args[0], at(int64(low)+1)); x != y {
			x = x*(1-part) + y*part
		}
	}
	vec.Append(out, x+0)
	return nil
}

// numberAt is a number of a type of sumOf as a DOUBLE.
func numberAt(v *vec.Vec, row int) float64 {
	switch v.Type.Kind {
	case types.Double:
		return function.FloatAt(v, row)
	case types.Decimal:
		return types.DecimalFloat(vec.Slice[vec.Decimal](v)[v.At(row)], v.Type.Scale)
	}
	return float64(function.IntAt(v, row))
}
