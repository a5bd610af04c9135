package scalar

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A jsonChange says what happens to the value at a path.
type jsonChange uint8

const (
	jsonSet         jsonChange = iota // put in its place, or where there is none added
	jsonInsert                        // only added
	jsonReplace                       // only put in its place
	jsonRemove                        // taken away
	jsonAppend                        // gets one more element
	jsonArrayInsert                   // gets another before it
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

// JSONArrayInsert is JSON_ARRAY_INSERT(doc, path, value, …).
var JSONArrayInsert = changing("json_array_insert", jsonArrayInsert, "A document with one more element of an array before each of those that some paths, which end with [n], lead to; behind the last where the array is shorter. Where there is no array nothing is added.",
	`{"a": 1, "b": [7, 1, 8]}`, `'$.b[0]', 7, '$.b[9]', 8`)

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
			Eval: changed(func(doc []byte, args []*vec.Vec, row int, path func(arg int) (*jsonpath.Path, error)) ([]byte, error) {
				for i := 1; i < len(args); i += 2 {
					p, err := path(i)
					if p == nil || err != nil {
						return nil, err
					}
					if how == jsonArrayInsert && (len(p.Steps) == 0 || !p.Steps[len(p.Steps)-1].IsIndex()) {
						return nil, fmt.Errorf("the path %s does not end with [n]", args[i].Str(row))
					}
					doc = changeJSON(nil, doc, p.Steps, how, vec.AppendJSON(nil, args[i+1], row))
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
		Eval: changed(func(doc []byte, args []*vec.Vec, _ int, path func(arg int) (*jsonpath.Path, error)) ([]byte, error) {
			for i := 1; i < len(args); i++ {
				p, err := path(i)
				if p == nil || err != nil {
					return nil, err
				}
				if len(p.Steps) == 0 {
					return nil, errors.New("the whole document cannot be removed")
				}
				doc = changeJSON(nil, doc, p.Steps, jsonRemove, nil)
			}
			return doc, nil
		}),
	}},
}

// changed makes a kernel of a function that gives a document another form, nil for NULL.
// path gives the path of an argument, nil where that is NULL.
func changed(f func(doc []byte, args []*vec.Vec, row int, path func(arg int) (*jsonpath.Path, error)) ([]byte, error)) function.Kernel {
	return func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
		var paths jsonPaths
		return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return dst, false, nil
			}
			out, err := f(jsonpath.Trim(args[0].Bytes(row)), args, row, func(arg int) (*jsonpath.Path, error) {
				if args[arg].IsNull(row) {
					return nil, nil
				}
				p, err := paths.get(args, arg, row)
				if err == nil && p.Many {
					return nil, fmt.Errorf("the path %s leads to many values", args[arg].Str(row))
				}
				return p, err
			})
			return append(dst, out...), out != nil, err
		})(c, args)
	}
}

// changeJSON appends a document with a change at a path.
func changeJSON(dst, doc []byte, steps []jsonpath.Step, how jsonChange, value []byte) []byte {
	if len(steps) == 0 {
		switch how {
		case jsonInsert:
			return append(dst, doc...)
		case jsonAppend:
			return appendElement(dst, doc, value)
		}
		return append(dst, value...)
	}
	switch step := &steps[0]; {
	case step.IsIndex() && jsonpath.IsArray(doc):
		return changeElement(dst, doc, steps, how, value)
	case step.IsIndex() && how == jsonArrayInsert && len(steps) == 1:
	case step.IsIndex() && step.At(1) == 0: // what is no array is its own only element
		if how == jsonRemove {
			return append(dst, doc...)
		}
		return changeJSON(dst, doc, steps[1:], how, value)
	case step.IsIndex() && len(steps) == 1 && how <= jsonInsert:
		if step.FromEnd() {
			return prependElement(dst, doc, value)
		}
		return appendElement(dst, doc, value)
	case !step.IsIndex() && jsonpath.IsObject(doc):
		return changeMember(dst, doc, steps, how, value)
	}
	return append(dst, doc...)
}

// prependElement appends an array that begins with one more element, or the two as one.
func prependElement(dst, doc, value []byte) []byte {
	dst = append(append(dst, '['), value...)
	if !jsonpath.IsArray(doc) {
		return append(append(append(dst, ", "...), doc...), ']')
	}
	for e := range jsonpath.Elements(doc) {
		dst = append(append(dst, ", "...), e...)
	}
	return append(dst, ']')
}

// appendElement appends an array with one more element, or the two as one.
func appendElement(dst, doc, value []byte) []byte {
	dst = append(dst, '[')
	if !jsonpath.IsArray(doc) {
		dst = append(append(dst, doc...), ", "...)
	} else {
		for e := range jsonpath.Elements(doc) {
			dst = append(append(dst, e...), ", "...)
		}
	}
	return append(append(dst, value...), ']')
}

func changeElement(dst, doc []byte, steps []jsonpath.Step, how jsonChange, value []byte) []byte {
	n, last := jsonpath.Count(doc), len(steps) == 1
	at := steps[0].At(n)
	adds := last && (how <= jsonInsert || how == jsonArrayInsert)
	switch {
	case at >= n && adds:
		return appendElement(dst, doc, value)
	case at < 0 && adds:
		return prependElement(dst, doc, value)
	}
	dst = append(dst, '[')
	start := len(dst)
	i := 0
	for e := range jsonpath.Elements(doc) {
		if i++; i-1 == at && how == jsonRemove && last {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		switch {
		case i-1 == at && how == jsonArrayInsert && last:
			dst = append(append(append(dst, value...), ", "...), e...)
		case i-1 == at:
			dst = changeJSON(dst, e, steps[1:], how, value)
		default:
			dst = append(dst, e...)
		}
	}
	return append(dst, ']')
}

func changeMember(dst, doc []byte, steps []jsonpath.Step, how jsonChange, value []byte) []byte {
	dst = append(dst, '{')
	any, found := false, false
	add := func(key []byte) {
		if any {
			dst = append(dst, ", "...)
		}
		any = true
		dst = append(vec.QuoteJSON(dst, key), ": "...)
	}
	var buf [16]jsonpath.Member
	for _, m := range jsonpath.Members(buf[:0], doc) {
		if string(m.Key) != steps[0].Key {
			add(m.Key)
			dst = append(dst, m.Value...)
			continue
		}
		if found = true; how == jsonRemove && len(steps) == 1 {
			continue
		}
		add(m.Key)
		dst = changeJSON(dst, m.Value, steps[1:], how, value)
	}
	if !found && len(steps) == 1 && how <= jsonInsert {
		add([]byte(steps[0].Key))
		dst = append(dst, value...)
	}
	return append(dst, '}')
}
