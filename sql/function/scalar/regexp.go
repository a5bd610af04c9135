package scalar

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// RegexpLike is REGEXP_LIKE(s, pattern[, flags]).
var RegexpLike = function.Scalar{
	Name: "regexp_like", Category: ofText,
	Doc: "Whether a regular expression (RE2 syntax) matches anywhere in a text: s REGEXP pattern. Flags are a text of i (letter case is ignored), c (it counts: so it is without), m (^ and $ match at lines) and n (. matches line ends).",
	Examples: []function.Example{
		{Expr: "regexp_like('한글 2026', '[0-9]{4}$')", Value: "true"},
		{Expr: "regexp_like('ABC', 'b')", Value: "false"},
		{Expr: "regexp_like('ABC', 'b', 'i')", Value: "true"},
		{Expr: "regexp_like('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		regexpBools(2), regexpBools(3),
	},
}

func regexpBools(n int) function.Overload {
	return function.Overload{
		Args: function.Params(texts(n)...), Returns: function.Always(function.Bool),
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			var p patterns
			return function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
				flags := ""
				if n == 3 {
					flags = args[2].Str(row)
				}
				re, err := p.get(args[1].Str(row), flags)
				if err != nil {
					return false, err
				}
				return re.Match(args[0].Bytes(row)), nil
			})(c, args)
		},
	}
}

// RegexpExtract is REGEXP_EXTRACT(s, pattern[, group]).
var RegexpExtract = function.Scalar{
	Name: "regexp_extract", Category: ofText,
	Doc: "The first match of a regular expression (RE2 syntax) in a text, or what a group in brackets matched, counted from 1; NULL where nothing matches.",
	Examples: []function.Example{
		{Expr: "regexp_extract('주문 1234 완료', '[0-9]+')", Value: "1234"},
		{Expr: "regexp_extract('k=한글', '(\\\\w+)=(.*)', 2)", Value: "한글"},
		{Expr: "regexp_extract('abc', '[0-9]')", Value: "NULL"},
		{Expr: "regexp_extract(NULL, 'a')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		regexpTexts(func(re *regexp.Regexp, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			s := args[0].Bytes(row)
			at := re.FindIndex(s)
			if at == nil {
				return dst, false, nil
			}
			return append(dst, s[at[0]:at[1]]...), true, nil
		}, function.Text, function.Text),
		regexpTexts(func(re *regexp.Regexp, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			s, group := args[0].Bytes(row), intAt(args, 2, row)
			if group < 0 || group > int64(re.NumSubexp()) {
				return dst, false, fmt.Errorf("the pattern has %d groups, there is no group %d", re.NumSubexp(), group)
			}
			at := re.FindSubmatchIndex(s)
			if at == nil || at[2*group] < 0 {
				return dst, false, nil
			}
			return append(dst, s[at[2*group]:at[2*group+1]]...), true, nil
		}, function.Text, function.Text, function.Int),
	},
}

// RegexpSubstr is REGEXP_SUBSTR(s, pattern[, from[, n]]).
var RegexpSubstr = function.Scalar{
	Name: "regexp_substr", Category: ofText,
	Doc: "The first match of a regular expression (RE2 syntax) in a text, from a position on, counted in characters from 1; with a fourth argument, the n-th match. NULL where there is none.",
	Examples: []function.Example{
		{Expr: "regexp_substr('abc def ghi', '[a-z]+')", Value: "abc"},
		{Expr: "regexp_substr('한글 abc def', '[a-z]+', 5)", Value: "bc"},
		{Expr: "regexp_substr('abc def ghi', '[a-z]+', 1, 3)", Value: "ghi"},
		{Expr: "regexp_substr('abc', '[0-9]')", Value: "NULL"},
		{Expr: "regexp_substr('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		regexpTexts(regexpSubstr, function.Text, function.Text),
		regexpTexts(regexpSubstr, function.Text, function.Text, function.Int),
		regexpTexts(regexpSubstr, function.Text, function.Text, function.Int, function.Int),
	},
}

func regexpSubstr(re *regexp.Regexp, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
	s, n := args[0].Bytes(row), int64(1)
	if len(args) > 2 {
		from := intAt(args, 2, row)
		if from < 1 || from > int64(utf8.RuneCount(s))+1 {
			return dst, false, fmt.Errorf("there is no position %d in the text", from)
		}
		s = s[offset(s, from-1):]
	}
	if len(args) > 3 {
		n = max(intAt(args, 3, row), 1)
	}
	if n == 1 {
		if at := re.FindIndex(s); at != nil {
			return append(dst, s[at[0]:at[1]]...), true, nil
		}
		return dst, false, nil
	}
	matches := re.FindAllIndex(s, int(min(n, int64(len(s))+1)))
	if int64(len(matches)) < n {
		return dst, false, nil
	}
	at := matches[n-1]
	return append(dst, s[at[0]:at[1]]...), true, nil
}

// RegexpReplace is REGEXP_REPLACE(s, pattern, replacement).
var RegexpReplace = function.Scalar{
	Name: "regexp_replace", Category: ofText,
	Doc: "The text with every match of a regular expression (RE2 syntax) replaced; $1 in the replacement is what the first group matched, $0 the whole match, \\$ a dollar sign.",
	Examples: []function.Example{
		{Expr: "regexp_replace('010-1234', '[0-9]', '*')", Value: "***-****"},
		{Expr: "regexp_replace('한글 2026', '(\\\\d+)', '<$1>')", Value: "한글 <2026>"},
		{Expr: "regexp_replace('abc', 'x', '-')", Value: "abc"},
		{Expr: "regexp_replace('abc', 'b', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{regexpTexts(func(re *regexp.Regexp, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return replaceMatches(re, dst, args[0].Bytes(row), args[2].Bytes(row))
	}, function.Text, function.Text, function.Text)},
}

func replaceMatches(re *regexp.Regexp, dst, s, to []byte) ([]byte, bool, error) {
	start, done := len(dst), 0
	for _, at := range re.FindAllSubmatchIndex(s, -1) {
		dst = expand(append(dst, s[done:at[0]]...), to, s, at)
		if len(dst)-start > function.MaxText {
			return dst, false, function.ErrTooLong
		}
		done = at[1]
	}
	return append(dst, s[done:]...), true, nil
}

// expand appends a replacement with its $n filled in. A group is one digit, or more
// as long as there are so many groups.
func expand(dst, to, s []byte, at []int) []byte {
	for i := 0; i < len(to); i++ {
		switch c := to[i]; {
		case c == '\\' && i+1 < len(to):
			i++
			dst = append(dst, to[i])
		case c == '$' && i+1 < len(to) && to[i+1]-'0' <= 9:
			i++
			group := int(to[i] - '0')
			for i+1 < len(to) && to[i+1]-'0' <= 9 && 2*(group*10+int(to[i+1]-'0')) < len(at) {
				i++
				group = group*10 + int(to[i]-'0')
			}
			if 2*group < len(at) && at[2*group] >= 0 {
				dst = append(dst, s[at[2*group]:at[2*group+1]]...)
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

type regexpRow = func(re *regexp.Regexp, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error)

// regexpTexts makes an overload whose second argument is a pattern.
func regexpTexts(f regexpRow, args ...types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(args...), Returns: function.Always(function.Text),
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			var p patterns
			return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
				re, err := p.get(args[1].Str(row), "")
				if err != nil {
					return dst, false, err
				}
				return f(re, dst, args, row)
			})(c, args)
		},
	}
}

func texts(n int) []types.Type {
	out := make([]types.Type, n)
	for i := range out {
		out[i] = function.Text
	}
	return out
}

// patterns keeps the last pattern of a batch, so that a constant one costs a
// comparison of pointers a row.
type patterns struct {
	text, flags string
	re          *regexp.Regexp
	err         error
}

func (p *patterns) get(text, flags string) (*regexp.Regexp, error) {
	if p.re == nil && p.err == nil || p.text != text || p.flags != flags {
		p.text, p.flags = text, flags
		p.re, p.err = compiled.get(text, flags)
	}
	return p.re, p.err
}

// compiled keeps patterns from batch to batch.
var compiled = cache{m: map[[2]string]*regexp.Regexp{}}

// A cache forgets everything when it is full: patterns that come from data are
// compiled again, those of queries soon are back.
type cache struct {
	mu sync.RWMutex
	m  map[[2]string]*regexp.Regexp
}

const cacheSize = 256

func (c *cache) get(text, flags string) (*regexp.Regexp, error) {
	key := [2]string{text, flags}
	c.mu.RLock()
	re := c.m[key]
	c.mu.RUnlock()
	if re != nil {
		return re, nil
	}
	full, err := withFlags(text, flags)
	if err != nil {
		return nil, err
	}
	if re, err = regexp.Compile(full); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= cacheSize {
		clear(c.m)
	}
	c.m[[2]string{strings.Clone(text), strings.Clone(flags)}] = re
	return re, nil
}

func withFlags(text, flags string) (string, error) {
	on := map[byte]bool{}
	for i := range len(flags) {
		switch f := flags[i]; f {
		case 'i', 'm', 'n':
			on[f] = true
		case 'c':
			delete(on, 'i')
		default:
			return "", fmt.Errorf("'%s' are no flags of a regular expression; there are i, c, m and n", flags)
		}
	}
	pre := ""
	for _, f := range []struct {
		sql byte
		re2 string
	}{{'i', "i"}, {'m', "m"}, {'n', "s"}} {
		if on[f.sql] {
			pre += f.re2
		}
	}
	if pre == "" {
		return strings.Clone(text), nil
	}
	return "(?" + pre + ")" + text, nil
}
