package aggregate

import (
	"math/big"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Corr is CORR(x, y).
var Corr = ofPairs("corr", "The correlation of two numbers (Pearson's) over the rows where neither is NULL, a DOUBLE; NULL where one of them is always the same.",
	func(m *moments) (float64, bool) {
		x, y := m.spread(m.xx, m.x, m.x), m.spread(m.yy, m.y, m.y)
		if x.Sign() == 0 || y.Sign() == 0 {
			return 0, false
		}
		root := new(big.Float).SetPrec(256).Sqrt(new(big.Float).SetPrec(256).Mul(x, y))
		return rounded(quotient(m.spread(m.xy, m.x, m.y), root)), true
	},
	"+1 1 10\n+1 2 20\n+1 3 30\n+1 NULL 7\n", "1", "+1 1 5\n+1 2 5\n", "NULL")

// CovarPop is COVAR_POP(x, y).
var CovarPop = ofPairs("covar_pop", "The covariance of two numbers as a whole population over the rows where neither is NULL, a DOUBLE; NULL where there are none.",
	covariance(0), "+1 1 10\n+1 2 20\n+1 3 30\n+1 9 9\n-1 9 9\n", "6.666666666666667", "+1 NULL 5\n", "NULL")

// CovarSamp is COVAR_SAMP(x, y).
var CovarSamp = ofPairs("covar_samp", "The covariance of two numbers as a sample of a population over the rows where neither is NULL, a DOUBLE; NULL where there are less than two.",
	covariance(1), "+1 1 10\n+1 2 20\n+1 3 30\n", "10", "+1 1 1\n", "NULL")

// RegrSlope is REGR_SLOPE(y, x).
var RegrSlope = ofPairs("regr_slope", "The slope of the line through the points (x, y), given as y and x, with the least squares of distance, a DOUBLE; NULL where all x are the same.",
	func(m *moments) (float64, bool) {
		by := m.spread(m.yy, m.y, m.y)
		if by.Sign() == 0 {
			return 0, false
		}
		return rounded(m.scaled(quotient(m.spread(m.xy, m.x, m.y), by), m.digits[1]-m.digits[0])), true
	},
	"+1 12 1\n+1 14 2\n+1 16 3\n", "2", "+1 1 5\n+1 2 5\n", "NULL")

// RegrIntercept is REGR_INTERCEPT(y, x).
var RegrIntercept = ofPairs("regr_intercept", "Where the line of regr_slope meets x = 0, a DOUBLE; NULL where all x are the same.",
	func(m *moments) (float64, bool) {
		by := m.spread(m.yy, m.y, m.y)
		if by.Sign() == 0 {
			return 0, false
		}
		a := new(big.Float).SetPrec(floatBits).Mul(m.x, m.yy)
		a.Sub(a, new(big.Float).SetPrec(floatBits).Mul(m.y, m.xy))
		return rounded(m.scaled(quotient(a, by), -m.digits[0])), true
	},
	"+1 12 1\n+1 14 2\n+1 16 3\n", "10", "+1 NULL 5\n", "NULL")

// ofPairs makes a statistic of two numbers, with two examples of rows and value.
func ofPairs(name, doc string, value statistic, examples ...string) function.Aggregate {
	out := function.Aggregate{Name: name, Doc: doc, Bind: func(args []types.Type) (*function.Bound, error) {
		return bindStatistic(name, args, 2, value)
	}}
	for i := 0; i < len(examples); i += 2 {
		out.Examples = append(out.Examples, function.AggregateExample{
			Call: name + "(x, y)", Type: function.Int, More: []types.Type{function.Int}, Rows: examples[i], Value: examples[i+1],
		})
	}
	return out
}

func covariance(less int64) statistic {
	return func(m *moments) (float64, bool) {
		if m.n <= less {
			return 0, false
		}
		return rounded(m.over(m.spread(m.xy, m.x, m.y), m.digits[0]+m.digits[1], less)), true
	}
}

// scaled multiplies by a power of ten.
func (m *moments) scaled(f *big.Float, digits int) *big.Float {
	ten := new(big.Float).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(digits, -digits))), nil))
	if digits < 0 {
		return quotient(f, ten)
	}
	return new(big.Float).SetPrec(128).Mul(f, ten)
}
