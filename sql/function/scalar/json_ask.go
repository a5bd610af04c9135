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

// JSONMergePatch is JSON_MERGE_PATCH(a, b, …).
var JSONMergePatch = function.Scalar{
	Name: "json_merge_patch", Category: ofJSON,
	Doc: "Documents one upon the other (RFC 7396): members of the later ones replace those of the earlier, null takes them away, and what is no object replaces all.",
	Examples: []function.Example{
		{Expr: `json_merge_patch('{"a": 1, "b": {"x": 1}}', '{"a": null, "b": {"y": 2}}')`, Value: `{"b": {"x": 1, "y": 2}}`},
		{Expr: `json_merge_patch('{"a": 1}', '[2]')`, Value: "[2]"},
		{Expr: `json_merge_patch('{"a": 1}', NULL)`, Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.JSON), Variadic: true, Returns: function.Always(function.JSON),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			doc := jsonpath.Trim(args[0].Bytes(row))
			for _, a := range args[1:] {
				doc = mergePatch(nil, doc, jsonpath.Trim(a.Bytes(row)))
			}
			return append(dst, doc...), true, nil
		}),
	}},
}

func mergePatch(dst, doc, patch []byte) []byte {
	if !jsonpath.IsObject(patch) {
		return append(dst, patch...)
	}
	if !jsonpath.IsObject(doc) {
		doc = []byte("{}")
	}
	later := jsonpath.Members(nil, patch)
	at := map[string]int{}
	for i, m := range later {
		at[string(m.Key)] = i
	}
	dst = append(dst, '{')
	start := len(dst)
	name := func(key []byte) {
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		dst = append(vec.QuoteJSON(dst, key), ": "...)
	}
	for _, m := range jsonpath.Members(nil, doc) {
		i, ok := at[string(m.Key)]
		switch {
		case !ok:
			name(m.Key)
			dst = append(dst, m.Value...)
		case !jsonpath.IsNull(later[i].Value):
			name(m.Key)
			dst = mergePatch(dst, m.Value, later[i].Value)
		}
		delete(at, string(m.Key))
	}
	for i, m := range later {
		if j, ok := at[string(m.Key)]; ok && i == j && !jsonpath.IsNull(m.Value) {
			name(m.Key)
			dst = mergePatch(dst, nil, m.Value)
		}
	}
	return append(dst, '}')
}
