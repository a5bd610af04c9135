package scalar

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Chr is CHR(n).
var Chr = function.Scalar{
	Name: "chr", Category: ofText,
	Doc: "The character with a Unicode code point; NULL where there is none.",
	Examples: []function.Example{
		{Expr: "chr(65)", Value: "A"},
		{Expr: "chr(44544)", Value: "글"},
		{Expr: "chr(55296)", Value: "NULL"},
		{Expr: "chr(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		n := intAt(args, 0, row)
		if n < 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return dst, false, nil
		}
		return utf8.AppendRune(dst, rune(n)), true, nil
	}, function.Int)},
}

// Char is CHAR(n, …).
var Char = function.Scalar{
	Name: "char", Category: ofText,
	Doc: "The text of the bytes given as numbers, those above 255 as several bytes; NULLs are left out. It is NULL where the bytes are not valid UTF-8.",
	Examples: []function.Example{
		{Expr: "char(77, 121, 83, 81, 76)", Value: "MySQL"},
		{Expr: "char(234, 184, 128, NULL)", Value: "글"},
		{Expr: "char(200)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Int, function.Int), Variadic: true, NullCall: true, Returns: function.Always(function.Text),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			start := len(dst)
			for i, a := range args {
				if a.IsNull(row) {
					continue
				}
				n := uint32(intAt(args, i, row))
				for shift := 24; shift >= 0; shift -= 8 {
					if n>>shift != 0 || shift == 0 {
						dst = append(dst, byte(n>>shift))
					}
				}
			}
			return dst, utf8.Valid(dst[start:]), nil
		}),
	}},
}

// Hex is HEX(x).
var Hex = function.Scalar{
	Name: "hex", Category: ofText,
	Doc: "Hexadecimal digits: of the bytes of a text or BINARY, of the value of a number, rounded to a whole one.",
	Examples: []function.Example{
		{Expr: "hex('글')", Value: "EAB880"},
		{Expr: "hex(1.5)", Value: "2"},
		{Expr: "hex(255)", Value: "FF"},
		{Expr: "hex(-1)", Value: "FFFFFFFFFFFFFFFF"},
		{Expr: "hex(x'0aff')", Value: "0AFF"},
		{Expr: "hex(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return upperDigits(dst, uint64(intAt(args, 0, row))), true, nil
		}, function.Int),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return upperDigits(dst, vec.Uint(args[0], args[0].At(row))), true, nil
		}, function.Uint),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			d, ok := types.Rescale(function.DecimalAt(args[0], row), args[0].Type.Scale, 0)
			if v := int64(d.LowBits()); !ok || d.HighBits() != v>>63 && d.HighBits() != 0 {
				return dst, false, errInteger
			}
			return upperDigits(dst, d.LowBits()), true, nil
		}, function.Numeric),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			x := math.Round(function.FloatAt(args[0], row))
			if !(math.Abs(x) < 1<<63) {
				return dst, false, errInteger
			}
			return upperDigits(dst, uint64(int64(x))), true, nil
		}, function.Float),
		textOf(plain(upperHex), function.Text),
		textOf(plain(upperHex), function.Bytes),
	},
}

func upperHex(dst, s []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range s {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

func upperDigits(dst []byte, n uint64) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, n, 16)
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}

// Unhex is UNHEX(s).
var Unhex = function.Scalar{
	Name: "unhex", Category: ofText,
	Doc: "The bytes that hexadecimal digits stand for, as BINARY; NULL where the text is not hexadecimal.",
	Examples: []function.Example{
		{Expr: "unhex('EAB880')", Value: "0xeab880"},
		{Expr: "CAST(unhex('EAB880') AS VARCHAR)", Value: "글"},
		{Expr: "unhex('F')", Value: "0x0f"},
		{Expr: "unhex('xy')", Value: "NULL"},
		{Expr: "unhex(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{bytesOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s := args[0].Bytes(row)
		if len(s)%2 == 1 {
			v, err := strconv.ParseUint(string(s[:1]), 16, 8)
			if err != nil {
				return dst, false, nil
			}
			dst, s = append(dst, byte(v)), s[1:]
		}
		out, err := hex.AppendDecode(dst, s)
		return out, err == nil, nil
	}, function.Text)},
}

// ToBase64 is TO_BASE64(x).
var ToBase64 = function.Scalar{
	Name: "to_base64", Category: ofText,
	Doc: "The bytes in base64, in one line whatever their number (MySQL breaks it after 76 characters).",
	Examples: []function.Example{
		{Expr: "to_base64('한글')", Value: "7ZWc6riA"},
		{Expr: "to_base64(x'00ff')", Value: "AP8="},
		{Expr: "to_base64(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(plain(base64.StdEncoding.AppendEncode), function.Text), textOf(plain(base64.StdEncoding.AppendEncode), function.Bytes)},
}

// FromBase64 is FROM_BASE64(s).
var FromBase64 = function.Scalar{
	Name: "from_base64", Category: ofText,
	Doc: "The bytes that a base64 text stands for, as BINARY; white space is passed over. NULL where the text is not base64.",
	Examples: []function.Example{
		{Expr: "CAST(from_base64('7ZWc6riA') AS VARCHAR)", Value: "한글"},
		{Expr: "from_base64('AP8=')", Value: "0x00ff"},
		{Expr: "from_base64('?')", Value: "NULL"},
		{Expr: "from_base64(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{bytesOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		s := args[0].Bytes(row)
		if bytes.ContainsAny(s, " \t\r\n") {
			s = bytes.Join(bytes.Fields(s), nil)
		}
		out, err := base64.StdEncoding.AppendDecode(dst, s)
		return out, err == nil, nil
	}, function.Text)},
}

// Quote is QUOTE(s).
var Quote = function.Scalar{
	Name: "quote", Category: ofText,
	Doc: "The text as a literal of SQL: in single quotes, with backslashes before what would end it. NULL gives the text NULL.",
	Examples: []function.Example{
		{Expr: `quote('Don''t! 글')`, Value: `'Don\'t! 글'`},
		{Expr: "quote(NULL)", Value: "NULL"},
		{Expr: "length(quote(NULL))", Value: "4"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Text), NullCall: true, Returns: function.Always(function.Text),
		Eval: function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			if args[0].IsNull(row) {
				return append(dst, "NULL"...), true, nil
			}
			dst = append(dst, '\'')
			for _, c := range args[0].Bytes(row) {
				switch c {
				case '\'', '\\':
					dst = append(dst, '\\', c)
				case 0:
					dst = append(dst, '\\', '0')
				case 26:
					dst = append(dst, '\\', 'Z')
				default:
					dst = append(dst, c)
				}
			}
			return append(dst, '\''), true, nil
		}),
	}},
}
