package aggregate

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONArrayAgg is JSON_ARRAYAGG(x ORDER BY y).
var JSONArrayAgg = function.Aggregate{
	Name:    "json_arrayagg",
	Aliases: []string{"json_agg"},
	Ordered: true,
	Doc:     "A JSON array of the values, NULL as null, in the order asked for, then in that of the values; NULL where there is no row. Values are written as by json_array.",
	Examples: []function.AggregateExample{
		{Call: "json_arrayagg(x)", Type: function.Int, Rows: "+1 2\n+2 1\n+1 NULL\n", Value: "[null, 1, 1, 2]"},
		{Call: "json_arrayagg(x)", Type: function.Text, Rows: "+1 b\n+1 a\n-1 b\n", Value: `["a"]`},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) != 1 {
			return nil, fmt.Errorf("json_arrayagg takes one argument, not %d", len(args))
		}
		return &function.Bound{Args: args, Returns: function.JSON, Fold: jsonArrayFold{}, Given: []int{}}, interval("json_arrayagg", args)
	},
}

// JSONObjectAgg is JSON_OBJECTAGG(x, y).
var JSONObjectAgg = function.Aggregate{
	Name: "json_objectagg",
	Doc:  "A JSON object of keys x and values y in the order of the keys; of equal keys the greatest value counts, and a key that is NULL is an error. NULL where there is no row.",
	Examples: []function.AggregateExample{
		{Call: "json_objectagg(x, y)", Type: function.Text, More: []types.Type{function.Int}, Rows: "+1 b 1\n+1 a 2\n+1 b 3\n", Value: `{"a": 2, "b": 3}`},
		{Call: "json_objectagg(x, y)", Type: function.Text, More: []types.Type{function.Int}, Rows: "+1 b NULL\n+1 a 1\n-1 a 1\n", Value: `{"b": null}`},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		if len(args) != 2 {
			return nil, fmt.Errorf("json_objectagg takes a key and a value, not %d arguments", len(args))
		}
		return &function.Bound{Args: args, Returns: function.JSON, Fold: jsonObjectFold{}, Given: []int{}}, interval("json_objectagg", args)
	},
}

func interval(name string, args []types.Type) error {
	for _, t := range args {
		if t.Kind == types.Interval {
			return fmt.Errorf("%s does not take %s", name, t)
		}
	}
	return nil
}

type jsonArrayFold struct{}

func (jsonArrayFold) First() bool { return false }
func (jsonArrayFold) Last() bool  { return false }

func (jsonArrayFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	buf := out.Tail()
	start := len(buf)
	for args, row, count := next(); count != 0; args, row, count = next() {
		for range count {
			buf = append(buf, [...]string{"[", ", "}[min(len(buf)-start, 1)]...)
			if buf = vec.AppendJSON(buf, args[0], row); len(buf)-start > function.MaxText {
				return function.ErrTooLong
			}
		}
	}
	if len(buf) == start {
		out.AppendNull()
		return nil
	}
	out.EndBytes(append(buf, ']'))
	return nil
}

type jsonObjectFold struct{}

func (jsonObjectFold) First() bool { return false }
func (jsonObjectFold) Last() bool  { return false }

var errNullKey = errors.New("a key of a JSON object cannot be NULL")

// Value writes the last of the rows of each key, which come one behind the other.
func (jsonObjectFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	buf := out.Tail()
	start := len(buf)
	member := start // where the last member begins
	var last []byte
	for args, row, count := next(); count != 0; args, row, count = next() {
		if args[0].IsNull(row) {
			return errNullKey
		}
		key := vec.JSONKey(args[0], row)
		if len(buf) > start && bytes.Equal(key, last) {
			buf = buf[:member]
		}
		last, member = key, len(buf)
		buf = append(buf, [...]string{"{", ", "}[min(len(buf)-start, 1)]...)
		buf = vec.QuoteJSON(buf, key)
		buf = append(buf, ": "...)
		if buf = vec.AppendJSON(buf, args[1], row); len(buf)-start > function.MaxText {
			return function.ErrTooLong
		}
	}
	if len(buf) == start {
		out.AppendNull()
		return nil
	}
	out.EndBytes(append(buf, '}'))
	return nil
}
