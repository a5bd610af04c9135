package format

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// The functions below read one kind of value as it is most often written, and
// return its end, or -1 where it is written in another way: nothing is appended then.

const (
	tops   = 0x8080808080808080
	zeros  = 0x3030303030303030
	colons = 0x30303a30303a3030 // "00:00:00" as a word
)

// maxMicros is the largest TIMESTAMP, and minus it the least that is read here.
const maxMicros = math.MaxInt64

// digitsIn returns the digits that a word begins with, as values, and their number.
func digitsIn(word uint64) (digits uint64, n int) {
	digits = word ^ zeros
	other := (digits + 0x7676767676767676 | digits) & tops
	return digits, bits.TrailingZeros64(other) >> 3
}

// number8 returns the number that eight digits make, the first in the lowest byte
// (the multiplications are those of J. Leitner, "Fast numeric string to int").
func number8(digits uint64) uint64 {
	pairs := digits*10 + digits>>8
	const low = 0x000000FF000000FF
	return ((pairs&low)*0x000F424000000064 + (pairs>>16&low)*0x0000271000000001) >> 32
}

var tens = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// digitsAt reads a run of at most 18 digits; n is -1 where there are more.
func digitsAt(s []byte, at int) (v uint64, n int) {
	if at+8 <= len(s) {
		w, k := digitsIn(word(s, at))
		if k < 8 {
			return number8(w << (64 - 8*k) & (-uint64(min(k, 1)))), k
		}
		v, n = number8(w), 8
		if at+16 <= len(s) {
			w, k = digitsIn(word(s, at+8))
			if k < 8 {
				return v*tens[k] + number8(w<<(64-8*k)&(-uint64(min(k, 1)))), 8 + k
			}
			v, n = v*1e8+number8(w), 16
		}
	}
	for at+n < len(s) && s[at+n]-'0' <= 9 {
		if v = v*10 + uint64(s[at+n]-'0'); n == 18 {
			return 0, -1
		}
		n++
	}
	return v, n
}

// wholeNumber reads a whole number without a fraction or an exponent.
func wholeNumber(s []byte, at int) (v int64, end int) {
	if at+8 <= len(s) {
		w := word(s, at)
		digits, n := digitsIn(w)
		if next := byte(w >> (8 * n)); n > 0 && n < 8 && (n == 1 || w&0xff != '0') && next != '.' && next|0x20 != 'e' {
			return int64(number8(digits << (64 - 8*n))), at + n
		}
	}
	return longNumber(s, at)
}

// longNumber is wholeNumber for one that has a sign, or eight digits and more.
func longNumber(s []byte, at int) (v int64, end int) {
	neg := s[at] == '-'
	if neg {
		at++
	}
	u, n := digitsAt(s, at)
	end = at + n
	if n <= 0 || n > 1 && s[at] == '0' {
		return 0, -1
	}
	if end < len(s) && (s[end] == '.' || s[end]|0x20 == 'e') {
		return 0, -1
	}
	if neg {
		return -int64(u), end
	}
	return int64(u), end
}

// fixedPoint reads a number without an exponent: v without its point, of which
// frac digits stand behind it.
func fixedPoint(s []byte, at int) (v int64, frac, end int) {
	neg := s[at] == '-'
	if neg {
		at++
	}
	u, n := digitsAt(s, at)
	end = at + n
	if n <= 0 || n > 1 && s[at] == '0' {
		return 0, 0, -1
	}
	if end < len(s) && s[end] == '.' {
		f, k := digitsAt(s, end+1)
		if k <= 0 || n+k > 18 {
			return 0, 0, -1
		}
		u, frac, end = u*tens[k]+f, k, end+1+k
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		return 0, 0, -1
	}
	if neg {
		return -int64(u), frac, end
	}
	return int64(u), frac, end
}

// putDouble appends a number that has a mantissa of 53 bits and a power of ten that
// is exact, so that one division rounds right (W. Clinger, "How to read floating
// point numbers accurately").
func putDouble(col *vec.Builder, s []byte, at int) int {
	v, frac, end := fixedPoint(s, at)
	if end < 0 || v > 1<<53 || v < -1<<53 {
		return -1
	}
	vec.Append(col, float64(v)/float64(tens[frac]))
	return end
}

// putDecimal appends a number that needs no rounding.
func putDecimal(col *vec.Builder, s []byte, at int) int {
	t := col.Type()
	v, frac, end := fixedPoint(s, at)
	if end < 0 || frac > t.Scale || t.Scale-frac > 18 {
		return -1
	}
	d := types.MulInt64(v, int64(tens[t.Scale-frac]))
	if !types.DecimalFits(d, t.Precision) {
		return -1
	}
	vec.Append(col, d)
	return end
}

func putBoolean(col *vec.Builder, s []byte, at int) int {
	switch {
	case len(s)-at > 4 && string(s[at:at+4]) == "true":
		col.AppendBool(true)
		return at + 4
	case len(s)-at > 5 && string(s[at:at+5]) == "false":
		col.AppendBool(false)
		return at + 5
	}
	return -1
}

// clockTime reads HH:MM:SS[.f][Z]" and returns the microseconds of the day and the
// digits of the fraction.
func clockTime(s []byte, at int) (micros int64, frac, end int) {
	if at+9 > len(s) {
		return 0, 0, -1
	}
	w := word(s, at) ^ colons
	if (w+0x7676767676767676|w)&tops != 0 || w&0x0000ff0000ff0000 != 0 {
		return 0, 0, -1
	}
	pairs := w*10 + w>>8
	h, m, sec := int64(pairs&0xff), int64(pairs>>24&0xff), int64(pairs>>48&0xff)
	if h > 23 || m > 59 || sec > 59 {
		return 0, 0, -1
	}
	micros = h*types.MicrosPerHour + m*types.MicrosPerMinute + sec*types.MicrosPerSecond
	if at += 8; s[at] == '.' {
		if at+9 > len(s) {
			return 0, 0, -1
		}
		digits, n := digitsIn(word(s, at+1))
		if n < 1 || n > 6 {
			return 0, 0, -1
		}
		micros += int64(number8(digits<<(64-8*n)) * tens[6-n])
		frac, at = n, at+1+n
	}
	if at < len(s) && s[at] == 'Z' {
		at++
	}
	if at >= len(s) || s[at] != '"' {
		return 0, 0, -1
	}
	return micros, frac, at + 1
}

// putText appends a string, copying it while looking for its end.
func putText(col *vec.Builder, s []byte, at int) int {
	if s[at] != '"' || len(s) < 8 {
		return -1
	}
	at++
	buf := col.Tail()
	n := len(buf)
	if cap(buf)-n < len(s)-at+16 {
		buf = slices.Grow(buf, len(s)-at+16)
	}
	room := unsafe.Pointer(unsafe.SliceData(buf[n:cap(buf)])) // for all that is left of s, and two words
	var high uint64
	k := 0
	for ; at+k < len(s); k += 16 {
		a, b := uint64(0), uint64(0)
		if at+k+16 <= len(s) {
			a, b = word(s, at+k), word(s, at+k+8)
		} else {
			a, b = lastWords(s, at+k)
		}
		two := (*[16]byte)(unsafe.Add(room, k))
		binary.LittleEndian.PutUint64(two[:8], a)
		binary.LittleEndian.PutUint64(two[8:], b)
		high |= a | b
		m := gather(special(a)) | gather(special(b))<<8
		if m == 0 {
			continue
		}
		k += bits.TrailingZeros64(m)
		if at+k >= len(s) || s[at+k] != '"' {
			break
		}
		if buf = buf[:n+k]; high&tops != 0 && !utf8.Valid(buf[n:]) {
			return -1
		}
		if limit := col.Type().Length; limit > 0 && k > limit && tooLong(col.Type(), buf[n:]) {
			return -1
		}
		col.EndBytes(buf)
		return at + k + 1
	}
	return putRest(col, s, at+k, buf[:n+k], n)
}

// putSimple is putText of a simple text.
func putSimple(col *vec.Builder, s []byte, at int) int {
	end := skipSimple(s, at)
	if end < 0 {
		return -1
	}
	text := s[at+1 : end-1]
	if limit := col.Type().Length; limit > 0 && len(text) > limit {
		return -1
	}
	col.AppendBytes(text)
	return end
}

// putRest goes on with a string that began at place n of buf and has an escape.
func putRest(col *vec.Builder, s []byte, at int, buf []byte, n int) int {
	for at < len(s) {
		switch c := s[at]; {
		case c == '"':
			if !utf8.Valid(buf[n:]) || tooLong(col.Type(), buf[n:]) {
				return -1
			}
			col.EndBytes(buf)
			return at + 1
		case c < ' ':
			return -1
		case c == '\\':
			if skipEscape(s, at) < 0 {
				return -1
			}
			buf, at = appendEscape(buf, s, at)
		default:
			next := plain(s, at)
			buf = append(buf, s[at:next]...)
			at = next
		}
	}
	return -1
}

// timestamp reads a time since 1970, or YYYY-MM-DD HH:MM:SS[.f][Z] with a blank or T
// between. The date is most often that of the row before.
func (q *jsonQuick) timestamp(col *vec.Builder, at int) int {
	s := q.s
	if s[at] != '"' {
		v, end := wholeNumber(s, at)
		if end < 0 || v > maxMicros/q.values.unit || v < -maxMicros/q.values.unit {
			return -1
		}
		vec.Append(col, roundMicros(v*q.values.unit, col.Type().Precision))
		return end
	}
	at++
	if at+20 > len(s) {
		return -1
	}
	if [10]byte(s[at:at+10]) != q.day {
		days, ok := types.ParseDate(s[at : at+10])
		if !ok {
			return -1
		}
		q.day, q.begun = [10]byte(s[at:at+10]), int64(days)*types.MicrosPerDay
	}
	clock, frac, end := clockTime(s, at+11)
	if end < 0 || s[at+10] != ' ' && s[at+10] != 'T' {
		return -1
	}
	v := q.begun + clock
	if p := col.Type().Precision; frac > p {
		v = roundMicros(v, p)
	}
	vec.Append(col, v)
	return end
}
