package expr

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/vec"
)

// likeNode matches a pattern. A constant pattern is prepared once: most are a
// prefix, a suffix, a piece or a whole text.
type likeNode struct {
	arg, pattern node
	escape       byte
	fold         bool
	negated      bool
	match        func([]byte) bool // of a constant pattern
}

func newLikeNode(x *Like, kids []node) *likeNode {
	n := &likeNode{arg: kids[0], pattern: kids[1], escape: x.Escape, fold: x.Fold, negated: x.Negated}
	if l, ok := x.Pattern.(*Literal); ok && l.Value != nil {
		n.match = likeMatcher(l.Value.(string), x.Escape, x.Fold)
	}
	return n
}

func (n *likeNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	p, err := n.pattern.eval(f, sel)
	if err != nil {
		return nil, err
	}
	out := result(f, boolean, a, p)
	words := out.Bits()
	clear(words)
	last, match := "", n.match
	err = active(out, sel, func(i int) error {
		if n.match == nil && (match == nil || p.Str(i) != last) {
			last = string(p.Bytes(i))
			match = likeMatcher(last, n.escape, n.fold)
		}
		if match(a.Bytes(i)) != n.negated {
			words[i>>6] |= 1 << (i & 63)
		}
		return nil
	})
	return out, err
}

// LikeMatcher returns the test of a LIKE pattern with \\ as its escape; fold ignores
// letter case.
func LikeMatcher(pattern string, fold bool) func([]byte) bool {
	return likeMatcher(pattern, '\\', fold)
}

// A likePart is a run of a pattern: literal text, % or _.
type likePart struct {
	text string
	any  bool // %
	one  bool // _
}

func likeParts(pattern string, escape byte) []likePart {
	var parts []likePart
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, likePart{text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == escape && i+1 < len(pattern):
			i++
			text.WriteByte(pattern[i])
		case c == '%':
			flush()
			if len(parts) == 0 || !parts[len(parts)-1].any {
				parts = append(parts, likePart{any: true})
			}
		case c == '_':
			flush()
			parts = append(parts, likePart{one: true})
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return parts
}

func likeMatcher(pattern string, escape byte, fold bool) func([]byte) bool {
	if fold {
		match := likeMatcher(strings.ToLower(pattern), escape, false)
		return func(s []byte) bool { return match(bytes.ToLower(s)) }
	}
	parts := likeParts(pattern, escape)
	shape := ""
	for _, p := range parts {
		switch {
		case p.any:
			shape += "%"
		case p.one:
			return func(s []byte) bool { return likeMatch(s, parts) }
		default:
			shape += "t"
		}
	}
	switch shape {
	case "":
		return func(s []byte) bool { return len(s) == 0 }
	case "%":
		return func([]byte) bool { return true }
	case "t":
		text := parts[0].text
		return func(s []byte) bool { return string(s) == text }
	case "t%":
		text := []byte(parts[0].text)
		return func(s []byte) bool { return bytes.HasPrefix(s, text) }
	case "%t":
		text := []byte(parts[1].text)
		return func(s []byte) bool { return bytes.HasSuffix(s, text) }
	case "%t%":
		text := []byte(parts[1].text)
		return func(s []byte) bool { return bytes.Contains(s, text) }
	}
	return func(s []byte) bool { return likeMatch(s, parts) }
}

// likeMatch matches greedily, going back only to the last % seen, so that its
// cost is at most the product of the lengths.
func likeMatch(s []byte, parts []likePart) bool {
	p, star, mark := 0, -1, 0
	i := 0
	for {
		switch {
		case p < len(parts) && parts[p].any:
			star, mark = p, i
			p++
			continue
		case p == len(parts) && i == len(s):
			return true
		case p < len(parts) && parts[p].one && i < len(s):
			_, w := utf8.DecodeRune(s[i:])
			i, p = i+w, p+1
			continue
		case p < len(parts) && !parts[p].one && bytes.HasPrefix(s[i:], []byte(parts[p].text)):
			i, p = i+len(parts[p].text), p+1
			continue
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		_, w := utf8.DecodeRune(s[mark:])
		mark += w
		i, p = mark, star+1
	}
}

// regexpNode searches a regular expression, compiled once for a run of equal
// patterns.
type regexpNode struct {
	arg, pattern node
	negated      bool
	fails        failure
	last         string
	re           *regexp.Regexp
}

func (n *regexpNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	p, err := n.pattern.eval(f, sel)
	if err != nil {
		return nil, err
	}
	out := result(f, boolean, a, p)
	words := out.Bits()
	clear(words)
	ownValid(out, f.Mem)
	err = active(out, sel, func(i int) error {
		if n.re == nil || p.Str(i) != n.last {
			re, err := regexp.Compile(string(p.Bytes(i)))
			if err != nil {
				return n.fails.at(out, f.Mem, i, err)
			}
			n.last, n.re = string(p.Bytes(i)), re
		}
		if n.re.Match(a.Bytes(i)) != n.negated {
			words[i>>6] |= 1 << (i & 63)
		}
		return nil
	})
	return out, err
}
