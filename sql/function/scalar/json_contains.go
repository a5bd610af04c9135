package scalar

import (
	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONContains is JSON_CONTAINS(doc, value[, path]).
var JSONContains = function.Scalar{
	Name: "json_contains", Category: ofJSON,
	Doc: "Whether a JSON document, or the part of it that a path leads to, contains a JSON value: an array contains its elements and arrays of some of them, an object those with some of its members, a scalar its equal. NULL where the path leads nowhere.",
	Examples: []function.Example{
		{Expr: `json_contains('["한", "글"]', '"글"')`, Value: "true"},
		{Expr: `json_contains('{"a": 1, "b": {"c": [1, 2]}}', '{"b": {"c": [2]}}')`, Value: "true"},
		{Expr: `json_contains('{"a": [1, 2]}', '3', '$.a')`, Value: "false"},
		{Expr: "json_contains('[1.0]', '1')", Value: "true"},
		{Expr: `json_contains('{"a": 1}', '1', '$.x')`, Value: "NULL"},
		{Expr: "json_contains(NULL, '1')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		onPair(contains),
		{
			Args:    function.Params(function.JSON, function.JSON, function.Text),
			Returns: function.Always(function.Bool), Eval: containsAt,
		},
	},
}

// containsAt takes the part of each document first: rows without one are NULL.
func containsAt(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	var paths jsonPaths
	var found [][]byte
	var missing []int
	out, err := function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		p, err := paths.get(args, 2, row)
		if err != nil {
			return false, err
		}
		if found, err = p.Find(args[0].Bytes(row), found[:0]); err != nil {
			return false, err
		}
		if len(found) == 0 {
			missing = append(missing, row)
			return false, nil
		}
		value := jsonpath.Trim(args[1].Bytes(row))
		if err := bothShallow(found[0], value); err != nil {
			return false, err
		}
		return contains(found[0], value), nil
	})(c, args)
	if err == nil && len(missing) > 0 {
		out.Valid = vec.AllocWords(c.Mem, c.Rows)
		for i := range out.Valid {
			out.Valid[i] = ^uint64(0)
		}
		for _, row := range missing {
			vec.SetBit(out.Valid, row, false)
		}
	}
	return out, err
}

func contains(doc, value []byte) bool {
	switch {
	case jsonpath.IsArray(doc) && jsonpath.IsArray(value):
		for v := range jsonpath.Elements(value) {
			if !anyContains(doc, v) {
				return false
			}
		}
		return true
	case jsonpath.IsArray(doc):
		return anyContains(doc, value)
	case jsonpath.IsObject(doc) && jsonpath.IsObject(value):
		var buf [8]jsonpath.Member
		for _, m := range jsonpath.Members(buf[:0], value) {
			in := jsonpath.Get(doc, string(m.Key))
			if in == nil || !contains(in, m.Value) {
				return false
			}
		}
		return true
	}
	return !jsonpath.IsArray(doc) && !jsonpath.IsObject(doc) && sameJSON(doc, value)
}

func anyContains(doc, value []byte) bool {
	for e := range jsonpath.Elements(doc) {
		if jsonpath.IsArray(e) == jsonpath.IsArray(value) && contains(e, value) {
			return true
		}
	}
	return false
}
