package scalar

import (
	"bytes"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Replace is REPLACE(s, from, to).
var Replace = function.Scalar{
	Name: "replace", Category: ofText,
	Doc: "The text with every occurrence of one text replaced by another. Letter case counts.",
	Examples: []function.Example{
		{Expr: "replace('한글 글', '글', 'x')", Value: "한x x"},
		{Expr: "replace('abc', '', 'x')", Value: "abc"},
		{Expr: "replace('abc', NULL, 'x')", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s, from, to := args[0].Bytes(row), args[1].Bytes(row), args[2].Bytes(row)
		if len(from) == 0 {
			return append(dst, s...), true, nil
		}
		if len(to) > len(from) && len(s)+bytes.Count(s, from)*(len(to)-len(from)) > function.MaxText {
			return dst, false, function.ErrTooLong
		}
		for {
			at := bytes.Index(s, from)
			if at < 0 {
				return append(dst, s...), true, nil
			}
			dst = append(append(dst, s[:at]...), to...)
			s = s[at+len(from):]
		}
	}, function.Text, function.Text, function.Text)},
}

// Insert is INSERT(s, from, n, new).
var Insert = function.Scalar{
	Name: "insert", Category: ofText,
	Doc: "The text with the n characters from a position on replaced by another text; unchanged where the position lies outside, to the end where n does.",
	Examples: []function.Example{
		{Expr: "insert('안녕하세요', 3, 1, '--')", Value: "안녕--세요"},
		{Expr: "insert('abc', 9, 1, 'x')", Value: "abc"},
		{Expr: "insert('abc', 2, -1, 'x')", Value: "ax"},
		{Expr: "insert('abc', 1, 1, NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s, from, n := args[0].Bytes(row), intAt(args, 1, row), intAt(args, 2, row)
		if from < 1 || from > int64(utf8.RuneCount(s)) {
			return append(dst, s...), true, nil
		}
		head := offset(s, from-1)
		dst = append(append(dst, s[:head]...), args[3].Bytes(row)...)
		if rest := s[head:]; n >= 0 {
			dst = append(dst, rest[offset(rest, n):]...)
		}
		return dst, true, nil
	}, function.Text, function.Int, function.Int, function.Text)},
}

// Reverse is REVERSE(s).
var Reverse = function.Scalar{
	Name: "reverse", Category: ofText,
	Doc: "The characters in the opposite order.",
	Examples: []function.Example{
		{Expr: "reverse('한글ab')", Value: "ba글한"},
		{Expr: "reverse(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte {
		for len(s) > 0 {
			_, w := utf8.DecodeLastRune(s)
			dst = append(dst, s[len(s)-w:]...)
			s = s[:len(s)-w]
		}
		return dst
	}), function.Text)},
}
