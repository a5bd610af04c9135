package table

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// maxSeries is how many rows a call of GENERATE_SERIES may give.
const maxSeries = 1_000_000

// GenerateSeries is GENERATE_SERIES(start, stop[, step]).
var GenerateSeries = function.Table{
	Name: "generate_series",
	Doc:  "The whole numbers from the first to the second, both included, in steps of the third, or of 1; at most 1,000,000.",
	Examples: []function.TableExample{
		{Call: "generate_series(1, 3)", Rows: "1\n2\n3"},
		{Call: "generate_series(10, 1, -4)", Rows: "10\n6\n2"},
		{Call: "generate_series(3, 1)", Rows: ""},
		{Call: "generate_series(1, NULL)", Rows: ""},
	},
	Bind: func(args []types.Type, _ []any) (*function.BoundTable, error) {
		n := types.Of(types.BigInt)
		to, err := taken("generate_series", args, 1, n, n, n)
		if err != nil {
			return nil, err
		}
		return &function.BoundTable{
			Name: "generate_series", Args: to, Columns: []types.Field{{Name: "generate_series", Type: n, NotNull: true}}, Rows: series,
		}, nil
	},
}

func series(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
	step := int64(1)
	for _, a := range args {
		if a.IsNull(row) {
			return 0, nil
		}
	}
	if len(args) == 3 {
		step = function.IntAt(args[2], row)
	}
	if step == 0 {
		return 0, errors.New("the step is 0")
	}
	from, to := function.IntAt(args[0], row), function.IntAt(args[1], row)
	if step > 0 && from > to || step < 0 && from < to {
		return 0, nil
	}
	// The distance of two int64 fits a uint64.
	distance, stride := uint64(to)-uint64(from), uint64(step)
	if step < 0 {
		distance, stride = uint64(from)-uint64(to), -uint64(step)
	}
	n := distance / stride
	if n >= maxSeries {
		return 0, fmt.Errorf("from %d to %d there are more than %d rows", from, to, maxSeries)
	}
	for i := uint64(0); i <= n; i++ {
		vec.Append(out[0], from+int64(i)*step)
	}
	return int(n) + 1, nil
}
