package scalar

import (
	"bytes"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Locate is LOCATE(what, s[, from]).
var Locate = function.Scalar{
	Name: "locate", Aliases: []string{"position"}, Category: ofText,
	Doc: "The position, in characters from 1, where the first text first occurs in the second; 0 where it does not. With a third argument, the search begins at that position.",
	Examples: []function.Example{
		{Expr: "locate('글', '한글 글')", Value: "2"},
		{Expr: "locate('글', '한글 글', 3)", Value: "4"},
		{Expr: "position('x' IN 'abc')", Value: "0"},
		{Expr: "locate('', 'abc')", Value: "1"},
		{Expr: "locate(NULL, 'abc')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return locate(args[1].Bytes(row), args[0].Bytes(row), 1), true, nil
		}, function.Text, function.Text),
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return locate(args[1].Bytes(row), args[0].Bytes(row), intAt(args, 2, row)), true, nil
		}, function.Text, function.Text, function.Int),
	},
}

// Instr is INSTR(s, what).
var Instr = function.Scalar{
	Name: "instr", Category: ofText,
	Doc: "The position, in characters from 1, where the second text first occurs in the first; 0 where it does not.",
	Examples: []function.Example{
		{Expr: "instr('안녕하세요', '하')", Value: "3"},
		{Expr: "instr('abc', 'C')", Value: "0"},
		{Expr: "instr('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return locate(args[0].Bytes(row), args[1].Bytes(row), 1), true, nil
	}, function.Text, function.Text)},
}

func locate(s, what []byte, from int64) int64 {
	if from < 1 || from > int64(utf8.RuneCount(s))+1 {
		return 0
	}
	skip := offset(s, from-1)
	at := bytes.Index(s[skip:], what)
	if at < 0 {
		return 0
	}
	return from + int64(utf8.RuneCount(s[skip:skip+at]))
}

// StartsWith is STARTS_WITH(s, what).
var StartsWith = function.Scalar{
	Name: "starts_with", Aliases: []string{"startswith"}, Category: ofText,
	Doc: "Whether the first text begins with the second.",
	Examples: []function.Example{
		{Expr: "starts_with('한글', '한')", Value: "true"},
		{Expr: "starts_with('abc', 'B')", Value: "false"},
		{Expr: "starts_with('abc', NULL)", Value: "NULL"},
	},
	Overloads: texts2(bytes.HasPrefix),
}

// EndsWith is ENDS_WITH(s, what).
var EndsWith = function.Scalar{
	Name: "ends_with", Aliases: []string{"endswith"}, Category: ofText,
	Doc: "Whether the first text ends with the second.",
	Examples: []function.Example{
		{Expr: "ends_with('한글', '글')", Value: "true"},
		{Expr: "ends_with('abc', '')", Value: "true"},
		{Expr: "ends_with(NULL, '')", Value: "NULL"},
	},
	Overloads: texts2(bytes.HasSuffix),
}

// Contains is CONTAINS(s, what).
var Contains = function.Scalar{
	Name: "contains", Category: ofText,
	Doc: "Whether the second text occurs in the first. Letter case counts.",
	Examples: []function.Example{
		{Expr: "contains('안녕하세요', '하세')", Value: "true"},
		{Expr: "contains('abc', 'x')", Value: "false"},
		{Expr: "contains(NULL, 'x')", Value: "NULL"},
	},
	Overloads: texts2(bytes.Contains),
}

func texts2(f func(s, what []byte) bool) []function.Overload {
	return []function.Overload{boolOf(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
		return f(args[0].Bytes(row), args[1].Bytes(row)), nil
	}, function.Text, function.Text)}
}

// Strcmp is STRCMP(a, b).
var Strcmp = function.Scalar{
	Name: "strcmp", Category: ofText,
	Doc: "-1, 0 or 1 as the first text sorts before, with or after the second, byte by byte.",
	Examples: []function.Example{
		{Expr: "strcmp('a', 'b')", Value: "-1"},
		{Expr: "strcmp('글', '글')", Value: "0"},
		{Expr: "strcmp('b', 'B')", Value: "1"},
		{Expr: "strcmp('b', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return int64(bytes.Compare(args[0].Bytes(row), args[1].Bytes(row))), true, nil
	}, function.Text, function.Text)},
}
