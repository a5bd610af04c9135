package format

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// special returns a word whose top bits mark the bytes of w that are a quote, a
// backslash or a control character (the usual tricks of H. Warren, "Hacker's
// Delight", on eight bytes at once). Bytes above 0x7f are never marked falsely
// before the first marked one.
func special(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & tops
}

// plain returns the place of the first quote, backslash or control character from
// at on, or the length of s.
func plain(s []byte, at int) int {
	for at+8 <= len(s) {
		if m := special(binary.LittleEndian.Uint64(s[at:])); m != 0 {
			return at + bits.TrailingZeros64(m)>>3
		}
		at += 8
	}
	for at < len(s) && s[at] != '"' && s[at] != '\\' && s[at] >= ' ' {
		at++
	}
	return at
}

// str reads a string and returns its text: a piece of the record where nothing is
// escaped, else of the decoder's scratch memory.
func (d *jsonDecoder) str() ([]byte, error) {
	start := d.at + 1
	end := plain(d.s, start)
	if end < len(d.s) && d.s[end] == '"' {
		d.at = end + 1
		return d.s[start:end], nil
	}
	d.text = d.text[:0]
	for {
		d.text = append(d.text, d.s[start:end]...)
		d.at = end
		if end >= len(d.s) {
			return nil, d.syntax("")
		}
		switch d.s[end] {
		case '"':
			d.at = end + 1
			return d.text, nil
		case '\\':
			if err := d.escape(true); err != nil {
				return nil, err
			}
		default:
			return nil, d.syntax("a control character in a string")
		}
		start = d.at
		end = plain(d.s, start)
	}
}

func (d *jsonDecoder) skipString() error {
	d.at++
	for {
		d.at = plain(d.s, d.at)
		switch d.peek() {
		case '"':
			d.at++
			return nil
		case '\\':
			if err := d.escape(false); err != nil {
				return err
			}
		default:
			return d.syntax("a control character in a string")
		}
	}
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape sequence, into the scratch memory if wanted. A half of a
// surrogate pair alone becomes U+FFFD, as encoding/json has it.
func (d *jsonDecoder) escape(want bool) error {
	if d.at+1 >= len(d.s) {
		d.at++
		return d.syntax("")
	}
	c := d.s[d.at+1]
	if c != 'u' {
		e := escapes[c]
		if e == 0 {
			return d.syntax("an unknown escape")
		}
		d.at += 2
		if want {
			d.text = append(d.text, e)
		}
		return nil
	}
	r, ok := d.hex4(d.at + 2)
	if !ok {
		return d.syntax("a malformed \\u escape")
	}
	d.at += 6
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if d.at+1 < len(d.s) && d.s[d.at] == '\\' && d.s[d.at+1] == 'u' {
			low, ok = d.hex4(d.at + 2)
		}
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			d.at += 6
			r = pair
		} else {
			r = utf8.RuneError
		}
	}
	if want {
		d.text = utf8.AppendRune(d.text, r)
	}
	return nil
}

func (d *jsonDecoder) hex4(at int) (rune, bool) {
	if at+4 > len(d.s) {
		return 0, false
	}
	var r rune
	for _, c := range d.s[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
