package jsonpath

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A stepKind says what a step of a path leads to.
type stepKind uint8

const (
	toMember     stepKind = iota // .key
	toMembers                    // .*
	toElement                    // [n], [last-n]
	toElements                   // [*]
	toRange                      // [n to m]
	toEverything                 // **
)

// A Step is one part of a path.
type Step struct {
	Key      string // of .key
	kind     stepKind
	from, to position
}

// IsIndex reports [n] and [last-n].
func (s *Step) IsIndex() bool { return s.kind == toElement }

// FromEnd reports [last-n].
func (s *Step) FromEnd() bool { return s.from.last }

// At is the position that an index means in an array of some length; it may be outside of
// the array.
func (s *Step) At(length int) int { return s.from.in(length) }

// A position in an array is counted from its beginning, or from its last element back.
type position struct {
	n    int
	last bool
}

func (p position) in(length int) int {
	if p.last {
		return length - 1 - p.n
	}
	return p.n
}

// A Path is a path of MySQL's: $, .key, ."key", [n], [last-n], [n to m], .*, [*], and **,
// which is a value and all that is in it.
type Path struct {
	Steps []Step
	Many  bool // it may lead to more than one value
	deep  bool // it has a **
}

// Parse reads a path.
func Parse(text string) (*Path, error) {
	p := &Path{}
	bad := fmt.Errorf("'%s' is not a JSON path, such as $.user.tags[0]", text)
	s := strings.TrimSpace(text)
	if s == "" || s[0] != '$' || !utf8.ValidString(s) {
		return nil, bad
	}
	for s = s[1:]; s != ""; {
		var step Step
		ok := true
		switch {
		case s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r':
			s = s[1:]
			continue
		case strings.HasPrefix(s, "**"):
			step.kind, s = toEverything, s[2:]
			p.deep = true
			ok = s != "" && s[0] != '*'
		case s[0] == '.':
			step, s, ok = keyStep(strings.TrimLeft(s[1:], " "))
		case s[0] == '[':
			inside, rest, closed := strings.Cut(s[1:], "]")
			step, ok = indexStep(inside)
			s, ok = rest, ok && closed
		default:
			ok = false
		}
		if !ok {
			return nil, bad
		}
		p.Many = p.Many || step.kind != toMember && step.kind != toElement
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// keyStep reads a key and returns what is behind it.
func keyStep(s string) (step Step, rest string, ok bool) {
	switch {
	case s == "":
		return step, s, false
	case s[0] == '*':
		return Step{kind: toMembers}, s[1:], true
	case s[0] == '"':
		end, _ := stringEnd([]byte(s), 0)
		if end < 2 || s[end-1] != '"' {
			return step, s, false
		}
		return Step{Key: string(Unquote(nil, []byte(s[:end])))}, s[end:], true
	}
	n := strings.IndexAny(s, ". [\"*]")
	if n < 0 {
		n = len(s)
	}
	return Step{Key: s[:n]}, s[n:], n > 0
}

// indexStep reads what stands in square brackets.
func indexStep(s string) (step Step, ok bool) {
	words := strings.Fields(s)
	if len(words) == 1 && words[0] == "*" {
		return Step{kind: toElements}, true
	}
	if i := slices.Index(words, "to"); i >= 0 {
		var ok1, ok2 bool
		step.kind = toRange
		step.from, ok1 = parsePosition(words[:i])
		step.to, ok2 = parsePosition(words[i+1:])
		// No element can be in a range that is turned round.
		turned := step.from.last == step.to.last && step.from.n != step.to.n && step.from.last == (step.from.n < step.to.n)
		return step, ok1 && ok2 && !turned
	}
	step.kind = toElement
	step.from, ok = parsePosition(words)
	return step, ok
}

// parsePosition reads n, last and last-n, which may have blanks in it.
func parsePosition(words []string) (p position, ok bool) {
	s := strings.Join(words, "")
	switch {
	case s == "last":
		return position{last: true}, true
	case strings.HasPrefix(s, "last-"):
		p.last, s = true, s[len("last-"):]
	case len(words) != 1:
		return p, false
	}
	n, err := strconv.ParseUint(s, 10, 31)
	p.n = int(n)
	return p, err == nil
}
