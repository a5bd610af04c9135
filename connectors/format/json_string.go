package format

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// special returns a word whose top bits mark the bytes of w that are a quote, a
// backslash or a control character (the usual tricks of H. Warren, "Hacker's
// Delight", on eight bytes at once). With its second bit turned over a quote is a
// blank, a blank is not, and both it and control characters are less than '!'. The
// first byte that is marked is one of these; behind it others may be marked too.
func special(w uint64) uint64 {
	const ones = 0x0101010101010101
	low := w ^ ones*2
	slash := w ^ ones*'\\'
	return ((low-ones*'!')&^low | (slash-ones)&^slash) & tops
}

// word returns the eight bytes of s at a place, the first lowest. They must be there.
func word(s []byte, at int) uint64 {
	p := (*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), at))
	return binary.LittleEndian.Uint64(p[:])
}

// wordOrEnd is word with zero bytes for what is beyond the end of s.
func wordOrEnd(s []byte, at int) uint64 {
	if at+8 <= len(s) {
		return word(s, at)
	}
	if len(s) >= 8 {
		return word(s, len(s)-8) >> (8 * (at + 8 - len(s)))
	}
	var w uint64
	for i := len(s) - 1; i >= at; i-- {
		w = w<<8 | uint64(s[i])
	}
	return w
}

// plain returns the place of the first quote, backslash or control character from
// at on, or the length of s.
func plain(s []byte, at int) int {
	for at+8 <= len(s) {
		if m := special(word(s, at)); m != 0 {
			return at + bits.TrailingZeros64(m)>>3
		}
		at += 8
	}
	for at < len(s) && s[at] != '"' && s[at] != '\\' && s[at] >= ' ' {
		at++
	}
	return at
}

// skipQuoted returns the end of the string that begins at at with its quote, -1 if
// it is not one.
func skipQuoted(s []byte, at int) int {
	for at++; ; {
		at = plain(s, at)
		if at >= len(s) || s[at] < ' ' {
			return -1
		}
		if s[at] == '"' {
			return at + 1
		}
		if at = skipEscape(s, at); at < 0 {
			return -1
		}
	}
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// skipEscape returns the end of the escape sequence at at, -1 if it is not one.
func skipEscape(s []byte, at int) int {
	switch {
	case at+1 >= len(s):
	case escapes[s[at+1]] != 0:
		return at + 2
	case s[at+1] == 'u' && hex4(s, at+2) >= 0:
		return at + 6
	}
	return -1
}

// unquote returns the text of a valid string: a piece of it where nothing is
// escaped, else of scratch memory.
func (v *jsonValues) unquote(raw []byte) []byte {
	raw = raw[1 : len(raw)-1]
	at := plain(raw, 0)
	if at == len(raw) {
		return raw
	}
	v.text = append(v.text[:0], raw[:at]...)
	for at < len(raw) {
		v.text, at = appendEscape(v.text, raw, at)
		next := plain(raw, at)
		v.text = append(v.text, raw[at:next]...)
		at = next
	}
	return v.text
}

// appendEscape appends what the valid escape sequence at at means, and returns its
// end. A half of a surrogate pair alone becomes U+FFFD, as encoding/json has it.
func appendEscape(dst, s []byte, at int) ([]byte, int) {
	if c := escapes[s[at+1]]; c != 0 {
		return append(dst, c), at + 2
	}
	r := hex4(s, at+2)
	at += 6
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if at+1 < len(s) && s[at] == '\\' && s[at+1] == 'u' {
			low = hex4(s, at+2)
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			at += 6
		}
	}
	return utf8.AppendRune(dst, r), at
}

// hex4 reads four hexadecimal digits, -1 if they are not.
func hex4(s []byte, at int) rune {
	if at+4 > len(s) {
		return -1
	}
	var r rune
	for _, c := range s[at : at+4] {
		d := hexDigit(c)
		if d < 0 {
			return -1
		}
		r = r<<4 | d
	}
	return r
}

func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}
