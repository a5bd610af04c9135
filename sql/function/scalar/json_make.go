package scalar

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONArray is JSON_ARRAY(a, …).
var JSONArray = function.Scalar{
	Name: "json_array", Category: ofJSON,
	Doc: "A JSON array of the arguments. Numbers and truth values stay what they are, JSON is put in as it is, BINARY becomes base64, all else text.",
	Examples: []function.Example{
		{Expr: "json_array(1, '한글', 2.50, TRUE, NULL)", Value: `[1, "한글", 2.50, true, null]`},
		{Expr: "json_array()", Value: "[]"},
		{Expr: "json_array(json_array('a\"b'), DATE '2026-11-25')", Value: `[["a\"b"], "2026-11-25"]`},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any), Variadic: true, NullCall: true, Returns: function.Always(function.JSON),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			dst = append(dst, '[')
			for i, a := range args {
				if i > 0 {
					dst = append(dst, ", "...)
				}
				dst = vec.AppendJSON(dst, a, row)
			}
			return append(dst, ']'), true, nil
		}),
	}},
}

// JSONObject is JSON_OBJECT(key, value, …).
var JSONObject = function.Scalar{
	Name: "json_object", Category: ofJSON,
	Doc: "A JSON object of keys and values in turn. Values are written as by json_array; of equal keys the last counts, and a key that is NULL is an error.",
	Examples: []function.Example{
		{Expr: "json_object('id', 7, '이름', '한글', 'x', NULL)", Value: `{"id": 7, "이름": "한글", "x": null}`},
		{Expr: "json_object('a', 1, 'a', json_array(2))", Value: `{"a": [2]}`},
		{Expr: "json_object()", Value: "{}"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any), Variadic: true, NullCall: true, Returns: function.Always(function.JSON),
		Eval: function.Texts(jsonObject),
	}},
}

func jsonObject(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
	if len(args)%2 != 0 {
		return dst, false, errors.New("keys and values are needed in turn, not an odd number of arguments")
	}
	dst = append(dst, '{')
	any := false
	for i := 0; i < len(args); i += 2 {
		if args[i].IsNull(row) {
			return dst, false, errors.New("a key of a JSON object cannot be NULL")
		}
		if keyComesAgain(args, i, row) {
			continue
		}
		if any {
			dst = append(dst, ", "...)
		}
		any = true
		dst = vec.QuoteJSON(dst, vec.JSONKey(args[i], row))
		dst = append(dst, ": "...)
		dst = vec.AppendJSON(dst, args[i+1], row)
	}
	return append(dst, '}'), true, nil
}

func keyComesAgain(args []*vec.Vec, at, row int) bool {
	key := vec.JSONKey(args[at], row)
	for i := at + 2; i < len(args); i += 2 {
		if !args[i].IsNull(row) && string(vec.JSONKey(args[i], row)) == string(key) {
			return true
		}
	}
	return false
}
