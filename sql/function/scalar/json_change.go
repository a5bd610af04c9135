package scalar

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A jsonChange says what happens to the value at a path.
type jsonChange uint8

const (
	jsonSet     jsonChange = iota // put in its place, or where there is none added
	jsonInsert                    // only added
	jsonReplace                   // only put in its place
	jsonRemove                    // taken away
	jsonAppend                    // gets one more element
)

// JSONSet is JSON_SET(doc, path, value, …).
var JSONSet = changing("json_set", jsonSet, "A document with other values at some paths: where there is one it is replaced, where there is none it is added.",
	`{"a": 7, "b": [1, 2]}`, `'$.a', 7, '$.b[1]', 2`)

// JSONInsert is JSON_INSERT(doc, path, value, …).
var JSONInsert = changing("json_insert", jsonInsert, "A document with more values at paths where there is none; the others stay.",
	`{"a": 1, "b": [1], "c": "x"}`, `'$.a', 7, '$.c', 'x'`)

// JSONReplace is JSON_REPLACE(doc, path, value, …).
var JSONReplace = changing("json_replace", jsonReplace, "A document with other values at paths where there is one; elsewhere nothing is added.",
	`{"a": 7, "b": [1]}`, `'$.a', 7, '$.c', 'x'`)

// JSONArrayAppend is JSON_ARRAY_APPEND(doc, path, value, …).
var JSONArrayAppend = changing("json_array_append", jsonAppend, "A document with one more element behind those of the arrays at some paths; what is no array there becomes one.",
	`{"a": [1, 7], "b": [1, 8]}`, `'$.a', 7, '$.b', 8`)

func changing(name string, how jsonChange, doc, value, rest string) function.Scalar {
	return function.Scalar{
		Name: name, Category: ofJSON, Doc: doc + " Values are written as by json_array; of a path with * it is an error.",
		Examples: []function.Example{
			{Expr: name + `('{"a": 1, "b": [1]}', ` + rest + ")", Value: value},
			{Expr: name + "(NULL, '$.a', 1)", Value: "NULL"},
		},
		Overloads: []function.Overload{{
			Args: named("JSON", "VARCHAR", "any"), Variadic: true, NullCall: true, Returns: function.Always(function.JSON),
			Fit: func(args []types.Type) ([]types.Type, bool) {
				if len(args) < 3 || len(args)%2 == 0 || !jsonLike(args[0]) {
					return nil, false
				}
				to := []types.Type{function.JSON}
				for i := 1; i < len(args); i += 2 {
					if !types.Implicit(args[i], function.Text) {
						return nil, false
					}
					to = append(to, function.Text, args[i+1])
				}
				return to, true
			},
			Eval: changed(func(doc []byte, args []*vec.Vec, row int, path func(arg int) (*jsonPath, error)) ([]byte, error) {
				for i := 1; i < len(args); i += 2 {
					p, err := path(i)
					if p == nil || err != nil {
						return nil, err
					}
					doc = changeJSON(nil, doc, p.steps, how, vec.AppendJSON(nil, args[i+1], row))
				}
				return doc, nil
			}),
		}},
	}
}

// jsonLike reports what converts to JSON where a document is wanted.
func jsonLike(t types.Type) bool {
	return t.Kind == types.JSON || t.Kind == types.Varchar || t.Kind == types.Null
}

// JSONRemove is JSON_REMOVE(doc, path, …).
var JSONRemove = function.Scalar{
	Name: "json_remove", Category: ofJSON,
	Doc: "A document without what stands at some paths. The whole document, $, cannot be removed.",
	Examples: []function.Example{
		{Expr: `json_remove('{"a": 1, "b": [1, 2, 3]}', '$.a', '$.b[1]')`, Value: `{"b": [1, 3]}`},
		{Expr: `json_remove('{"a": 1}', '$.x')`, Value: `{"a": 1}`},
		{Expr: "json_remove(NULL, '$.a')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.JSON, function.Text), Variadic: true, NullCall: true, Returns: function.Always(function.JSON),
		Eval: changed(func(doc []byte, args []*vec.Vec, _ int, path func(arg int) (*jsonPath, error)) ([]byte, error) {
			for i := 1; i < len(args); i++ {
				p, err := path(i)
				if p == nil || err != nil {
					return nil, err
				}
				if len(p.steps) == 0 {
					return nil, errors.New("the whole document cannot be removed")
				}
				doc = changeJSON(nil, doc, p.steps, jsonRemove, nil)
			}
			return doc, nil
		}),
	}},
}

// changed makes a kernel of a function that gives a document another form, nil for NULL.
// path gives the path of an argument, nil where that is NULL.
func changed(f func(doc []byte, args []*vec.Vec, row int, path func(arg int) (*jsonPath, error)) ([]byte, error)) function.Kernel {
	return func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
		var paths jsonPaths
		return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return dst, false, nil
			}
			out, err := f(trimJSON(args[0].Bytes(row)), args, row, func(arg int) (*jsonPath, error) {
				if args[arg].IsNull(row) {
					return nil, nil
				}
				p, err := paths.get(args, arg, row)
				if err == nil && p.many {
					return nil, fmt.Errorf("the path %s leads to many values", args[arg].Str(row))
				}
				return p, err
			})
			return append(dst, out...), out != nil, err
		})(c, args)
	}
}

// changeJSON appends a document with a change at a path.
func changeJSON(dst, doc []byte, steps []jsonStep, how jsonChange, value []byte) []byte {
	if len(steps) == 0 {
		switch how {
		case jsonInsert:
			return append(dst, doc...)
		case jsonAppend:
			return appendElement(dst, doc, value)
		}
		return append(dst, value...)
	}
	switch step := steps[0]; {
	case step.isIndex && isArray(doc):
		return changeElement(dst, doc, steps, how, value)
	case step.isIndex && step.index == 0: // what is no array is its own only element
		if how == jsonRemove {
			return append(dst, doc...)
		}
		return changeJSON(dst, doc, steps[1:], how, value)
	case step.isIndex && !step.fromEnd && len(steps) == 1 && how <= jsonInsert:
		return appendElement(dst, doc, value)
	case !step.isIndex && isObject(doc):
		return changeMember(dst, doc, steps, how, value)
	}
	return append(dst, doc...)
}

// appendElement appends an array with one more element, or the two as one.
func appendElement(dst, doc, value []byte) []byte {
	dst = append(dst, '[')
	if !isArray(doc) {
		dst = append(append(dst, doc...), ", "...)
	} else {
		for e := range elements(doc) {
			dst = append(append(dst, e...), ", "...)
		}
	}
	return append(append(dst, value...), ']')
}

func changeElement(dst, doc []byte, steps []jsonStep, how jsonChange, value []byte) []byte {
	n, at := count(doc), steps[0].index
	if steps[0].fromEnd {
		at = n - 1 - at
	}
	if at >= n && len(steps) == 1 && how <= jsonInsert {
		return appendElement(dst, doc, value)
	}
	dst = append(dst, '[')
	i, any := 0, false
	for e := range elements(doc) {
		if i++; i-1 == at && how == jsonRemove && len(steps) == 1 {
			continue
		}
		if any {
			dst = append(dst, ", "...)
		}
		if any = true; i-1 == at {
			dst = changeJSON(dst, e, steps[1:], how, value)
		} else {
			dst = append(dst, e...)
		}
	}
	return append(dst, ']')
}

func changeMember(dst, doc []byte, steps []jsonStep, how jsonChange, value []byte) []byte {
	dst = append(dst, '{')
	any, found := false, false
	add := func(key string) {
		if any {
			dst = append(dst, ", "...)
		}
		any = true
		dst = append(vec.QuoteJSON(dst, []byte(key)), ": "...)
	}
	for _, m := range distinctMembers(doc) {
		if m.key != steps[0].key {
			add(m.key)
			dst = append(dst, m.value...)
			continue
		}
		if found = true; how == jsonRemove && len(steps) == 1 {
			continue
		}
		add(m.key)
		dst = changeJSON(dst, m.value, steps[1:], how, value)
	}
	if !found && len(steps) == 1 && how <= jsonInsert {
		add(steps[0].key)
		dst = append(dst, value...)
	}
	return append(dst, '}')
}
