package jsonpath

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
)

// The kinds of values in the order in which MySQL puts them.
const (
	orderNull = iota + 1 // an array ends with 0, before all of them
	orderNumber
	orderString
	orderObject
	orderArray
	orderTruth
)

// AppendOrdered appends bytes that are in the order of the values that they are made of,
// and equal where these mean the same: null, numbers by their value, strings by their
// bytes, objects by how many members they have and then these, arrays by their elements
// from the first on, false and true.
func AppendOrdered(dst, doc []byte) []byte {
	switch {
	case IsArray(doc):
		dst = append(dst, orderArray)
		for e := range Elements(doc) {
			dst = AppendOrdered(dst, e)
		}
		return append(dst, 0)
	case IsObject(doc):
		var buf [few]Member
		ms := Members(buf[:0], doc)
		sortMembers(ms)
		dst = binary.BigEndian.AppendUint32(append(dst, orderObject), uint32(len(ms)))
		for _, m := range ms {
			dst = orderedText(dst, m.Key)
			dst = AppendOrdered(dst, m.Value)
		}
		return dst
	case IsString(doc):
		if bytes.IndexByte(doc, '\\') < 0 {
			return orderedText(append(dst, orderString), doc[1:len(doc)-1])
		}
		return orderedText(append(dst, orderString), Unquote(nil, doc))
	case IsNull(doc) || len(doc) == 0:
		return append(dst, orderNull)
	case doc[0] == 't':
		return append(dst, orderTruth, 1)
	case doc[0] == 'f':
		return append(dst, orderTruth, 0)
	}
	return orderedNumber(append(dst, orderNumber), doc)
}

// sortMembers sorts by the length of the keys and these, as MySQL has the members of an
// object.
func sortMembers(ms []Member) {
	slices.SortFunc(ms, func(a, b Member) int {
		return cmp.Or(len(a.Key)-len(b.Key), bytes.Compare(a.Key, b.Key))
	})
}

// orderedText ends a text so that it is before those that begin with it.
func orderedText(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, 0)
		if i < 0 {
			return append(append(dst, text...), 0, 0)
		}
		dst = append(append(dst, text[:i]...), 0, 1)
		text = text[i+1:]
	}
}

// A number is 0.digits × 10^point; digits neither begin nor end with 0, and there are none
// of zero.
type number struct {
	negative bool
	digits   []byte
	point    int64
}

// maxExponent is beyond what any number that a computer works with has.
const maxExponent = 1 << 40

func parseNumber(text []byte) number {
	mantissa, exponent := text, int64(0)
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		// Out of range it is the largest or smallest there is.
		exponent, _ = strconv.ParseInt(string(text[i+1:]), 10, 64)
		exponent = max(min(exponent, maxExponent), -maxExponent)
	}
	mantissa, negative := bytes.CutPrefix(mantissa, []byte{'-'})
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	n := number{negative: negative, point: int64(len(whole)) + exponent}
	n.digits = append(bytes.Clone(whole), fraction...)
	trimmed := bytes.TrimLeft(n.digits, "0")
	n.point -= int64(len(n.digits) - len(trimmed))
	if n.digits = bytes.TrimRight(trimmed, "0"); len(n.digits) == 0 {
		return number{}
	}
	return n
}

// orderedNumber appends a byte for the sign, the place of the point, and the digits; all
// of them turned round for a negative number.
func orderedNumber(dst, text []byte) []byte {
	n := parseNumber(text)
	if len(n.digits) == 0 {
		return append(dst, 0x80)
	}
	start := len(dst)
	dst = binary.BigEndian.AppendUint64(append(dst, 0x81), uint64(n.point)^1<<63)
	dst = append(append(dst, n.digits...), 0)
	if n.negative {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}
