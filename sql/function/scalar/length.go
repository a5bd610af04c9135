package scalar

import (
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
)

// Length is LENGTH(s).
var Length = function.Scalar{
	Name: "length", Aliases: []string{"octet_length"}, Category: ofText,
	Doc: "The length in bytes, as in MySQL; char_length counts characters.",
	Examples: []function.Example{
		{Expr: "length('한글')", Value: "6"},
		{Expr: "length('')", Value: "0"},
		{Expr: "length(12345)", Value: "5"},
		{Expr: "octet_length(x'00ff')", Value: "2"},
		{Expr: "length(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(measure(size), function.Text), intOf(measure(size), function.Bytes)},
}

// BitLength is BIT_LENGTH(s).
var BitLength = function.Scalar{
	Name: "bit_length", Category: ofText,
	Doc: "The length in bits: eight times length.",
	Examples: []function.Example{
		{Expr: "bit_length('글')", Value: "24"},
		{Expr: "bit_length(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(measure(bits), function.Text), intOf(measure(bits), function.Bytes)},
}

// CharLength is CHAR_LENGTH(s).
var CharLength = function.Scalar{
	Name: "char_length", Aliases: []string{"character_length"}, Category: ofText,
	Doc: "The length in characters.",
	Examples: []function.Example{
		{Expr: "char_length('한글 ab')", Value: "5"},
		{Expr: "character_length(x'ec95')", Value: "2"},
		{Expr: "char_length(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(measure(func(s []byte) int64 { return int64(utf8.RuneCount(s)) }), function.Text),
		intOf(measure(size), function.Bytes),
	},
}

// ASCII is ASCII(s).
var ASCII = function.Scalar{
	Name: "ascii", Category: ofText,
	Doc: "The value of the first byte, 0 for the empty text.",
	Examples: []function.Example{
		{Expr: "ascii('A')", Value: "65"},
		{Expr: "ascii('')", Value: "0"},
		{Expr: "ascii('글')", Value: "234"},
		{Expr: "ascii(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(measure(firstByte), function.Text), intOf(measure(firstByte), function.Bytes)},
}

func size(s []byte) int64 { return int64(len(s)) }
func bits(s []byte) int64 { return 8 * int64(len(s)) }

func firstByte(s []byte) int64 {
	if len(s) == 0 {
		return 0
	}
	return int64(s[0])
}
