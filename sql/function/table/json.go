package table

import (
	"strconv"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONArrayElements is JSON_ARRAY_ELEMENTS(j).
var JSONArrayElements = function.Table{
	Name: "json_array_elements",
	Doc:  "The elements of a JSON array; no row for what is no array.",
	Examples: []function.TableExample{
		{Call: `json_array_elements('[1, "한글", [2]]')`, Rows: "1\n\"\\\"한글\\\"\"\n[2]"},
		{Call: `json_array_elements('{"a": 1}')`, Rows: ""},
	},
	Bind: func(args []types.Type, _ []any) (*function.BoundTable, error) {
		to, err := taken("json_array_elements", args, 0, types.Of(types.JSON))
		if err != nil {
			return nil, err
		}
		return &function.BoundTable{
			Name: "json_array_elements", Args: to, Columns: []types.Field{{Name: "value", Type: types.Of(types.JSON), NotNull: true}},
			Rows: func(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
				if args[0].IsNull(row) {
					return 0, nil
				}
				doc := jsonpath.Trim(args[0].Bytes(row))
				if !jsonpath.IsArray(doc) {
					return 0, nil
				}
				n := 0
				for e := range jsonpath.Elements(doc) {
					out[0].AppendBytes(e)
					n++
				}
				return n, nil
			},
		}, nil
	},
}

// JSONEach is JSON_EACH(j).
var JSONEach = function.Table{
	Name: "json_each",
	Doc:  "The keys and values of a JSON object, of a key that stands twice the last, or the positions, from 0 on, and elements of an array; no row for anything else.",
	Examples: []function.TableExample{
		{Call: `json_each('{"a": 1, "b": {"c": null}}')`, Rows: "a 1\nb \"{\\\"c\\\": null}\""},
		{Call: `json_each('[true]')`, Rows: "0 true"},
		{Call: `json_each('7')`, Rows: ""},
	},
	Bind: func(args []types.Type, _ []any) (*function.BoundTable, error) {
		to, err := taken("json_each", args, 0, types.Of(types.JSON))
		if err != nil {
			return nil, err
		}
		return &function.BoundTable{
			Name: "json_each", Args: to,
			Columns: []types.Field{{Name: "key", Type: types.Of(types.Varchar), NotNull: true}, {Name: "value", Type: types.Of(types.JSON), NotNull: true}},
			Rows: func(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
				if args[0].IsNull(row) {
					return 0, nil
				}
				doc := jsonpath.Trim(args[0].Bytes(row))
				var buf [16]jsonpath.Member
				ms := jsonpath.Members(buf[:0], doc)
				for _, m := range ms {
					out[0].AppendBytes(m.Key)
					out[1].AppendBytes(m.Value)
				}
				if !jsonpath.IsArray(doc) {
					return len(ms), nil
				}
				n := 0
				for e := range jsonpath.Elements(doc) {
					out[0].EndBytes(strconv.AppendInt(out[0].Tail(), int64(n), 10))
					out[1].AppendBytes(e)
					n++
				}
				return n, nil
			},
		}, nil
	},
}
