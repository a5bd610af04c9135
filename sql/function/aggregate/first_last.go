package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// First is FIRST(x ORDER BY y).
var First = end("first", "first_value", false, "The value of the first row in the order asked for, which may be NULL; without ORDER BY in that of the values themselves.",
	"+1 b\n+1 a\n", "a", "+1 b\n+1 NULL\n", "NULL")

// Last is LAST(x ORDER BY y).
var Last = end("last", "last_value", true, "The value of the last row in the order asked for, which may be NULL; without ORDER BY in that of the values themselves.",
	"+1 b\n+1 a\n+1 c\n-1 c\n", "b", "+1 NULL\n", "NULL")

func end(name, alias string, last bool, doc string, examples ...string) function.Aggregate {
	out := function.Aggregate{
		Name: name, Aliases: []string{alias}, Doc: doc, Idempotent: true, Ordered: true,
		Bind: func(args []types.Type) (*function.Bound, error) {
			t, err := one(name, args)
			if err != nil {
				return nil, err
			}
			return &function.Bound{Args: []types.Type{t}, Returns: t, Fold: firstFold{last}, Given: []int{}}, ordered(name, t)
		},
	}
	for i := 0; i < len(examples); i += 2 {
		out.Examples = append(out.Examples, function.AggregateExample{Call: name + "(x)", Type: function.Text, Rows: examples[i], Value: examples[i+1]})
	}
	return out
}
