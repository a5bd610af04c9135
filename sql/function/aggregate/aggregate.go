// Package aggregate holds the built-in aggregate functions, one a file.
package aggregate

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// All lists the built-in aggregates by name.
var All = []function.Aggregate{
	AnyValue,
	ApproxCountDistinct,
	ArgMax,
	ArgMin,
	ArrayAgg,
	Avg,
	BitAnd,
	BitOr,
	BitXor,
	BoolAnd,
	BoolOr,
	ArraySet,
	Corr,
	Count,
	CountIf,
	CovarPop,
	CovarSamp,
	First,
	GroupConcat,
	JSONArrayAgg,
	JSONObjectAgg,
	Last,
	Max,
	Median,
	Min,
	Mode,
	PercentileCont,
	PercentileDisc,
	RegrIntercept,
	RegrSlope,
	StddevPop,
	StddevSamp,
	Sum,
	VarPop,
	VarSamp,
}

// one returns the only argument's type, or says that one argument is needed.
func one(name string, args []types.Type) (types.Type, error) {
	if len(args) != 1 {
		return types.Type{}, fmt.Errorf("%s takes one argument, not %d", name, len(args))
	}
	if args[0].Kind == types.Null {
		return types.Of(types.BigInt), nil
	}
	return args[0], nil
}

func noNumber(name string, t types.Type) error {
	return fmt.Errorf("%s takes a number, not %s", name, t)
}

var errSum = errors.New("the sum is out of range of DECIMAL(38)")

// at returns the accumulator of a group as a *T.
func at[T any](rows *vec.Rows, gid int32) *T { return (*T)(rows.Ptr(gid)) }

// each calls f for the rows whose value is not NULL, with their weights. It costs a
// call for each row: what is done most has loops of its own.
func each(v *vec.Vec, n int, weights []int64, f func(row int, weight int64)) {
	for i := range n {
		if !v.IsNull(i) {
			f(i, weightOf(weights, i))
		}
	}
}

func weightOf(weights []int64, row int) int64 {
	if weights == nil {
		return 1
	}
	return weights[row]
}
