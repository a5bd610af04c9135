package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Mode is MODE(x).
var Mode = function.Aggregate{
	Name: "mode", Within: true,
	Doc: "The value that is there most often, of several the least; NULL where there is none.",
	Examples: []function.AggregateExample{
		{Call: "mode(x)", Type: function.Int, Rows: "+1 7\n+2 3\n+3 5\n-2 5\n+4 NULL\n", Value: "3"},
		{Call: "mode(x)", Type: function.Text, Rows: "+2 b\n+2 a\n", Value: "a"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("mode", args)
		if err != nil {
			return nil, err
		}
		return &function.Bound{Args: []types.Type{t}, Returns: t, Fold: modeFold{}}, ordered("mode", t)
	},
}

type modeFold struct{}

func (modeFold) First() bool { return false }
func (modeFold) Last() bool  { return false }

func (modeFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	var values *vec.Vec
	best, most := -1, int64(0)
	for args, row, count := next(); count != 0; args, row, count = next() {
		if values = args[0]; count > most {
			best, most = row, count
		}
	}
	if best < 0 {
		out.AppendNull()
		return nil
	}
	out.AppendRow(values, best)
	return nil
}
