package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

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
				n := 0
				err := elements(args[0].Bytes(row), func(isArray bool, _, value []byte) {
					if isArray {
						out[0].AppendBytes(value)
						n++
					}
				})
				return n, err
			},
		}, nil
	},
}

// JSONEach is JSON_EACH(j).
var JSONEach = function.Table{
	Name: "json_each",
	Doc:  "The keys and values of a JSON object, or the positions, from 0 on, and elements of an array; no row for anything else.",
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
				n := 0
				err := elements(args[0].Bytes(row), func(_ bool, key, value []byte) {
					out[0].AppendBytes(key)
					out[1].AppendBytes(value)
					n++
				})
				return n, err
			},
		}, nil
	},
}

// elements calls f for each element of a JSON array or object, with its key, which is the
// position in an array.
func elements(text []byte, f func(isArray bool, key, value []byte)) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return fmt.Errorf("'%s' is not JSON", text)
	}
	if first != json.Delim('[') && first != json.Delim('{') {
		return nil
	}
	isArray := first == json.Delim('[')
	for i := 0; d.More(); i++ {
		key := strconv.Itoa(i)
		if !isArray {
			k, err := d.Token()
			if err != nil {
				return fmt.Errorf("'%s' is not JSON", text)
			}
			key = k.(string)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("'%s' is not JSON", text)
		}
		f(isArray, []byte(key), value)
	}
	return nil
}
