package scalar

import (
	"errors"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Soundex is SOUNDEX(s).
var Soundex = function.Scalar{
	Name: "soundex", Category: ofText,
	Doc: "The letter and digits by which English words that sound alike are the same. As in MySQL it has four places or more; characters from À (U+00C0) on count as vowels.",
	Examples: []function.Example{
		{Expr: "soundex('Hello')", Value: "H400"},
		{Expr: "soundex('Quadratically')", Value: "Q36324"},
		{Expr: "soundex('글 smile')", Value: "글254"},
		{Expr: "soundex('')", Value: ""},
		{Expr: "soundex(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(soundex), function.Text)},
}

func soundex(dst, s []byte) []byte {
	const codes = "01230120022455012623010202" // of A to Z
	places, last := 0, byte(0)
	for _, c := range string(s) {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		code := byte('0')
		switch {
		case c >= 'A' && c <= 'Z':
			code = codes[c-'A']
		case c < 'À':
			continue
		}
		switch {
		case places == 0:
			dst, last = utf8.AppendRune(dst, c), code
			places++
		case code != '0' && code != last:
			dst, last = append(dst, code), code
			places++
		}
	}
	for ; places > 0 && places < 4; places++ {
		dst = append(dst, '0')
	}
	return dst
}

// maxDistance bounds the product of the lengths of which LEVENSHTEIN compares texts.
const maxDistance = 1 << 26

// Levenshtein is LEVENSHTEIN(a, b).
var Levenshtein = function.Scalar{
	Name: "levenshtein", Category: ofText,
	Doc: "How many characters must be put in, left out or changed to make one text of another.",
	Examples: []function.Example{
		{Expr: "levenshtein('kitten', 'sitting')", Value: "3"},
		{Expr: "levenshtein('한글', '한')", Value: "1"},
		{Expr: "levenshtein('a', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		a, b := args[0].Bytes(row), args[1].Bytes(row)
		if utf8.RuneCount(a)*utf8.RuneCount(b) > maxDistance {
			return 0, false, errors.New("the texts are too long to be compared")
		}
		return distance([]rune(string(a)), []rune(string(b))), true, nil
	}, function.Text, function.Text)},
}

func distance(a, b []rune) int64 {
	row := make([]int64, len(b)+1)
	for j := range row {
		row[j] = int64(j)
	}
	for i, x := range a {
		before := row[0]
		row[0] = int64(i + 1)
		for j, y := range b {
			cost := before
			if x != y {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
