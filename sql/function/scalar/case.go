package scalar

import (
	"unicode"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
)

// Upper is UPPER(s).
var Upper = function.Scalar{
	Name: "upper", Aliases: []string{"ucase"}, Category: ofText,
	Doc: "The text in capital letters.",
	Examples: []function.Example{
		{Expr: "upper('straße 한글')", Value: "STRAßE 한글"},
		{Expr: "ucase('abc')", Value: "ABC"},
		{Expr: "upper(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte { return fold(dst, s, 'a', unicode.ToUpper) }), function.Text)},
}

// Lower is LOWER(s).
var Lower = function.Scalar{
	Name: "lower", Aliases: []string{"lcase"}, Category: ofText,
	Doc: "The text in small letters.",
	Examples: []function.Example{
		{Expr: "lower('ÄRGER Und 한글')", Value: "ärger und 한글"},
		{Expr: "lower(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(func(dst, s []byte) []byte { return fold(dst, s, 'A', unicode.ToLower) }), function.Text)},
}

// Initcap is INITCAP(s).
var Initcap = function.Scalar{
	Name: "initcap", Category: ofText,
	Doc: "The text with each word's first letter a capital and the others small. A word is a run of letters and digits.",
	Examples: []function.Example{
		{Expr: "initcap('hello WORLD of 한글')", Value: "Hello World Of 한글"},
		{Expr: "initcap(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(capitals), function.Text)},
}

// fold appends s with f applied to each character. ASCII letters, from first on,
// change their case by one bit.
func fold(dst, s []byte, first byte, f func(rune) rune) []byte {
	for len(s) > 0 {
		if c := s[0]; c < utf8.RuneSelf {
			if c-first < 26 {
				c ^= 'a' - 'A'
			}
			dst, s = append(dst, c), s[1:]
			continue
		}
		r, w := utf8.DecodeRune(s)
		if r == utf8.RuneError && w == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, f(r))
		}
		s = s[w:]
	}
	return dst
}

func capitals(dst, s []byte) []byte {
	inside := false
	for len(s) > 0 {
		r, w := utf8.DecodeRune(s)
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case !letter:
			dst = append(dst, s[:w]...)
		case inside:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		default:
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
		inside = letter
		s = s[w:]
	}
	return dst
}
