package aggregate

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// ArgMax is ARG_MAX(x, y).
var ArgMax = argExtreme("arg_max", "max_by", true, "The value of x in the row with the greatest y; of several such rows the least x. Rows where y is NULL are left out.",
	"+1 a 1\n+1 b 7\n+1 c NULL\n+1 d 9\n-1 d 9\n", "b", "+1 a NULL\n", "NULL")

// ArgMin is ARG_MIN(x, y).
var ArgMin = argExtreme("arg_min", "min_by", false, "The value of x in the row with the least y; of several such rows the least x. Rows where y is NULL are left out.",
	"+1 a 3\n+1 b 7\n+1 c NULL\n", "a", "+1 b 3\n+1 NULL 3\n", "NULL")

func argExtreme(name, alias string, last bool, doc string, examples ...string) function.Aggregate {
	out := function.Aggregate{
		Name: name, Aliases: []string{alias}, Doc: doc, Idempotent: true,
		Bind: func(args []types.Type) (*function.Bound, error) {
			if len(args) != 2 {
				return nil, fmt.Errorf("%s takes a value and what decides, not %d arguments", name, len(args))
			}
			for _, t := range args {
				if err := ordered(name, t); err != nil {
					return nil, err
				}
			}
			return &function.Bound{
				Args: args, Returns: args[0], Fold: firstFold{}, Given: []int{1}, By: &function.ArgumentOrder{Argument: 1, Desc: last},
			}, nil
		},
	}
	for i := 0; i < len(examples); i += 2 {
		out.Examples = append(out.Examples, function.AggregateExample{
			Call: name + "(x, y)", Type: function.Text, More: []types.Type{function.Int}, Rows: examples[i], Value: examples[i+1],
		})
	}
	return out
}

// firstFold is the first argument of the first row.
type firstFold struct{ last bool }

func (f firstFold) First() bool { return !f.last }
func (f firstFold) Last() bool  { return f.last }

func (firstFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	args, row, count := next()
	if count == 0 {
		out.AppendNull()
		return nil
	}
	out.AppendRow(args[0], row)
	return nil
}
