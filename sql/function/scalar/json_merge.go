package scalar

import (
	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONMergePatch is JSON_MERGE_PATCH(a, b, …).
var JSONMergePatch = function.Scalar{
	Name: "json_merge_patch", Category: ofJSON,
	Doc: "Documents one upon the other (RFC 7396): members of the later ones replace those of the earlier, null takes them away, and what is no object replaces all.",
	Examples: []function.Example{
		{Expr: `json_merge_patch('{"a": 1, "b": {"x": 1}}', '{"a": null, "b": {"y": 2}}')`, Value: `{"b": {"x": 1, "y": 2}}`},
		{Expr: `json_merge_patch('{"a": 1}', '[2]')`, Value: "[2]"},
		{Expr: `json_merge_patch('{"a": 1}', NULL)`, Value: "NULL"},
	},
	Overloads: []function.Overload{merging(mergePatch)},
}

// JSONMergePreserve is JSON_MERGE_PRESERVE(a, b, …).
var JSONMergePreserve = function.Scalar{
	Name: "json_merge_preserve", Aliases: []string{"json_merge"}, Category: ofJSON,
	Doc: "Documents with all that is in them: arrays one behind the other, members of objects together, those of one key merged in turn. What is no array becomes one where it meets one, or another scalar.",
	Examples: []function.Example{
		{Expr: `json_merge_preserve('{"a": 1, "b": {"x": 1}}', '{"a": [2, 3], "b": {"y": 2}}')`, Value: `{"a": [1, 2, 3], "b": {"x": 1, "y": 2}}`},
		{Expr: `json_merge_preserve('1', '"한"', '{"a": 1}')`, Value: `[1, "한", {"a": 1}]`},
		{Expr: `json_merge_preserve('{"a": 1}', NULL)`, Value: "NULL"},
	},
	Overloads: []function.Overload{merging(mergeAll)},
}

// merging merges documents from left to right.
func merging(merge func(dst, doc, later []byte) []byte) function.Overload {
	return function.Overload{
		Args: function.Params(function.JSON, function.JSON), Variadic: true, Returns: function.Always(function.JSON),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			var doc []byte
			for i, a := range args {
				next := jsonpath.Trim(a.Bytes(row))
				if err := jsonpath.Shallow(next); err != nil {
					return dst, false, err
				}
				if i == 0 {
					doc = next
					continue
				}
				if doc = merge(nil, doc, next); len(doc) > function.MaxText {
					return dst, false, function.ErrTooLong
				}
			}
			return append(dst, doc...), true, nil
		}),
	}
}

// A jsonWriter writes an object.
type jsonWriter struct {
	out []byte
	any bool
}

func (w *jsonWriter) name(key []byte) {
	if w.any {
		w.out = append(w.out, ", "...)
	}
	w.any = true
	w.out = append(vec.QuoteJSON(w.out, key), ": "...)
}

func mergePatch(dst, doc, patch []byte) []byte {
	if !jsonpath.IsObject(patch) {
		return append(dst, patch...)
	}
	if !jsonpath.IsObject(doc) {
		doc = []byte("{}")
	}
	later := jsonpath.Members(nil, patch)
	at := indexMembers(later)
	w := jsonWriter{out: append(dst, '{')}
	for _, m := range jsonpath.Members(nil, doc) {
		i, ok := at[string(m.Key)]
		switch {
		case !ok:
			w.name(m.Key)
			w.out = append(w.out, m.Value...)
		case !jsonpath.IsNull(later[i].Value):
			w.name(m.Key)
			w.out = mergePatch(w.out, m.Value, later[i].Value)
		}
		delete(at, string(m.Key))
	}
	for i, m := range later {
		if j, ok := at[string(m.Key)]; ok && i == j && !jsonpath.IsNull(m.Value) {
			w.name(m.Key)
			w.out = mergePatch(w.out, nil, m.Value)
		}
	}
	return append(w.out, '}')
}

func mergeAll(dst, doc, later []byte) []byte {
	if !jsonpath.IsObject(doc) || !jsonpath.IsObject(later) {
		return mergeArrays(dst, doc, later)
	}
	more := jsonpath.Members(nil, later)
	at := indexMembers(more)
	w := jsonWriter{out: append(dst, '{')}
	for _, m := range jsonpath.Members(nil, doc) {
		w.name(m.Key)
		if i, ok := at[string(m.Key)]; ok {
			w.out = mergeAll(w.out, m.Value, more[i].Value)
			delete(at, string(m.Key))
			continue
		}
		w.out = append(w.out, m.Value...)
	}
	for _, m := range more {
		if _, ok := at[string(m.Key)]; ok {
			w.name(m.Key)
			w.out = append(w.out, m.Value...)
		}
	}
	return append(w.out, '}')
}

func mergeArrays(dst []byte, docs ...[]byte) []byte {
	dst = append(dst, '[')
	start := len(dst)
	add := func(v []byte) {
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		dst = append(dst, v...)
	}
	for _, doc := range docs {
		if !jsonpath.IsArray(doc) {
			add(doc)
			continue
		}
		for e := range jsonpath.Elements(doc) {
			add(e)
		}
	}
	return append(dst, ']')
}

func indexMembers(ms []jsonpath.Member) map[string]int {
	at := make(map[string]int, len(ms))
	for i, m := range ms {
		at[string(m.Key)] = i
	}
	return at
}
