package scalar

import (
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Lpad is LPAD(s, n, filler).
var Lpad = function.Scalar{
	Name: "lpad", Category: ofText,
	Doc: "The text at a length of n characters: filled up at its left, or cut at its right. Without a filler, blanks. NULL where n is negative or the filler is empty and needed.",
	Examples: []function.Example{
		{Expr: "lpad('7', 3, '0')", Value: "007"},
		{Expr: "lpad('글', 4, '한a')", Value: "한a한글"},
		{Expr: "lpad('abcdef', 3, ' ')", Value: "abc"},
		{Expr: "lpad('a', -1, ' ')", Value: "NULL"},
		{Expr: "lpad(NULL, 3, '0')", Value: "NULL"},
	},
	Overloads: pads(true),
}

// Rpad is RPAD(s, n, filler).
var Rpad = function.Scalar{
	Name: "rpad", Category: ofText,
	Doc: "The text at a length of n characters: filled up or cut at its right. Without a filler, blanks. NULL where n is negative or the filler is empty and needed.",
	Examples: []function.Example{
		{Expr: "rpad('ab', 5, '.-')", Value: "ab.-."},
		{Expr: "rpad('안녕하세요', 2, '.')", Value: "안녕"},
		{Expr: "rpad('a', 3, '')", Value: "NULL"},
		{Expr: "rpad('a', NULL, '')", Value: "NULL"},
	},
	Overloads: pads(false),
}

func pads(left bool) []function.Overload {
	blank := []byte(" ")
	return []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return pad(dst, args[0].Bytes(row), blank, intAt(args, 1, row), left)
		}, function.Text, function.Int),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return pad(dst, args[0].Bytes(row), args[2].Bytes(row), intAt(args, 1, row), left)
		}, function.Text, function.Int, function.Text),
	}
}

func pad(dst, s, filler []byte, n int64, left bool) ([]byte, bool, error) {
	count := int64(utf8.RuneCount(s))
	switch {
	case n < 0:
		return dst, false, nil
	case n <= count:
		return append(dst, s[:offset(s, n)]...), true, nil
	case len(filler) == 0:
		return dst, false, nil
	case n > function.MaxText:
		return dst, false, function.ErrTooLong
	}
	each := int64(utf8.RuneCount(filler))
	whole, rest := (n-count)/each, offset(filler, (n-count)%each)
	if int64(len(s))+whole*int64(len(filler))+int64(rest) > function.MaxText {
		return dst, false, function.ErrTooLong
	}
	if !left {
		dst = append(dst, s...)
	}
	for range whole {
		dst = append(dst, filler...)
	}
	dst = append(dst, filler[:rest]...)
	if left {
		dst = append(dst, s...)
	}
	return dst, true, nil
}

// Repeat is REPEAT(s, n).
var Repeat = function.Scalar{
	Name: "repeat", Category: ofText,
	Doc: "The text n times over; empty where n is not positive. A result beyond 16 MiB is an error.",
	Examples: []function.Example{
		{Expr: "repeat('한a', 3)", Value: "한a한a한a"},
		{Expr: "repeat('a', 0)", Value: ""},
		{Expr: "repeat(NULL, 3)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return repeated(dst, args[0].Bytes(row), intAt(args, 1, row))
	}, function.Text, function.Int)},
}

// Space is SPACE(n).
var Space = function.Scalar{
	Name: "space", Category: ofText,
	Doc: "A text of n blanks.",
	Examples: []function.Example{
		{Expr: "concat('[', space(3), ']')", Value: "[   ]"},
		{Expr: "space(-1)", Value: ""},
		{Expr: "space(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return repeated(dst, []byte(" "), intAt(args, 0, row))
	}, function.Int)},
}

func repeated(dst, s []byte, n int64) ([]byte, bool, error) {
	if n <= 0 || len(s) == 0 {
		return dst, true, nil
	}
	if n > int64(function.MaxText/len(s)) {
		return dst, false, function.ErrTooLong
	}
	for range n {
		dst = append(dst, s...)
	}
	return dst, true, nil
}
