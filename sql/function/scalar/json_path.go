package scalar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// A jsonStep is one part of a path such as $.user.tags[0].
type jsonStep struct {
	key     string
	index   int
	isIndex bool
	fromEnd bool // index counts from the end: [last-1]
	all     bool // .* or [*]
}

// A jsonPath is a path of MySQL's: $, .key, ."key", [n], [last-n], .*, [*].
type jsonPath struct {
	steps []jsonStep
	many  bool // it may match more than one value
}

func parseJSONPath(text string) (*jsonPath, error) {
	p := &jsonPath{}
	bad := fmt.Errorf("'%s' is not a JSON path, such as $.user.tags[0]", text)
	if text == "" || text[0] != '$' {
		return nil, bad
	}
	for s := text[1:]; s != ""; {
		var step jsonStep
		var n int
		switch s[0] {
		case '.':
			step, n = keyStep(s[1:])
		case '[':
			step, n = indexStep(s[1:])
		case ' ':
			s = s[1:]
			continue
		}
		if n == 0 {
			return nil, bad
		}
		p.many = p.many || step.all
		p.steps = append(p.steps, step)
		s = s[1+n:]
	}
	return p, nil
}

// keyStep reads a key, and returns how many bytes it takes, 0 for none.
func keyStep(s string) (jsonStep, int) {
	switch {
	case s == "":
		return jsonStep{}, 0
	case s[0] == '*':
		return jsonStep{all: true}, 1
	case s[0] == '"':
		end := jsonEnd([]byte(s), 0)
		var key string
		if json.Unmarshal([]byte(s[:end]), &key) != nil {
			return jsonStep{}, 0
		}
		return jsonStep{key: key}, end
	}
	n := 0
	for n < len(s) && s[n] != '.' && s[n] != '[' && s[n] != ' ' && s[n] != '"' && s[n] != '*' {
		n++
	}
	return jsonStep{key: s[:n]}, n
}

func indexStep(s string) (jsonStep, int) {
	end := bytes.IndexByte([]byte(s), ']')
	if end < 0 {
		return jsonStep{}, 0
	}
	step := jsonStep{isIndex: true}
	text := string(bytes.TrimSpace([]byte(s[:end])))
	switch {
	case text == "*":
		step.all = true
		return step, end + 1
	case text == "last":
		step.fromEnd = true
		return step, end + 1
	case len(text) > 4 && text[:4] == "last":
		rest := bytes.TrimSpace([]byte(text[4:]))
		if rest[0] != '-' {
			return step, 0
		}
		step.fromEnd, text = true, string(bytes.TrimSpace(rest[1:]))
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return step, 0
	}
	step.index = int(n)
	return step, end + 1
}

// find appends the values in a document that a path leads to. The document is
// valid JSON; values are parts of it.
func (p *jsonPath) find(doc []byte, out [][]byte) [][]byte {
	return findSteps(trimJSON(doc), p.steps, out)
}

func findSteps(doc []byte, steps []jsonStep, out [][]byte) [][]byte {
	for len(steps) > 0 {
		step := &steps[0]
		steps = steps[1:]
		switch {
		case step.all && step.isIndex && isArray(doc):
			for e := range elements(doc) {
				out = findSteps(e, steps, out)
			}
			return out
		case step.all && !step.isIndex && isObject(doc):
			for _, v := range members(doc) {
				out = findSteps(v, steps, out)
			}
			return out
		case step.all:
			return out
		case step.isIndex:
			var ok bool
			if doc, ok = element(doc, step); !ok {
				return out
			}
		default:
			if doc = member(doc, step.key); doc == nil {
				return out
			}
		}
	}
	return append(out, doc)
}

// element returns an element of an array. What is no array is its own only element.
func element(doc []byte, step *jsonStep) ([]byte, bool) {
	if !isArray(doc) {
		return doc, step.index == 0
	}
	at := step.index
	if step.fromEnd {
		if at = count(doc) - 1 - step.index; at < 0 {
			return nil, false
		}
	}
	for e := range elements(doc) {
		if at == 0 {
			return e, true
		}
		at--
	}
	return nil, false
}

// member returns the value of a key, the last one where the key occurs more than
// once; nil where there is none.
func member(doc []byte, key string) []byte {
	if !isObject(doc) {
		return nil
	}
	var found []byte
	for k, v := range members(doc) {
		if keyIs(k, key) {
			found = v
		}
	}
	return found
}

// keyIs compares a key, in its quotes, with a name.
func keyIs(quoted []byte, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	return string(unquoteJSON(nil, quoted)) == name
}
