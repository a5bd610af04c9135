package scalar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONSearch is JSON_SEARCH(doc, 'one' | 'all', pattern[, escape[, path, …]]).
var JSONSearch = function.Scalar{
	Name: "json_search", Category: ofJSON,
	Doc: "The path to a string that fits a pattern of LIKE: of 'one' the first, of 'all' an array of them where there are several; NULL where there is none. The escape is NULL or '' for a backslash; with paths only what they lead to is searched.",
	Examples: []function.Example{
		{Expr: `json_search('["ab", {"k": "abc", "x y": "ac"}]', 'one', 'a%')`, Value: `"$[0]"`},
		{Expr: `json_search('["ab", {"k": "abc", "x y": "ac"}]', 'all', 'a_c')`, Value: `"$[1].k"`},
		{Expr: `json_search('["ab", {"k": "abc", "x y": "ac"}]', 'all', 'a%', NULL, '$[1]')`, Value: `["$[1].k", "$[1].\"x y\""]`},
		{Expr: `json_search('["a%", "ab"]', 'all', 'a|%', '|')`, Value: `"$[0]"`},
		{Expr: `json_search('["ab"]', 'all', 'x')`, Value: "NULL"},
		{Expr: "json_search(NULL, 'all', 'x')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: named("JSON", "VARCHAR", "VARCHAR", "VARCHAR"), Variadic: true, NullCall: true, Returns: function.Always(function.JSON),
		Fit: func(args []types.Type) ([]types.Type, bool) {
			if len(args) < 3 || !jsonLike(args[0]) {
				return nil, false
			}
			to := []types.Type{function.JSON}
			for _, a := range args[1:] {
				if !types.Implicit(a, function.Text) {
					return nil, false
				}
				to = append(to, function.Text)
			}
			return to, true
		},
		Eval: jsonSearch,
	}},
}

func jsonSearch(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	var paths jsonPaths
	return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		for i, a := range args {
			if i != 3 && a.IsNull(row) {
				return dst, false, nil
			}
		}
		s := &search{pattern: args[2].Bytes(row), escape: '\\', path: []byte{'$'}}
		switch how := args[1].Str(row); {
		case strings.EqualFold(how, "one"):
			s.one = true
		case !strings.EqualFold(how, "all"):
			return dst, false, fmt.Errorf("'one' or 'all' is wanted, not '%s'", how)
		}
		if len(args) > 3 && !args[3].IsNull(row) && args[3].Str(row) != "" {
			r, n := utf8.DecodeRuneInString(args[3].Str(row))
			if n < len(args[3].Str(row)) {
				return dst, false, errors.New("the escape is one character")
			}
			s.escape = r
		}
		doc := jsonpath.Trim(args[0].Bytes(row))
		if err := jsonpath.Shallow(doc); err != nil {
			return dst, false, err
		}
		if len(args) > 4 {
			s.within = map[int]bool{}
			for i := 4; i < len(args); i++ {
				p, err := paths.get(args, i, row)
				if err != nil {
					return dst, false, err
				}
				found, err := p.Find(doc, nil)
				if err != nil {
					return dst, false, err
				}
				for _, f := range found {
					s.within[cap(f)] = true // where a part begins
				}
			}
		}
		s.in(doc, s.within == nil)
		switch len(s.found) {
		case 0:
			return dst, false, nil
		case 1:
			return append(dst, s.found[0]...), true, nil
		}
		return jsonpath.Join(dst, s.found), true, nil
	})(c, args)
}

// A search goes through a document.
type search struct {
	pattern []byte
	escape  rune
	one     bool
	within  map[int]bool // where the values that are searched begin
	path    []byte       // to the value at hand
	found   [][]byte
}

// in searches a value; wanted says that what is around it is searched.
func (s *search) in(v []byte, wanted bool) {
	wanted = wanted || s.within[cap(v)]
	here := len(s.path)
	switch {
	case s.one && len(s.found) > 0:
	case jsonpath.IsArray(v):
		i := 0
		for e := range jsonpath.Elements(v) {
			s.path = append(strconv.AppendInt(append(s.path, '['), int64(i), 10), ']')
			s.in(e, wanted)
			s.path = s.path[:here]
			i++
		}
	case jsonpath.IsObject(v):
		for _, m := range jsonpath.Members(nil, v) {
			s.path = append(s.path, '.')
			if plainKey(m.Key) {
				s.path = append(s.path, m.Key...)
			} else {
				s.path = vec.QuoteJSON(s.path, m.Key)
			}
			s.in(m.Value, wanted)
			s.path = s.path[:here]
		}
	case wanted && jsonpath.IsString(v) && like(jsonpath.Unquote(nil, v), s.pattern, s.escape):
		s.found = append(s.found, vec.QuoteJSON(nil, s.path))
	}
}

// plainKey reports a key that a path has without quotes.
func plainKey(key []byte) bool {
	for i, c := range key {
		if c != '_' && c != '$' && c < 0x80 && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(key) > 0
}

// like matches a pattern of LIKE. It goes back to the last % alone, and so takes at most
// the length of the text times that of the pattern.
func like(s, pattern []byte, escape rune) bool {
	at, i := 0, 0
	star, from := -1, 0
	for at < len(s) {
		_, width := utf8.DecodeRune(s[at:])
		if i < len(pattern) {
			r, n := utf8.DecodeRune(pattern[i:])
			switch {
			case r == '%' && r != escape:
				star, from = i+n, at
				i += n
				continue
			case r == '_' && r != escape:
				at, i = at+width, i+n
				continue
			}
			skip := n
			if r == escape && i+n < len(pattern) {
				i += n
				_, skip = utf8.DecodeRune(pattern[i:])
			}
			if string(s[at:at+width]) == string(pattern[i:i+skip]) {
				at, i = at+width, i+skip
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, width = utf8.DecodeRune(s[from:])
		from += width
		at, i = from, star
	}
	for i < len(pattern) && pattern[i] == '%' && escape != '%' {
		i++
	}
	return i == len(pattern)
}
