package aggregate

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// GroupConcat is GROUP_CONCAT(x SEPARATOR s). What stands behind the separator takes no part in
// the text: it tells values apart of which each is taken once.
var GroupConcat = function.Aggregate{
	Name:    "group_concat",
	Aliases: []string{"string_agg", "listagg"},
	Ordered: true,
	Doc:     "Joins texts in ascending order with a separator, ',' if none is given; NULL where there is none. GROUP_CONCAT(a, b SEPARATOR s) joins a and b of each row first, and leaves rows out where one is NULL; with DISTINCT it takes each pair of a and b once.",
	Examples: []function.AggregateExample{
		{Call: "group_concat(x)", Type: function.Text, Rows: "+1 b\n+2 a\n+1 NULL\n", Value: "a,a,b"},
		{Call: "group_concat(x)", Type: function.Text, Rows: "+1 b\n+1 a\n-1 b\n", Value: "a"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) < 1 {
			return nil, fmt.Errorf("group_concat takes a text and a separator, not %d arguments", len(args))
		}
		in := slices.Clone(args)
		for i := range min(len(in), 2) {
			in[i] = function.Text
		}
		return &function.Bound{Args: in, Returns: function.Text, Fold: concatFold{}}, nil
	},
}

type concatFold struct{}

func (concatFold) First() bool { return false }
func (concatFold) Last() bool  { return false }

func (concatFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	buf, any := out.Tail(), false
	start, separator := len(buf), []byte(",")
	for args, row, count := next(); count != 0; args, row, count = next() {
		if len(args) > 1 {
			separator = args[1].Bytes(row)
		}
		piece := args[0].Bytes(row)
		if len(separator)+len(piece) == 0 {
			any = true
			continue
		}
		for range count {
			if any {
				buf = append(buf, separator...)
			}
			buf = append(buf, piece...)
			any = true
			if len(buf)-start > function.MaxText {
				return function.ErrTooLong
			}
		}
	}
	if !any {
		out.AppendNull()
		return nil
	}
	out.EndBytes(buf)
	return nil
}
