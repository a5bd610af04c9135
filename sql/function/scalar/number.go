package scalar

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Abs is ABS(x).
var Abs = function.Scalar{
	Name: "abs", Category: ofNumber,
	Doc: "The number without its sign, of the same type.",
	Examples: []function.Example{
		{Expr: "abs(-3)", Value: "3"},
		{Expr: "abs(-3.50)", Value: "3.50"},
		{Expr: "abs('-1.5')", Value: "1.5"},
		{Expr: "abs(-2.5e0)", Value: "2.5"},
		{Expr: "abs(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			x := intAt(args, 0, row)
			if x == math.MinInt64 {
				return 0, false, errInteger
			}
			return max(x, -x), true, nil
		}, function.Int),
		{Args: function.Params(function.Uint), Returns: first, Eval: func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }},
		{Args: function.Params(function.Numeric), Returns: first, Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (vec.Decimal, bool, error) {
			return function.DecimalAt(args[0], row).Abs(), true, nil
		})},
		floatOf(func(_ *function.Call, args []*vec.Vec, row int) (float64, bool, error) {
			return math.Abs(function.FloatAt(args[0], row)), true, nil
		}, function.Float),
	},
}

// Sign is SIGN(x).
var Sign = function.Scalar{
	Name: "sign", Category: ofNumber,
	Doc: "-1, 0 or 1 as the number is negative, zero or positive.",
	Examples: []function.Example{
		{Expr: "sign(-0.5)", Value: "-1"},
		{Expr: "sign(0)", Value: "0"},
		{Expr: "sign(1e9)", Value: "1"},
		{Expr: "sign(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			x := intAt(args, 0, row)
			return x>>63 | int64(uint64(-x)>>63), true, nil
		}, function.Int),
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return int64(min(vec.Uint(args[0], args[0].At(row)), 1)), true, nil
		}, function.Uint),
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return int64(function.DecimalAt(args[0], row).Sign()), true, nil
		}, function.Numeric),
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			switch x := function.FloatAt(args[0], row); {
			case x > 0:
				return 1, true, nil
			case x < 0:
				return -1, true, nil
			}
			return 0, true, nil
		}, function.Float),
	},
}

// Rand is RAND().
var Rand = function.Scalar{
	Name: "rand", Aliases: []string{"random"}, Category: ofNumber, Stability: function.Volatile,
	Doc: "A random number, at least 0 and less than 1, another one for every row.",
	Examples: []function.Example{
		{Expr: "rand() >= 0 AND rand() < 1", Value: "true"},
		{Expr: "typeof(rand())", Value: "DOUBLE"},
		{Expr: "nullif(floor(rand()), 0)", Value: "NULL"},
	},
	Overloads: []function.Overload{floatOf(func(c *function.Call, _ []*vec.Vec, row int) (float64, bool, error) {
		return float64(random(c.Seed, uint64(row))>>11) / (1 << 53), true, nil
	})},
}

// Conv is CONV(n, from, to).
var Conv = function.Scalar{
	Name: "conv", Category: ofNumber,
	Doc: "The number that a text spells in one base, spelled in another; bases are 2 to 36. It counts as unsigned, as signed where the new base is negative. What is no digit ends the number; NULL where a base is none, or the text is empty.",
	Examples: []function.Example{
		{Expr: "conv('ff', 16, 10)", Value: "255"},
		{Expr: "conv(10, 10, 2)", Value: "1010"},
		{Expr: "conv('-17', 10, -18)", Value: "-H"},
		{Expr: "conv('-1', 10, 16)", Value: "FFFFFFFFFFFFFFFF"},
		{Expr: "conv('1', 1, 10)", Value: "NULL"},
		{Expr: "conv(NULL, 10, 2)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return conv(dst, args[0].Str(row), intAt(args, 1, row), intAt(args, 2, row))
	}, function.Text, function.Int, function.Int)},
}

func conv(dst []byte, s string, from, to int64) ([]byte, bool, error) {
	isBase := func(b int64) bool { return b >= 2 && b <= 36 }
	if !isBase(max(from, -from)) || !isBase(max(to, -to)) || s == "" {
		return dst, false, nil
	}
	s = strings.TrimLeft(s, " ")
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	end := 0
	for end < len(digits) && digitOf(digits[end]) < max(from, -from) {
		end++
	}
	n, err := strconv.ParseUint(digits[:end], int(max(from, -from)), 64)
	if err != nil && end == 0 {
		n = 0
	}
	if negative {
		n = -n
	}
	start := len(dst)
	if to < 0 {
		dst = strconv.AppendInt(dst, int64(n), int(-to))
	} else {
		dst = strconv.AppendUint(dst, n, int(to))
	}
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst, true, nil
}

func digitOf(c byte) int64 {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int64(c|0x20-'a') + 10
	}
	return math.MaxInt64
}

// Format is FORMAT(x, digits).
var Format = function.Scalar{
	Name: "format", Category: ofNumber,
	Doc: "The number as text, rounded to a number of digits behind the point, with commas between thousands.",
	Examples: []function.Example{
		{Expr: "format(1234567.891, 2)", Value: "1,234,567.89"},
		{Expr: "format(-999, 0)", Value: "-999"},
		{Expr: "format(12345, 1)", Value: "12,345.0"},
		{Expr: "format(1234.5e0, 0)", Value: "1,234"},
		{Expr: "format(NULL, 2)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			scale := args[0].Type.Scale
			digits := int(min(max(intAt(args, 1, row), 0), maxScale))
			d, _ := types.Rescale(function.DecimalAt(args[0], row), scale, min(digits, scale))
			text := types.AppendDecimal(make([]byte, 0, 64), d, min(digits, scale))
			if digits > 0 && scale == 0 {
				text = append(text, '.')
			}
			for range digits - scale {
				text = append(text, '0')
			}
			return grouped(dst, text), true, nil
		}, function.Numeric, function.Int),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			digits := min(max(intAt(args, 1, row), 0), maxScale)
			x := rounding{types.Rescale, math.RoundToEven}.digits(function.FloatAt(args[0], row), digits)
			return grouped(dst, fixedDigits(x, int(digits))), true, nil
		}, function.Float, function.Int),
	},
}

// fixedDigits writes a float with so many digits behind the point, of which those beyond
// its shortest text are 0.
func fixedDigits(x float64, digits int) []byte {
	text := strconv.AppendFloat(make([]byte, 0, 64), x, 'f', -1, 64)
	point := bytes.IndexByte(text, '.')
	switch {
	case point < 0 && digits == 0:
		return text
	case point < 0:
		point = len(text)
		text = append(text, '.')
	}
	if len(text)-point-1 > digits {
		return strconv.AppendFloat(text[:0], x, 'f', digits, 64)
	}
	for len(text)-point-1 < digits {
		text = append(text, '0')
	}
	return text
}

// grouped appends a number with commas between its thousands.
func grouped(dst, text []byte) []byte {
	whole := 0
	for whole < len(text) && text[whole] != '.' {
		whole++
	}
	for i, c := range text[:whole] {
		if left := whole - i; i > 0 && left%3 == 0 && text[i-1] != '-' && c-'0' <= 9 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	return append(dst, text[whole:]...)
}

var errDouble = fmt.Errorf("the result is %w of DOUBLE", types.ErrRange)
