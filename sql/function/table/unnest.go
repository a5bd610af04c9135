package table

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Unnest is UNNEST(a).
var Unnest = function.Table{
	Name: "unnest", Aliases: []string{"explode"},
	Doc: "A row for each element of an array, in its order, or for each key of a map with its value. An array of rows has a column for each of their fields.",
	Examples: []function.TableExample{
		{Call: "unnest(ARRAY[3, NULL, 1])", Rows: "3\nNULL\n1"},
		{Call: "unnest(MAP['b', 2, 'a', 1])", Rows: "a 1\nb 2"},
		{Call: "unnest(CAST(NULL AS ARRAY<INT>))", Rows: ""},
	},
	Bind: func(args []types.Type, _ []any) (*function.BoundTable, error) {
		if len(args) != 1 || args[0].Kind != types.Array && args[0].Kind != types.Map {
			return nil, fmt.Errorf("unnest takes an array or a map")
		}
		b := &function.BoundTable{Name: "unnest", Args: args, Rows: unnest}
		switch elem := args[0].Elem; {
		case args[0].Kind == types.Map:
			b.Columns = []types.Field{{Name: "key", Type: *args[0].Key, NotNull: true}, {Name: "value", Type: *elem}}
		case elem.Kind == types.Row:
			for _, f := range elem.Fields {
				b.Columns = append(b.Columns, types.Field{Name: f.Name, Type: f.Type})
			}
			b.Rows = unnestRows
		default:
			b.Columns = []types.Field{{Name: "unnest", Type: *elem}}
		}
		return b, nil
	},
}

func unnest(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
	if args[0].IsNull(row) {
		return 0, nil
	}
	return args[0].AppendParts(row, out), nil
}

// unnestRows takes the rows of an array apart; of one that is NULL all fields are.
func unnestRows(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
	if args[0].IsNull(row) {
		return 0, nil
	}
	rows := vec.NewBuilder(*args[0].Type.Elem)
	n := args[0].AppendParts(row, []*vec.Builder{rows})
	v := rows.Vec()
	for i := range n {
		if !v.IsNull(i) {
			v.AppendParts(i, out)
			continue
		}
		for _, b := range out {
			b.AppendNull()
		}
	}
	return n, nil
}
