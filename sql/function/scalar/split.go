package scalar

import (
	"bytes"
	"errors"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// SplitPart is SPLIT_PART(s, separator, n).
var SplitPart = function.Scalar{
	Name: "split_part", Category: ofText,
	Doc: "The n-th of the parts that a separator divides a text into, counted from 1, or from the end where n is negative; empty where there is none.",
	Examples: []function.Example{
		{Expr: "split_part('2026-한글-x', '-', 2)", Value: "한글"},
		{Expr: "split_part('a,b,c', ',', -1)", Value: "c"},
		{Expr: "split_part('a,b', ',', 5)", Value: ""},
		{Expr: "split_part('a,b', NULL, 1)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		n := intAt(args, 2, row)
		if n == 0 {
			return dst, false, errors.New("parts are counted from 1, or from the end with -1; there is no part 0")
		}
		return append(dst, splitPart(args[0].Bytes(row), args[1].Bytes(row), n)...), true, nil
	}, function.Text, function.Text, function.Int)},
}

func splitPart(s, sep []byte, n int64) []byte {
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			return s
		}
		return nil
	}
	if n < 0 {
		n += int64(bytes.Count(s, sep)) + 2
		if n < 1 {
			return nil
		}
	}
	for {
		at := bytes.Index(s, sep)
		switch {
		case n == 1 && at < 0:
			return s
		case n == 1:
			return s[:at]
		case at < 0:
			return nil
		}
		s = s[at+len(sep):]
		n--
	}
}

// SubstringIndex is SUBSTRING_INDEX(s, separator, n).
var SubstringIndex = function.Scalar{
	Name: "substring_index", Category: ofText,
	Doc: "Everything before the n-th occurrence of a separator, or, where n is negative, everything behind the n-th from the end; the whole text where there are fewer.",
	Examples: []function.Example{
		{Expr: "substring_index('www.mysql.com', '.', 2)", Value: "www.mysql"},
		{Expr: "substring_index('한.글.문', '.', -1)", Value: "문"},
		{Expr: "substring_index('a.b', '.', 0)", Value: ""},
		{Expr: "substring_index('a.b', '.', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return append(dst, substringIndex(args[0].Bytes(row), args[1].Bytes(row), intAt(args, 2, row))...), true, nil
	}, function.Text, function.Text, function.Int)},
}

func substringIndex(s, sep []byte, n int64) []byte {
	if n == 0 || len(sep) == 0 {
		return nil
	}
	end := 0
	for ; n > 0; n-- {
		at := bytes.Index(s[end:], sep)
		if at < 0 {
			return s
		}
		if n == 1 {
			return s[:end+at]
		}
		end += at + len(sep)
	}
	for from := len(s); ; n++ {
		at := bytes.LastIndex(s[:from], sep)
		if at < 0 {
			return s
		}
		if n == -1 {
			return s[at+len(sep):]
		}
		from = at
	}
}
