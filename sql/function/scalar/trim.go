package scalar

import (
	"bytes"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Trim is TRIM([BOTH] [what FROM] s).
var Trim = function.Scalar{
	Name: "trim", Category: ofText,
	Doc: "The text without blanks, or repetitions of another text, at its beginning and end.",
	Examples: []function.Example{
		{Expr: "trim('  한 글 ')", Value: "한 글"},
		{Expr: "trim('xy' FROM 'xyxyaxy')", Value: "a"},
		{Expr: "trim(LEADING 'x' FROM 'xxaxx')", Value: "axx"},
		{Expr: "trim(TRAILING 'x' FROM 'xxaxx')", Value: "xxa"},
		{Expr: "trim(NULL)", Value: "NULL"},
	},
	Overloads: trims(true, true),
}

// Ltrim is LTRIM(s).
var Ltrim = function.Scalar{
	Name: "ltrim", Category: ofText,
	Doc: "The text without blanks, or repetitions of the second argument, at its beginning.",
	Examples: []function.Example{
		{Expr: "concat('[', ltrim('  ab '), ']')", Value: "[ab ]"},
		{Expr: "ltrim('00120', '0')", Value: "120"},
		{Expr: "ltrim(NULL)", Value: "NULL"},
	},
	Overloads: trims(true, false),
}

// Rtrim is RTRIM(s).
var Rtrim = function.Scalar{
	Name: "rtrim", Category: ofText,
	Doc: "The text without blanks, or repetitions of the second argument, at its end.",
	Examples: []function.Example{
		{Expr: "concat('[', rtrim(' ab  '), ']')", Value: "[ ab]"},
		{Expr: "rtrim('1.500', '0')", Value: "1.5"},
		{Expr: "rtrim(NULL)", Value: "NULL"},
	},
	Overloads: trims(false, true),
}

func trims(left, right bool) []function.Overload {
	blank := []byte(" ")
	return []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, trimmed(args[0].Bytes(row), blank, left, right)...), true, nil
		}, function.Text),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return append(dst, trimmed(args[0].Bytes(row), args[1].Bytes(row), left, right)...), true, nil
		}, function.Text, function.Text),
	}
}

func trimmed(s, what []byte, left, right bool) []byte {
	if len(what) == 0 {
		return s
	}
	for left && bytes.HasPrefix(s, what) {
		s = s[len(what):]
	}
	for right && bytes.HasSuffix(s, what) {
		s = s[:len(s)-len(what)]
	}
	return s
}
