package aggregate

import (
	"errors"
	"slices"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Count is COUNT(*), COUNT(x) and COUNT(DISTINCT x, y).
var Count = function.Aggregate{
	Name: "count", Whole: &Sum,
	Doc: "Counts rows, or with arguments the rows where none of them is NULL.",
	Examples: []function.AggregateExample{
		{Call: "count(x)", Type: function.Int, Rows: "+1 5\n+1 NULL\n+1 5\n", Value: "2"},
		{Call: "count(x)", Type: function.Int, Rows: "+1 5\n-1 5\n", Value: "0"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		return &function.Bound{Args: args, Returns: function.Int, Slot: countSlot{}}, nil
	},
}

// ApproxCountDistinct is APPROX_COUNT_DISTINCT(x).
var ApproxCountDistinct = function.Aggregate{
	Name:     "approx_count_distinct",
	Aliases:  []string{"approx_distinct"},
	Doc:      "Counts the different values. It is COUNT(DISTINCT x), and exact.",
	Distinct: true,
	Examples: []function.AggregateExample{
		{Call: "approx_count_distinct(x)", Type: function.Int, Rows: "+1 5\n+1 7\n", Value: "2"},
		{Call: "approx_count_distinct(x)", Type: function.Int, Rows: "+1 NULL\n", Value: "0"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) == 0 {
			return nil, errors.New("approx_count_distinct takes one argument at least")
		}
		return Count.Bind(args)
	},
}

type countSlot struct{}

func (countSlot) Width() int { return 8 }

// CountsRows implements function.RowCounter.
func (countSlot) CountsRows() {}

func (countSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	switch {
	case len(args) == 1 && args[0].Valid != nil:
		for i, g := range gids {
			if !args[0].IsNull(i) {
				*at[int64](&rows, g) += weightOf(weights, i)
			}
		}
	case len(args) > 1:
		for i, g := range gids {
			if !slices.ContainsFunc(args, func(a *vec.Vec) bool { return a.IsNull(i) }) {
				*at[int64](&rows, g) += weightOf(weights, i)
			}
		}
	case weights == nil:
		for _, g := range gids {
			*at[int64](&rows, g)++
		}
	default:
		for i, g := range gids {
			*at[int64](&rows, g) += weights[i]
		}
	}
	return nil
}

func (countSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		*at[int64](&rows, g) += *at[int64](&src, int32(i))
	}
	return nil
}

func (countSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	values := vec.Extend[int64](out, len(gids))
	for i, g := range gids {
		values[i] = *at[int64](&rows, g)
	}
	return nil
}
