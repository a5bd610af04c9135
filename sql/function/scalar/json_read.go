package scalar

import (
	"bytes"
	"strconv"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// jsonPaths keeps the last path of a batch for each argument.
type jsonPaths struct {
	text []string
	path []*jsonpath.Path
}

func (p *jsonPaths) get(args []*vec.Vec, arg, row int) (*jsonpath.Path, error) {
	if p.path == nil {
		p.text, p.path = make([]string, len(args)), make([]*jsonpath.Path, len(args))
	}
	text := args[arg].Str(row)
	if p.path[arg] == nil || p.text[arg] != text {
		path, err := jsonpath.Parse(text)
		if err != nil {
			return nil, err
		}
		p.text[arg], p.path[arg] = text, path
	}
	return p.path[arg], nil
}

// A jsonRow appends what it makes of the values that a path led to.
type jsonRow = func(dst []byte, found [][]byte, many bool) (out []byte, ok bool)

// jsonTexts makes a kernel of a document and paths from a function of what they
// lead to.
func jsonTexts(f jsonRow) function.Kernel {
	return func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
		var paths jsonPaths
		var found [][]byte
		return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			found = found[:0]
			many := len(args) > 2
			for i := 1; i < len(args); i++ {
				p, err := paths.get(args, i, row)
				if err != nil {
					return dst, false, err
				}
				many = many || p.Many
				if found, err = p.Find(args[0].Bytes(row), found); err != nil {
					return dst, false, err
				}
			}
			if len(args) == 1 {
				found = append(found, jsonpath.Trim(args[0].Bytes(row)))
			}
			if len(found) == 0 {
				return dst, false, nil
			}
			out, ok := f(dst, found, many)
			return out, ok, nil
		})(c, args)
	}
}

// JSONExtract is JSON_EXTRACT(doc, path, …).
var JSONExtract = function.Scalar{
	Name: "json_extract", Category: ofJSON,
	Doc: "The part of a JSON document that a path leads to, as JSON; NULL where it leads nowhere. Several paths, or one with *, give an array of what they lead to. column -> path is the same, column ->> path the text of it. Paths are $, .Key, .\"key\", [n], [last], [last-n], .* and [*].",
	Examples: []function.Example{
		{Expr: `json_extract('{"user": {"name": "한글", "tags": ["a", "b"]}}', '$.user.name')`, Value: `"한글"`},
		{Expr: `json_extract('{"a": [1, 2.50, {"b": null}]}', '$.a[1]')`, Value: "2.50"},
		{Expr: `json_extract('[1, 2, 3]', '$[last]', '$[0]')`, Value: "[3, 1]"},
		{Expr: `json_extract('{"a": [{"b": 1}, {"b": 2}]}', '$.a[*].b')`, Value: "[1, 2]"},
		{Expr: `json_extract('{"a": 1}', '$.b')`, Value: "NULL"},
		{Expr: "json_extract(NULL, '$.a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text, function.Text), Variadic: true, Returns: function.Always(function.JSON),
		Eval: jsonTexts(func(dst []byte, found [][]byte, many bool) ([]byte, bool) {
			if !many {
				return append(dst, found[0]...), true
			}
			dst = append(dst, '[')
			dst = append(dst, bytes.Join(found, []byte(", "))...)
			return append(dst, ']'), true
		}),
	}},
}

// JSONValue is JSON_VALUE(doc, path).
var JSONValue = function.Scalar{
	Name: "json_value", Aliases: []string{"json_extract_scalar"}, Category: ofJSON,
	Doc: "The text of the string, number, true or false that a path leads to; NULL where it leads to null, an object, an array or nowhere.",
	Examples: []function.Example{
		{Expr: `json_value('{"user": {"name": "한글"}}', '$.user.name')`, Value: "한글"},
		{Expr: `json_value('{"n": 12.50}', '$.n')`, Value: "12.50"},
		{Expr: `json_value('{"a": [1]}', '$.a')`, Value: "NULL"},
		{Expr: `json_value('{"a": null}', '$.a')`, Value: "NULL"},
		{Expr: "json_value(NULL, '$.a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text), Returns: function.Always(function.Text),
		Eval: jsonTexts(func(dst []byte, found [][]byte, many bool) ([]byte, bool) {
			switch v := found[0]; {
			case many || len(v) == 0 || jsonpath.IsNull(v) || jsonpath.IsArray(v) || jsonpath.IsObject(v):
				return dst, false
			case jsonpath.IsString(v):
				return jsonpath.Unquote(dst, v), true
			default:
				return append(dst, v...), true
			}
		}),
	}},
}

// JSONUnquote is JSON_UNQUOTE(x).
var JSONUnquote = function.Scalar{
	Name: "json_unquote", Category: ofJSON,
	Doc: "The text that a JSON string holds; other values are left as they are.",
	Examples: []function.Example{
		{Expr: `json_unquote('"한글\\n"')`, Value: "한글\n"},
		{Expr: `json_unquote(json_extract('{"a": "b"}', '$.a'))`, Value: "b"},
		{Expr: "json_unquote('[1]')", Value: "[1]"},
		{Expr: "json_unquote(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte {
		if v := jsonpath.Trim(s); jsonpath.IsString(v) && v[len(v)-1] == '"' && jsonpath.Valid(v) {
			return jsonpath.Unquote(dst, v)
		}
		return append(dst, s...)
	}), function.Text)},
}

// JSONType is JSON_TYPE(doc).
var JSONType = function.Scalar{
	Name: "json_type", Category: ofJSON,
	Doc: "What a JSON value is: OBJECT, ARRAY, STRING, INTEGER, UNSIGNED INTEGER, DOUBLE, BOOLEAN or NULL.",
	Examples: []function.Example{
		{Expr: `json_type('{"a": 1}')`, Value: "OBJECT"},
		{Expr: "json_type('1.5')", Value: "DOUBLE"},
		{Expr: `json_type(json_extract('{"a": ["글"]}', '$.a[0]'))`, Value: "STRING"},
		{Expr: "json_type(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte { return append(dst, typeOfJSON(jsonpath.Trim(s))...) }), function.JSON)},
}

func typeOfJSON(v []byte) string {
	switch {
	case jsonpath.IsObject(v):
		return "OBJECT"
	case jsonpath.IsArray(v):
		return "ARRAY"
	case jsonpath.IsString(v):
		return "STRING"
	case jsonpath.IsNull(v) || len(v) == 0:
		return "NULL"
	case v[0] == 't' || v[0] == 'f':
		return "BOOLEAN"
	case bytes.ContainsAny(v, ".eE"):
		return "DOUBLE"
	}
	if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return "INTEGER"
	}
	if _, err := strconv.ParseUint(string(v), 10, 64); err == nil {
		return "UNSIGNED INTEGER"
	}
	return "DOUBLE"
}

// JSONValid is JSON_VALID(x).
var JSONValid = function.Scalar{
	Name: "json_valid", Category: ofJSON,
	Doc: "Whether a text is valid JSON.",
	Examples: []function.Example{
		{Expr: `json_valid('{"글": [1, null]}')`, Value: "true"},
		{Expr: "json_valid('{a: 1}')", Value: "false"},
		{Expr: "json_valid(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{boolOf(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		return jsonpath.Valid(args[0].Bytes(row)), nil
	}, function.Text)},
}

// JSONLength is JSON_LENGTH(doc[, path]).
var JSONLength = function.Scalar{
	Name: "json_length", Category: ofJSON,
	Doc: "How many elements an array or members an object has; 1 for other values. With a path, of what it leads to; NULL where that is nothing.",
	Examples: []function.Example{
		{Expr: "json_length('[1, [2, 3]]')", Value: "2"},
		{Expr: `json_length('{"a": [1, 2, 3], "b": 1}', '$.a')`, Value: "3"},
		{Expr: `json_length('{"a": 1}', '$.x')`, Value: "NULL"},
		{Expr: "json_length(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return int64(jsonpath.Count(jsonpath.Trim(args[0].Bytes(row)))), true, nil
		}, function.JSON),
		{Args: function.Params(function.JSON, function.Text), Returns: function.Always(function.Int), Eval: jsonLength},
	},
}

func jsonLength(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	var paths jsonPaths
	var found [][]byte
	return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		p, err := paths.get(args, 1, row)
		if err != nil {
			return 0, false, err
		}
		if found, err = p.Find(args[0].Bytes(row), found[:0]); err != nil || len(found) == 0 {
			return 0, false, err
		}
		if p.Many {
			return int64(len(found)), true, nil
		}
		return int64(jsonpath.Count(found[0])), true, nil
	})(c, args)
}

// JSONDepth is JSON_DEPTH(doc).
var JSONDepth = function.Scalar{
	Name: "json_depth", Category: ofJSON,
	Doc: "How deep a document is nested: 1 for a scalar and an empty array or object, one more than the deepest part of any other.",
	Examples: []function.Example{
		{Expr: `json_depth('[]')`, Value: "1"},
		{Expr: `json_depth('{"a": [1, {}]}')`, Value: "3"},
		{Expr: "json_depth(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(measure(func(doc []byte) int64 { return int64(jsonpath.Depth(doc)) }), function.JSON)},
}

// JSONKeys is JSON_KEYS(doc[, path]).
var JSONKeys = function.Scalar{
	Name: "json_keys", Category: ofJSON,
	Doc: "The keys of an object, or of the one that a path leads to, as a JSON array; NULL where it is no object.",
	Examples: []function.Example{
		{Expr: `json_keys('{"글": 1, "b": {"c": 2}}')`, Value: `["글", "b"]`},
		{Expr: `json_keys('{"a": 1, "b": {"c": 2}}', '$.b')`, Value: `["c"]`},
		{Expr: "json_keys('[1]')", Value: "NULL"},
		{Expr: "json_keys(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{jsonKeys(function.JSON), jsonKeys(function.JSON, function.Text)},
}

func jsonKeys(args ...types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(args...), Returns: function.Always(function.JSON),
		Eval: jsonTexts(func(dst []byte, found [][]byte, _ bool) ([]byte, bool) {
			if !jsonpath.IsObject(found[0]) {
				return dst, false
			}
			dst = append(dst, '[')
			for i, m := range jsonpath.Members(nil, found[0]) {
				if i > 0 {
					dst = append(dst, ", "...)
				}
				dst = vec.QuoteJSON(dst, m.Key)
			}
			return append(dst, ']'), true
		}),
	}
}
