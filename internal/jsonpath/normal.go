package jsonpath

import (
	"bytes"
	"errors"
	"strconv"
)

// Depth returns how deep a value is nested: 1 for a scalar and what is empty, one more
// than its parts for any other. It is one pass, however deep.
func Depth(doc []byte) int {
	open, deepest := 0, 1
	for i := 0; i < len(doc); {
		switch meaning[doc[i]] {
		case opening:
			open++
			deepest = max(deepest, open)
			i++
			continue
		case closing:
			open--
			i++
			continue
		case between:
			i++
			continue
		}
		deepest = max(deepest, open+1)
		i = End(doc, i)
	}
	return deepest
}

var errDepth = errors.New("a document is nested more than 100 deep")

// Shallow refuses a document that is nested more than MaxDepth deep: what goes through all
// of a document looks at each part once for each that it is in.
func Shallow(doc []byte) error {
	if Depth(doc) > MaxDepth {
		return errDepth
	}
	return nil
}

// Normal appends a document in the one form that all have that are equal to it: members by
// the length of their keys and these, as MySQL has them, without those that are not the
// last of a key, one blank behind a comma or colon, and the shortest text of each string
// and number.
func Normal(dst, doc []byte, quote func(dst, text []byte) []byte) []byte {
	switch {
	case IsArray(doc):
		dst = append(dst, '[')
		start := len(dst)
		for e := range Elements(doc) {
			if len(dst) > start {
				dst = append(dst, ", "...)
			}
			dst = Normal(dst, e, quote)
		}
		return append(dst, ']')
	case IsObject(doc):
		var buf [few]Member
		ms := Members(buf[:0], doc)
		sortMembers(ms)
		dst = append(dst, '{')
		for i, m := range ms {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(quote(dst, m.Key), ": "...)
			dst = Normal(dst, m.Value, quote)
		}
		return append(dst, '}')
	case IsString(doc):
		if bytes.IndexByte(doc, '\\') < 0 {
			return append(dst, doc...)
		}
		return quote(dst, Unquote(nil, doc))
	case len(doc) > 0 && (doc[0] == '-' || doc[0] >= '0' && doc[0] <= '9'):
		return appendNumber(dst, doc)
	}
	return append(dst, doc...)
}

// plainDigits is up to how many digits a number is written without an exponent.
const plainDigits = 40

// appendNumber appends the shortest text of a number, exactly: 1 for 1.0 and 10e-1.
func appendNumber(dst, text []byte) []byte {
	if len(text) <= plainDigits && digits(text, 0) == len(text) {
		return append(dst, text...)
	}
	n := parseNumber(text)
	if len(n.digits) == 0 {
		return append(dst, '0')
	}
	if n.negative {
		dst = append(dst, '-')
	}
	scale := n.point - int64(len(n.digits)) // zeros behind the digits
	switch {
	case scale >= 0 && n.point <= plainDigits:
		dst = append(dst, n.digits...)
		return append(dst, bytes.Repeat([]byte{'0'}, int(scale))...)
	case scale < 0 && n.point > 0:
		return append(append(append(dst, n.digits[:n.point]...), '.'), n.digits[n.point:]...)
	case scale < 0 && -n.point < plainDigits:
		dst = append(dst, "0."...)
		dst = append(dst, bytes.Repeat([]byte{'0'}, int(-n.point))...)
		return append(dst, n.digits...)
	}
	dst = append(append(dst, n.digits...), 'e')
	return strconv.AppendInt(dst, scale, 10)
}
