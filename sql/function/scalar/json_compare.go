package scalar

import (
	"bytes"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONNormalize is JSON_NORMALIZE(doc).
var JSONNormalize = function.Scalar{
	Name: "json_normalize", Category: ofJSON,
	Doc: "A document in the one form that all have that mean the same: members by the length of their keys and these, blanks and numbers written in one way. Equality and GROUP BY take JSON by its text: of this form they take it by its meaning.",
	Examples: []function.Example{
		{Expr: `json_normalize('{ "bb":1.50, "a":[ 1e2,"\\u00e9" ], "bb":-0.0 }')`, Value: `{"a": [100, "é"], "bb": 0}`},
		{Expr: `json_normalize('[0.1e1, 12e-3, 1e50]')`, Value: "[1, 0.012, 1e50]"},
		{Expr: "json_normalize(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON), Returns: function.Always(function.JSON),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			doc := jsonpath.Trim(args[0].Bytes(row))
			if err := jsonpath.Shallow(doc); err != nil {
				return dst, false, err
			}
			return jsonpath.Normal(dst, doc, vec.QuoteJSON), true, nil
		}),
	}},
}

// JSONSortKey is JSON_SORT_KEY(x).
var JSONSortKey = function.Scalar{
	Name: "json_sort_key", Category: ofJSON,
	Doc: "Bytes by which JSON is compared and sorted: null, numbers by value, strings by their bytes, objects by how many members they have and then these, arrays by their elements, false, true. A text, number or truth value is taken as the JSON that it would be.",
	Examples: []function.Example{
		{Expr: `json_sort_key(CAST('9' AS JSON)) < json_sort_key(CAST('1e1' AS JSON))`, Value: "true"},
		{Expr: `json_sort_key('글') = json_sort_key(CAST('"\\uae00"' AS JSON))`, Value: "true"},
		{Expr: "json_sort_key(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any), Returns: function.Always(function.Bytes), Eval: jsonSortKey,
	}},
}

func jsonSortKey(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	var buf []byte
	return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		var doc []byte
		if args[0].Type.Kind == types.JSON {
			doc = args[0].Bytes(row)
		} else {
			buf = vec.AppendJSON(buf[:0], args[0], row)
			doc = buf
		}
		doc = jsonpath.Trim(doc)
		if err := jsonpath.Shallow(doc); err != nil {
			return dst, false, err
		}
		return jsonpath.AppendOrdered(dst, doc), true, nil
	})(c, args)
}

// JSONEquals is JSON_EQUALS(a, b).
var JSONEquals = function.Scalar{
	Name: "json_equals", Category: ofJSON,
	Doc: "Whether two documents mean the same, however they are written: numbers by their value, objects in any order.",
	Examples: []function.Example{
		{Expr: `json_equals('{"a": 1, "b": [2]}', '{"b":[2.0],"a":1}')`, Value: "true"},
		{Expr: `json_equals('"1"', '1')`, Value: "false"},
		{Expr: "json_equals('1', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{onPair(sameJSON)},
}

// JSONOverlaps is JSON_OVERLAPS(a, b).
var JSONOverlaps = function.Scalar{
	Name: "json_overlaps", Category: ofJSON,
	Doc: "Whether two arrays have an element in common, or two objects a member of the same value; what is no array counts as one of one element beside an array, and two scalars have to be equal.",
	Examples: []function.Example{
		{Expr: `json_overlaps('[1, "글", 3]', '["한", "글"]')`, Value: "true"},
		{Expr: `json_overlaps('{"a": 1, "b": 2}', '{"a": 2, "b": 2.0}')`, Value: "true"},
		{Expr: "json_overlaps('[[1], 2]', '1')", Value: "false"},
		{Expr: "json_overlaps('[1]', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{onPair(overlaps)},
}

// JSONMemberOf is value MEMBER OF (array).
var JSONMemberOf = function.Scalar{
	Name: "json_memberof", Category: ofJSON,
	Doc: "`value MEMBER OF (array)`: whether a value is an element of a JSON array, or is equal to what is no array. A text is a string of JSON here, numbers and truth values are what they are, and JSON is any value.",
	Examples: []function.Example{
		{Expr: `'글' MEMBER OF ('["한", "글", 3]')`, Value: "true"},
		{Expr: `3 MEMBER OF ('[1, 3.0]')`, Value: "true"},
		{Expr: `'3' MEMBER OF ('[1, 3]')`, Value: "false"},
		{Expr: `CAST('[1]' AS JSON) MEMBER OF ('[[1]]')`, Value: "true"},
		{Expr: `NULL MEMBER OF ('[null]')`, Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Any, function.JSON), Returns: function.Always(function.Bool),
		Eval: function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
			value, array := jsonpath.Trim(vec.AppendJSON(nil, args[0], row)), jsonpath.Trim(args[1].Bytes(row))
			if err := bothShallow(value, array); err != nil {
				return false, err
			}
			if !jsonpath.IsArray(array) {
				return sameJSON(value, array), nil
			}
			want := jsonpath.Normal(nil, value, vec.QuoteJSON)
			var have []byte
			for e := range jsonpath.Elements(array) {
				if have = jsonpath.Normal(have[:0], e, vec.QuoteJSON); string(have) == string(want) {
					return true, nil
				}
			}
			return false, nil
		}),
	}},
}

// onPair is a question about two documents.
func onPair(f func(a, b []byte) bool) function.Overload {
	return boolOf(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		a, b := jsonpath.Trim(args[0].Bytes(row)), jsonpath.Trim(args[1].Bytes(row))
		if err := bothShallow(a, b); err != nil {
			return false, err
		}
		return f(a, b), nil
	}, function.JSON, function.JSON)
}

func bothShallow(a, b []byte) error {
	if err := jsonpath.Shallow(a); err != nil {
		return err
	}
	return jsonpath.Shallow(b)
}

func sameJSON(a, b []byte) bool {
	switch {
	case string(a) == string(b):
		return true
	case jsonpath.IsString(a) != jsonpath.IsString(b), jsonpath.IsString(a) && bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0:
		return false
	}
	return string(jsonpath.Normal(nil, a, vec.QuoteJSON)) == string(jsonpath.Normal(nil, b, vec.QuoteJSON))
}

func overlaps(a, b []byte) bool {
	switch {
	case jsonpath.IsArray(a) || jsonpath.IsArray(b):
		return elementsOverlap(a, b)
	case jsonpath.IsObject(a) && jsonpath.IsObject(b):
		for _, m := range jsonpath.Members(nil, a) {
			if v := jsonpath.Get(b, string(m.Key)); v != nil && sameJSON(m.Value, v) {
				return true
			}
		}
		return false
	}
	return sameJSON(a, b)
}

func elementsOverlap(a, b []byte) bool {
	have := map[string]bool{}
	var key []byte
	each := func(doc []byte, f func(key []byte) bool) bool {
		if !jsonpath.IsArray(doc) {
			key = jsonpath.Normal(key[:0], doc, vec.QuoteJSON)
			return f(key)
		}
		for e := range jsonpath.Elements(doc) {
			if key = jsonpath.Normal(key[:0], e, vec.QuoteJSON); f(key) {
				return true
			}
		}
		return false
	}
	each(a, func(key []byte) bool {
		have[string(key)] = true
		return false
	})
	return each(b, func(key []byte) bool { return have[string(key)] })
}
