package scalar

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// FindInSet is FIND_IN_SET(s, list).
var FindInSet = function.Scalar{
	Name: "find_in_set", Category: ofText,
	Doc: "The place of a text in a list with commas, from 1 on; 0 where it is not in it.",
	Examples: []function.Example{
		{Expr: "find_in_set('b', 'a,b,c')", Value: "2"},
		{Expr: "find_in_set('x', 'a,b')", Value: "0"},
		{Expr: "find_in_set('a,b', 'a,b')", Value: "0"},
		{Expr: "find_in_set(NULL, 'a')", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		s, list := args[0].Bytes(row), args[1].Bytes(row)
		if len(list) == 0 || bytes.IndexByte(s, ',') >= 0 {
			return 0, true, nil
		}
		for i, part := range bytes.Split(list, []byte(",")) {
			if bytes.Equal(part, s) {
				return int64(i + 1), true, nil
			}
		}
		return 0, true, nil
	}, function.Text, function.Text)},
}

// SplitIndex is SPLIT_INDEX(s, separator, i).
var SplitIndex = function.Scalar{
	Name: "split_index", Category: ofText,
	Doc: "A part of a text between separators, counted from 0 on; NULL where there is none.",
	Examples: []function.Example{
		{Expr: "split_index('a/b/c', '/', 1)", Value: "b"},
		{Expr: "split_index('a/b/c', '/', 3)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		i, parts := intAt(args, 2, row), splitText(args[0].Str(row), args[1].Str(row))
		if i < 0 || i >= int64(len(parts)) {
			return dst, false, nil
		}
		return append(dst, parts[i]...), true, nil
	}, function.Text, function.Text, function.Int)},
}

// Translate is TRANSLATE(s, from, to).
var Translate = function.Scalar{
	Name: "translate", Category: ofText,
	Doc: "A text with each character that is in the second in its place of the third; one for which that has no place is left out.",
	Examples: []function.Example{
		{Expr: "translate('2*[3+4]', '[]', '()')", Value: "2*(3+4)"},
		{Expr: "translate('a-b-c', 'a-', 'x')", Value: "xbc"},
		{Expr: "translate(NULL, 'a', 'b')", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		from, to := []rune(args[1].Str(row)), []rune(args[2].Str(row))
		places := make(map[rune]int, len(from))
		for i, c := range from {
			if _, ok := places[c]; !ok {
				places[c] = i
			}
		}
		for _, c := range args[0].Str(row) {
			i, ok := places[c]
			switch {
			case !ok:
				dst = utf8.AppendRune(dst, c)
			case i < len(to):
				dst = utf8.AppendRune(dst, to[i])
			}
		}
		return dst, true, nil
	}, function.Text, function.Text, function.Text)},
}

// RegexpInstr is REGEXP_INSTR(s, pattern).
var RegexpInstr = function.Scalar{
	Name: "regexp_instr", Category: ofText,
	Doc: "Where a regular expression (RE2 syntax) matches a text first, in characters from 1 on; 0 where it does not.",
	Examples: []function.Example{
		{Expr: "regexp_instr('한글 12', '[0-9]')", Value: "4"},
		{Expr: "regexp_instr('abc', '[0-9]')", Value: "0"},
		{Expr: "regexp_instr('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Text, function.Text), Returns: function.Always(function.Int),
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			var p patterns
			return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				re, err := p.get(args[1].Str(row), "")
				if err != nil {
					return 0, false, err
				}
				s := args[0].Bytes(row)
				at := re.FindIndex(s)
				if at == nil {
					return 0, true, nil
				}
				return int64(utf8.RuneCount(s[:at[0]])) + 1, true, nil
			})(c, args)
		},
	}},
}

// Assert is ASSERT(condition, message).
var Assert = function.Scalar{
	Name: "assert", Category: ofCondition, Aliases: []string{"assert_true"},
	Doc: "TRUE where a condition is; else an error with the message.",
	Examples: []function.Example{
		{Expr: "assert(1 < 2, 'order')", Value: "true"},
		{Expr: "assert(NULL IS NULL)", Value: "true"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Bool), NullCall: true, Returns: function.Always(function.Bool), Eval: function.Bools(assert)},
		{Args: function.Params(function.Bool, function.Text), NullCall: true, Returns: function.Always(function.Bool), Eval: function.Bools(assert)},
	},
}

func assert(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
	if !args[0].IsNull(row) && args[0].Bool(row) {
		return true, nil
	}
	if len(args) > 1 && !args[1].IsNull(row) {
		return false, errors.New(strings.TrimSpace("assertion failed: " + args[1].Str(row)))
	}
	return false, errors.New("assertion failed")
}

// Version is VERSION().
var Version = function.Scalar{
	Name: "version", Category: ofHash,
	Doc: "The version of MySQL whose names and meanings functions have, and who answers.",
	Examples: []function.Example{
		{Expr: "version()", Value: "8.0.0-sqlstream"},
		{Expr: "nullif(version(), version())", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, _ []*vec.Vec, _ int) ([]byte, bool, error) {
		return append(dst, "8.0.0-sqlstream"...), true, nil
	})},
}

// Ord is ORD(s).
var Ord = function.Scalar{
	Name: "ord", Category: ofText,
	Doc: "The bytes of the first character as one number, 0 for the empty text.",
	Examples: []function.Example{
		{Expr: "ord('2')", Value: "50"},
		{Expr: "ord('한')", Value: "15570332"},
		{Expr: "ord(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(measure(func(s []byte) int64 {
		_, size := utf8.DecodeRune(s)
		n := int64(0)
		for _, b := range s[:size] {
			n = n<<8 | int64(b)
		}
		return n
	}), function.Text)},
}
