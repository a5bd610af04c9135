package aggregate

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// GroupConcat is GROUP_CONCAT(x SEPARATOR s).
var GroupConcat = function.Aggregate{
	Name: "group_concat",
	Doc:  "Joins texts in ascending order with a separator, ',' if none is given; NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "group_concat(x)", Type: function.Text, Rows: "+1 b\n+2 a\n+1 NULL\n", Value: "a,a,b"},
		{Call: "group_concat(x)", Type: function.Text, Rows: "+1 b\n+1 a\n-1 b\n", Value: "a"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) < 1 || len(args) > 2 {
			return nil, fmt.Errorf("group_concat takes a text and a separator, not %d arguments", len(args))
		}
		in := []types.Type{function.Text, function.Text}[:len(args)]
		return &function.Bound{Args: in, Returns: function.Text, Fold: concatFold{}}, nil
	},
}

type concatFold struct{}

func (concatFold) First() bool { return false }
func (concatFold) Last() bool  { return false }

func (concatFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	buf, any := out.Tail(), false
	for args, row, count := next(); count != 0; args, row, count = next() {
		for range count {
			if any {
				if len(args) > 1 {
					buf = append(buf, args[1].Bytes(row)...)
				} else {
					buf = append(buf, ',')
				}
			}
			buf = append(buf, args[0].Bytes(row)...)
			any = true
		}
	}
	if !any {
		out.AppendNull()
		return nil
	}
	out.EndBytes(buf)
	return nil
}
