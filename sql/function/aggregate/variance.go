package aggregate

import (
	"math/big"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// VarPop is VAR_POP(x).
var VarPop = variance("var_pop", []string{"variance"}, 0, false,
	"The variance of numbers as a whole population, a DOUBLE; NULL where there is none. It is computed exactly and rounded once.",
	[]function.AggregateExample{
		{Call: "var_pop(x)", Type: function.Int, Rows: "+1 1\n+1 2\n+1 3\n+1 4\n+1 NULL\n", Value: "1.25"},
		{Call: "var_pop(x)", Type: types.DecimalOf(5, 2), Rows: "+1 0.10\n+1 0.30\n+1 9\n-1 9\n", Value: "0.01"},
		{Call: "var_pop(x)", Type: function.Float, Rows: "+1 7.5\n", Value: "0"},
	})

// VarSamp is VAR_SAMP(x).
var VarSamp = variance("var_samp", nil, 1, false,
	"The variance of numbers as a sample of a population, a DOUBLE; NULL where there are less than two.",
	[]function.AggregateExample{
		{Call: "var_samp(x)", Type: function.Int, Rows: "+1 1\n+1 2\n+1 3\n+1 4\n", Value: "1.6666666666666667"},
		{Call: "var_samp(x)", Type: function.Int, Rows: "+1 7\n+1 NULL\n", Value: "NULL"},
	})

// StddevPop is STDDEV_POP(x).
var StddevPop = variance("stddev_pop", []string{"std", "stddev"}, 0, true,
	"The standard deviation of numbers as a whole population, a DOUBLE: the root of var_pop; NULL where there is none.",
	[]function.AggregateExample{
		{Call: "stddev_pop(x)", Type: function.Int, Rows: "+2 2\n+2 4\n+1 NULL\n", Value: "1"},
		{Call: "stddev_pop(x)", Type: function.Float, Rows: "+1 1e20\n+1 3\n+1 5\n-1 1e20\n", Value: "1"},
	})

// StddevSamp is STDDEV_SAMP(x).
var StddevSamp = variance("stddev_samp", nil, 1, true,
	"The standard deviation of numbers as a sample of a population, a DOUBLE: the root of var_samp; NULL where there are less than two.",
	[]function.AggregateExample{
		{Call: "stddev_samp(x)", Type: function.Int, Rows: "+1 1\n+1 2\n+1 3\n", Value: "1"},
		{Call: "stddev_samp(x)", Type: function.Int, Rows: "+1 1\n+1 NULL\n", Value: "NULL"},
	})

// variance makes an aggregate of the variance with n - less in the divisor, or its root.
func variance(name string, aliases []string, less int64, root bool, doc string, examples []function.AggregateExample) function.Aggregate {
	value := func(m *moments) (float64, bool) {
		if m.n <= less {
			return 0, false
		}
		v := m.over(m.spread(m.xx, m.x, m.x), 2*m.digits[0], less)
		if root {
			v = new(big.Float).SetPrec(128).Sqrt(v)
		}
		return rounded(v), true
	}
	return function.Aggregate{
		Name: name, Aliases: aliases, Doc: doc, Examples: examples,
		Bind: func(args []types.Type) (*function.Bound, error) { return bindStatistic(name, args, 1, value) },
	}
}
