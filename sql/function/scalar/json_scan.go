package scalar

import (
	"bytes"
	"encoding/json"
	"iter"
)

// The functions here walk over the text of a JSON value. A value of type JSON is
// valid; what is not makes them end early and never read beyond the text.

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func trimJSON(doc []byte) []byte {
	for len(doc) > 0 && isSpace(doc[0]) {
		doc = doc[1:]
	}
	for len(doc) > 0 && isSpace(doc[len(doc)-1]) {
		doc = doc[:len(doc)-1]
	}
	return doc
}

func isArray(doc []byte) bool  { return len(doc) > 0 && doc[0] == '[' }
func isObject(doc []byte) bool { return len(doc) > 0 && doc[0] == '{' }
func isString(doc []byte) bool { return len(doc) > 1 && doc[0] == '"' }
func isNull(doc []byte) bool   { return string(doc) == "null" }

// jsonEnd returns where the value that begins at i ends.
func jsonEnd(d []byte, i int) int {
	depth := 0
	for i < len(d) {
		switch c := d[i]; {
		case c == '"':
			for i++; i < len(d) && d[i] != '"'; i++ {
				if d[i] == '\\' {
					i++
				}
			}
			i = min(i+1, len(d))
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case depth > 0:
			i++
			continue
		default:
			for i < len(d) && d[i] != ',' && d[i] != '}' && d[i] != ']' && d[i] != ':' && !isSpace(d[i]) {
				i++
			}
		}
		if depth <= 0 {
			break
		}
	}
	return i
}

// next moves to the first byte from i on that is neither blank nor one of skip.
func nextJSON(d []byte, i int, skip byte) int {
	for i < len(d) && (isSpace(d[i]) || d[i] == skip) {
		i++
	}
	return i
}

// elements yields the elements of an array.
func elements(doc []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := nextJSON(doc, 1, ','); i < len(doc) && doc[i] != ']'; i = nextJSON(doc, i, ',') {
			end := jsonEnd(doc, i)
			if end == i || !yield(doc[i:end]) {
				return
			}
			i = end
		}
	}
}

// members yields the keys, in their quotes, and the values of an object.
func members(doc []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for i := nextJSON(doc, 1, ','); i < len(doc) && doc[i] == '"'; i = nextJSON(doc, i, ',') {
			end := jsonEnd(doc, i)
			from := nextJSON(doc, end, ':')
			to := jsonEnd(doc, from)
			if end-i < 2 || to == from || !yield(doc[i:end], doc[from:to]) {
				return
			}
			i = to
		}
	}
}

// count returns how many elements or members a value has; a scalar counts as one.
func count(doc []byte) int {
	n := 0
	switch {
	case isArray(doc):
		for range elements(doc) {
			n++
		}
	case isObject(doc):
		n = len(distinctMembers(doc))
	default:
		return 1
	}
	return n
}

// A jsonMember is a key without quotes and its value.
type jsonMember struct {
	key   string
	value []byte
}

// distinctMembers lists the members of an object, of equal keys the last.
func distinctMembers(doc []byte) []jsonMember {
	var out []jsonMember
	at := map[string]int{}
	for k, v := range members(doc) {
		key := string(unquoteJSON(nil, k))
		if i, ok := at[key]; ok {
			out[i].value = v
			continue
		}
		at[key] = len(out)
		out = append(out, jsonMember{key, v})
	}
	return out
}

// unquoteJSON appends the text of a JSON string.
func unquoteJSON(dst, quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return append(dst, quoted[1:len(quoted)-1]...)
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return append(dst, quoted...)
	}
	return append(dst, s...)
}
