package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// ArrayAgg is ARRAY_AGG(x ORDER BY y).
var ArrayAgg = function.Aggregate{
	Name: "array_agg", Aliases: []string{"collect", "collect_list"}, Ordered: true,
	Doc: "An array of the values, NULLs too, in the order asked for, then in that of the values; NULL where there is no row.",
	Examples: []function.AggregateExample{
		{Call: "array_agg(x)", Type: function.Int, Rows: "+1 2\n+2 1\n+1 NULL\n", Value: "[null, 1, 1, 2]"},
		{Call: "array_agg(x)", Type: function.Text, Rows: "+1 b\n+1 a\n-1 b\n", Value: `["a"]`},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("array_agg", args)
		if err != nil {
			return nil, err
		}
		return &function.Bound{
			Args: []types.Type{t}, Returns: types.Type{Kind: types.Array, Elem: &t}, Fold: arrayFold{}, Given: []int{},
		}, interval("array_agg", args)
	},
}

// ArraySet is COLLECT_SET(x).
var ArraySet = function.Aggregate{
	Name: "collect_set", Distinct: true,
	Doc: "An array of the different values in their order, NULLs left out; NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "collect_set(x)", Type: function.Int, Rows: "+1 2\n+1 1\n", Value: "[1, 2]"},
		{Call: "collect_set(x)", Type: function.Int, Rows: "+1 NULL\n", Value: "NULL"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		b, err := ArrayAgg.Bind(args)
		if err != nil {
			return nil, err
		}
		b.Given = nil
		return b, nil
	},
}

type arrayFold struct{}

func (arrayFold) First() bool { return false }
func (arrayFold) Last() bool  { return false }

func (arrayFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	elems, any := out.Parts()[0], false
	for args, row, count := next(); count != 0; args, row, count = next() {
		any = true
		for range count {
			if elems.AppendRow(args[0], row); elems.Size() > function.MaxText {
				return function.ErrTooLong
			}
		}
	}
	if !any {
		out.AppendNull()
		return nil
	}
	return out.EndNested()
}
