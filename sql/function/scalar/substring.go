package scalar

import (
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Substring is SUBSTRING(s, from[, length]).
var Substring = function.Scalar{
	Name: "substring", Aliases: []string{"substr", "mid"}, Category: ofText,
	Doc: "The part of a text from a position on, counted from 1, or from the end where it is negative; with a length, at most so many characters. Position 0 gives the empty text.",
	Examples: []function.Example{
		{Expr: "substring('안녕하세요', 3)", Value: "하세요"},
		{Expr: "substring('안녕하세요', -2)", Value: "세요"},
		{Expr: "substr('abcdef', 2, 3)", Value: "bcd"},
		{Expr: "mid('abcdef', -3, 2)", Value: "de"},
		{Expr: "substring('abc' FROM 2 FOR 9)", Value: "bc"},
		{Expr: "substring('abc', 0)", Value: ""},
		{Expr: "substring(x'00010203', 2, 2)", Value: "0x0102"},
		{Expr: "substring('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, cut(args[0].Bytes(row), intAt(args, 1, row), function.MaxText)...), true, nil
		}, function.Text, function.Int),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, cut(args[0].Bytes(row), intAt(args, 1, row), intAt(args, 2, row))...), true, nil
		}, function.Text, function.Int, function.Int),
		bytesOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, cutBytes(args[0].Bytes(row), intAt(args, 1, row), function.MaxText)...), true, nil
		}, function.Bytes, function.Int),
		bytesOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, cutBytes(args[0].Bytes(row), intAt(args, 1, row), intAt(args, 2, row))...), true, nil
		}, function.Bytes, function.Int, function.Int),
	},
}

// Left is LEFT(s, n).
var Left = function.Scalar{
	Name: "left", Category: ofText,
	Doc: "The first n characters.",
	Examples: []function.Example{
		{Expr: "left('안녕하세요', 2)", Value: "안녕"},
		{Expr: "left('abc', -1)", Value: ""},
		{Expr: "left(NULL, 2)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return append(dst, cut(args[0].Bytes(row), 1, intAt(args, 1, row))...), true, nil
	}, function.Text, function.Int)},
}

// Right is RIGHT(s, n).
var Right = function.Scalar{
	Name: "right", Category: ofText,
	Doc: "The last n characters.",
	Examples: []function.Example{
		{Expr: "right('안녕하세요', 2)", Value: "세요"},
		{Expr: "right('abc', 9)", Value: "abc"},
		{Expr: "right('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s, n := args[0].Bytes(row), max(intAt(args, 1, row), 0)
		if count := int64(utf8.RuneCount(s)); n < count {
			s = s[offset(s, count-n):]
		}
		return append(dst, s...), true, nil
	}, function.Text, function.Int)},
}

// offset returns where the first n characters of s end.
func offset(s []byte, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, w := utf8.DecodeRune(s[at:])
		at += w
	}
	return at
}

// cut returns n characters of s from a position on, as SUBSTRING counts it.
func cut(s []byte, from, n int64) []byte {
	if from < 0 {
		count := int64(utf8.RuneCount(s))
		if from < -count {
			return nil
		}
		from += count + 1
	}
	if from == 0 || n <= 0 {
		return nil
	}
	s = s[offset(s, from-1):]
	return s[:offset(s, n)]
}

func cutBytes(s []byte, from, n int64) []byte {
	count := int64(len(s))
	if from < 0 {
		from += count + 1
	}
	if from <= 0 || from > count || n <= 0 {
		return nil
	}
	s = s[from-1:]
	return s[:min(n, int64(len(s)))]
}
