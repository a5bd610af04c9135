package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// avgDigits is how many digits an average has more than its values (MySQL's
// div_precision_increment).
const avgDigits = 4

// Avg is AVG(x).
var Avg = function.Aggregate{
	Name: "avg", Quotient: []*function.Aggregate{&Sum, &Count},
	Doc: "The mean of numbers; NULL where there is none. Of integers and DECIMAL it is a DECIMAL with four more digits, of FLOAT and DOUBLE a DOUBLE.",
	Examples: []function.AggregateExample{
		{Call: "avg(x)", Type: function.Int, Rows: "+1 1\n+1 2\n", Value: "1.5000"},
		{Call: "avg(x)", Type: function.Int, Rows: "+1 1\n+1 2\n-1 2\n", Value: "1.0000"},
		{Call: "avg(x)", Type: function.Float, Rows: "+3 0.5\n+1 NULL\n", Value: "0.5"},
		{Call: "avg(x)", Type: function.Int, Rows: "+1 NULL\n", Value: "NULL"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("avg", args)
		if err != nil {
			return nil, err
		}
		in, exact, err := sumOf("avg", t)
		if err != nil {
			return nil, err
		}
		if !exact {
			return &function.Bound{Args: []types.Type{in}, Returns: in, Slot: exactFloatSlot{true}, AppendOnly: floatSlot{true}}, nil
		}
		d, _ := types.DecimalDigits(in)
		more := min(avgDigits, types.MaxPrecision-d.Scale)
		out := types.DecimalOf(min(d.Precision+more, types.MaxPrecision), d.Scale+more)
		return &function.Bound{Args: []types.Type{in}, Returns: out, Slot: exactSlot(in, more)}, nil
	},
}
