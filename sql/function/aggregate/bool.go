package aggregate

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// BoolAnd is BOOL_AND(x).
var BoolAnd = truth("bool_and", []string{"every", "logical_and"}, true, "TRUE where no condition is FALSE; NULL where all are NULL.",
	func(yes, no int64) (value, known bool) { return no == 0, yes+no != 0 }, []function.AggregateExample{
		{Call: "bool_and(x)", Type: function.Bool, Rows: "+1 true\n+1 false\n-1 false\n+1 NULL\n", Value: "true"},
		{Call: "bool_and(x)", Type: function.Bool, Rows: "+1 true\n+1 false\n", Value: "false"},
	})

// BoolOr is BOOL_OR(x).
var BoolOr = truth("bool_or", []string{"logical_or"}, true, "TRUE where one condition at least is TRUE; NULL where all are NULL.",
	func(yes, no int64) (value, known bool) { return yes > 0, yes+no != 0 }, []function.AggregateExample{
		{Call: "bool_or(x)", Type: function.Bool, Rows: "+1 true\n+1 false\n", Value: "true"},
		{Call: "bool_or(x)", Type: function.Bool, Rows: "+1 true\n-1 true\n+1 NULL\n", Value: "NULL"},
	})

// CountIf is COUNT_IF(x).
var CountIf = truth("count_if", []string{"countif"}, false, "Counts the rows for which a condition is TRUE.", nil, []function.AggregateExample{
	{Call: "count_if(x)", Type: function.Bool, Rows: "+3 true\n+1 false\n+1 NULL\n", Value: "3"},
	{Call: "count_if(x)", Type: function.Bool, Rows: "+1 true\n-1 true\n", Value: "0"},
})

// truth makes an aggregate of the numbers of TRUE and FALSE; without a value it is the
// first of them.
func truth(name string, aliases []string, idempotent bool, doc string, value func(yes, no int64) (bool, bool), examples []function.AggregateExample) function.Aggregate {
	return function.Aggregate{
		Name: name, Aliases: aliases, Doc: doc, Examples: examples, Idempotent: idempotent,
		Bind: func(args []types.Type) (*function.Bound, error) {
			t, err := one(name, args)
			switch {
			case err != nil:
				return nil, err
			case t.Kind != types.Boolean && !t.IsNumeric():
				return nil, fmt.Errorf("%s takes a condition, not %s", name, t)
			}
			b := &function.Bound{Args: []types.Type{function.Bool}, Returns: function.Bool, Slot: truthSlot{value}}
			if value == nil {
				b.Returns = function.Int
			}
			return b, nil
		},
	}
}

// truthSlot counts TRUE and FALSE.
type truthSlot struct {
	value func(yes, no int64) (value, known bool)
}

type truthCounts struct{ yes, no int64 }

func (truthSlot) Width() int { return 16 }

func (truthSlot) Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error {
	each(args[0], len(gids), weights, func(i int, w int64) {
		if a := at[truthCounts](&rows, gids[i]); args[0].Bool(i) {
			a.yes += w
		} else {
			a.no += w
		}
	})
	return nil
}

func (truthSlot) Merge(rows vec.Rows, gids []int32, src vec.Rows) error {
	for i, g := range gids {
		from, to := at[truthCounts](&src, int32(i)), at[truthCounts](&rows, g)
		to.yes += from.yes
		to.no += from.no
	}
	return nil
}

func (s truthSlot) Value(rows vec.Rows, gids []int32, out *vec.Builder) error {
	for _, g := range gids {
		a := at[truthCounts](&rows, g)
		if s.value == nil {
			vec.Append(out, a.yes)
			continue
		}
		if value, known := s.value(a.yes, a.no); known {
			out.AppendBool(value)
		} else {
			out.AppendNull()
		}
	}
	return nil
}
