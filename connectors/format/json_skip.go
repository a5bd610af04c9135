package format

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
)

// skipValue returns the end of the value at at, which may nest so deep.
func skipValue(s []byte, at, depth int) int {
	if at >= len(s) {
		return -1
	}
	switch c := s[at]; c {
	case '"':
		return skipText(s, at)
	case '{', '[':
		if depth == 0 {
			return -1
		}
		return skipNested(s, at, depth-1)
	case 't':
		return skipWord(s, at, "true")
	case 'f':
		return skipWord(s, at, "false")
	case 'n':
		return skipWord(s, at, "null")
	}
	return skipNumber(s, at)
}

// skipText skips a string of valid UTF-8.
func skipText(s []byte, at int) int {
	var high uint64
	for end := at + 1; end < len(s) && len(s) >= 8; end += 16 {
		a, b := uint64(0), uint64(0)
		if end+16 <= len(s) {
			a, b = word(s, end), word(s, end+8)
		} else {
			a, b = lastWords(s, end)
		}
		high |= a | b
		m := gather(special(a)) | gather(special(b))<<8
		if m == 0 {
			continue
		}
		if end += bits.TrailingZeros64(m); end >= len(s) || s[end] != '"' {
			break
		}
		if high&tops != 0 && !utf8.Valid(s[at:end]) {
			return -1
		}
		return end + 1
	}
	end := skipQuoted(s, at)
	if end < 0 || !utf8.Valid(s[at:end]) {
		return -1
	}
	return end
}

// lastWords returns the sixteen bytes of s at a place near its end, what is beyond
// that being 0. Strings are looked at in such pieces, with one branch for both words:
// where a string ends is what a processor cannot foresee. s has eight bytes or more.
func lastWords(s []byte, at int) (a, b uint64) {
	last := len(s) - 8
	i, j := min(at, last), min(at+8, last)
	return word(s, i) >> (8 * uint(at-i)), word(s, j) >> (8 * uint(at+8-j))
}

// gather returns the top bits of eight bytes as one byte.
func gather(m uint64) uint64 { return m * 0x0002040810204081 >> 56 }

// isSimple reports that a text is ASCII without a backslash or a control character: the
// strings in it end at the next quote. To know that of a record at once takes less than to look
// for it in each of its strings, whose ends a processor cannot foresee.
func isSimple(s []byte) bool {
	if len(s) < 8 {
		return false
	}
	not := unlike(word(s, len(s)-8))
	at := 0
	for ; at+32 <= len(s); at += 32 {
		not |= unlike(word(s, at)) | unlike(word(s, at+8)) | unlike(word(s, at+16)) | unlike(word(s, at+24))
	}
	for ; at+8 <= len(s); at += 8 {
		not |= unlike(word(s, at))
	}
	return not&tops == 0
}

// unlike returns a word with a top bit set if one of the bytes of w is none of a simple text.
func unlike(w uint64) uint64 {
	const ones = 0x0101010101010101
	return w | (w - ones*' ') | ((w ^ ones*'\\') - ones)
}

// skipSimple skips a string of a simple text.
func skipSimple(s []byte, at int) int {
	n := bytes.IndexByte(s[at+1:], '"')
	if n < 0 {
		return -1
	}
	return at + 1 + n + 1
}

func skipWord(s []byte, at int, word string) int {
	if end := at + len(word); end <= len(s) && string(s[at:end]) == word {
		return end
	}
	return -1
}

func skipNumber(s []byte, at int) int {
	if s[at] == '-' {
		at++
	}
	if at+9 <= len(s) {
		_, n := digitsIn(word(s, at))
		if next := s[at+n]; n > 0 && n < 8 && (n == 1 || s[at] != '0') && next != '.' && next|0x20 != 'e' {
			return at + n
		}
	}
	end := skipDigits(s, at)
	if end == at || end > at+1 && s[at] == '0' {
		return -1
	}
	if end < len(s) && s[end] == '.' {
		at = end + 1
		if end = skipDigits(s, at); end == at {
			return -1
		}
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		at = end + 1
		if at < len(s) && (s[at] == '+' || s[at] == '-') {
			at++
		}
		if end = skipDigits(s, at); end == at {
			return -1
		}
	}
	return end
}

func skipDigits(s []byte, at int) int {
	for at < len(s) && s[at]-'0' <= 9 {
		at++
	}
	return at
}

// skipNested skips an object or an array.
func skipNested(s []byte, at, depth int) int {
	end := s[at] + 2 // '}' or ']'
	if at = blanks(s, at+1); at < len(s) && s[at] == end {
		return at + 1
	}
	for at < len(s) {
		if end == '}' {
			if s[at] != '"' {
				return -1
			}
			if at = skipText(s, at); at < 0 {
				return -1
			}
			if at = blanks(s, at); at >= len(s) || s[at] != ':' {
				return -1
			}
			at = blanks(s, at+1)
		}
		if at = skipValue(s, at, depth); at < 0 {
			return -1
		}
		if at = blanks(s, at); at >= len(s) {
			return -1
		}
		if s[at] == end {
			return at + 1
		}
		if s[at] != ',' {
			return -1
		}
		at = blanks(s, at+1)
	}
	return -1
}
