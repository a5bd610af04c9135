package scalar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONQuery is JSON_QUERY(doc, path).
var JSONQuery = function.Scalar{
	Name: "json_query", Category: ofJSON,
	Doc: "The object or array at a path, of several those as an array; NULL where there is none.",
	Examples: []function.Example{
		{Expr: `json_query('{"a": [1, {"b": 2}]}', '$.a')`, Value: `[1, {"b": 2}]`},
		{Expr: `json_query('{"a": 1}', '$.a')`, Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text), Returns: function.Always(function.JSON),
		Eval: jsonTexts(func(dst []byte, found [][]byte, many bool) ([]byte, bool) {
			if !many {
				return append(dst, found[0]...), jsonpath.IsArray(found[0]) || jsonpath.IsObject(found[0])
			}
			return append(append(append(dst, '['), bytes.Join(found, []byte(", "))...), ']'), true
		}),
	}},
}

// JSONExists is JSON_EXISTS(doc, path).
var JSONExists = function.Scalar{
	Name: "json_exists", Category: ofJSON,
	Doc: "Whether a path leads to a value, which may be null.",
	Examples: []function.Example{
		{Expr: `json_exists('{"a": [null]}', '$.a[0]')`, Value: "true"},
		{Expr: `json_exists('{"a": 1}', '$.b')`, Value: "false"},
		{Expr: "json_exists(NULL, '$.b')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text), Returns: function.Always(function.Bool),
		Eval: pathBools(func(found func(arg int) (bool, error), _ []*vec.Vec, _ int) (bool, error) { return found(1) }),
	}},
}

// JSONContainsPath is JSON_CONTAINS_PATH(doc, 'one' | 'all', path, …).
var JSONContainsPath = function.Scalar{
	Name: "json_contains_path", Category: ofJSON,
	Doc: "Whether one of some paths, or all of them, as the second argument says, lead to a value.",
	Examples: []function.Example{
		{Expr: `json_contains_path('{"a": 1}', 'one', '$.a', '$.b')`, Value: "true"},
		{Expr: `json_contains_path('{"a": 1}', 'all', '$.a', '$.b')`, Value: "false"},
		{Expr: "json_contains_path(NULL, 'all', '$.a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text, function.Text), Variadic: true, Returns: function.Always(function.Bool),
		Eval: pathBools(func(found func(arg int) (bool, error), args []*vec.Vec, row int) (bool, error) {
			all := strings.EqualFold(args[1].Str(row), "all")
			if !all && !strings.EqualFold(args[1].Str(row), "one") {
				return false, fmt.Errorf("'one' or 'all' is wanted, not '%s'", args[1].Str(row))
			}
			out := all
			for i := 2; i < len(args); i++ {
				ok, err := found(i)
				if err != nil {
					return false, err
				}
				if ok != all {
					out = ok
				}
			}
			return out, nil
		}),
	}},
}

// pathBools makes a kernel of a function that asks whether the path of an argument
// leads to a value.
func pathBools(f func(found func(arg int) (bool, error), args []*vec.Vec, row int) (bool, error)) function.Kernel {
	return func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
		var paths jsonPaths
		return function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
			return f(func(arg int) (bool, error) {
				p, err := paths.get(args, arg, row)
				if err != nil {
					return false, err
				}
				return p.Leads(args[0].Bytes(row))
			}, args, row)
		})(c, args)
	}
}

// JSONQuote is JSON_QUOTE(s).
var JSONQuote = function.Scalar{
	Name: "json_quote", Category: ofJSON,
	Doc: "A text as a string of JSON, in quotes.",
	Examples: []function.Example{
		{Expr: `json_quote('a"b')`, Value: `"a\"b"`},
		{Expr: "json_quote(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(vec.QuoteJSON), function.Text)},
}

// JSONPretty is JSON_PRETTY(doc).
var JSONPretty = function.Scalar{
	Name: "json_pretty", Category: ofJSON,
	Doc: "A document with each element and member on a line of its own.",
	Examples: []function.Example{
		{Expr: "json_pretty('[]')", Value: "[]"},
		{Expr: "json_pretty(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		var out bytes.Buffer
		err := json.Indent(&out, args[0].Bytes(row), "", "  ")
		return append(dst, out.Bytes()...), true, err
	}, function.JSON)},
}

// ParseJSON is PARSE_JSON(s).
var ParseJSON = function.Scalar{
	Name: "parse_json", Category: ofJSON,
	Doc: "The document that a text is: CAST(s AS JSON).",
	Examples: []function.Example{
		{Expr: `parse_json('{"a": [1]}')`, Value: `{"a": [1]}`},
		{Expr: "parse_json(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON), Returns: function.Always(function.JSON),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, args[0].Bytes(row)...), true, nil
		}),
	}},
}
