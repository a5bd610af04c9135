// Package jsonpath walks over the text of JSON values and finds what MySQL's paths lead
// to in them. What it returns are parts of the text: nothing is decoded, nothing copied.
//
// The text is valid JSON. Of text that is not the answers may be wrong, but nothing reads
// beyond it or fails to end.
package jsonpath

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// Trim takes the blanks around a value away.
func Trim(doc []byte) []byte {
	for len(doc) > 0 && isSpace(doc[0]) {
		doc = doc[1:]
	}
	for len(doc) > 0 && isSpace(doc[len(doc)-1]) {
		doc = doc[:len(doc)-1]
	}
	return doc
}

// IsArray reports an array. It looks at the first byte, as the others do.
func IsArray(doc []byte) bool { return len(doc) > 0 && doc[0] == '[' }

// IsObject reports an object.
func IsObject(doc []byte) bool { return len(doc) > 0 && doc[0] == '{' }

// IsString reports a string.
func IsString(doc []byte) bool { return len(doc) > 1 && doc[0] == '"' }

// IsNull reports null.
func IsNull(doc []byte) bool { return string(doc) == "null" }

// What a byte means outside of strings.
const (
	inside  = iota // of a number, true, false or null
	quote          // begins a string
	opening        // of an array or object
	closing
	between // a blank, a comma or a colon
)

var meaning = [256]byte{
	'"': quote, '{': opening, '[': opening, '}': closing, ']': closing,
	',': between, ':': between, ' ': between, '\t': between, '\n': between, '\r': between,
}

// End returns where the value that begins at i ends, i for none.
func End(d []byte, i int) int {
	if i >= len(d) {
		return i
	}
	switch meaning[d[i]] {
	case quote:
		end, _ := stringEnd(d, i)
		return end
	case opening:
		return nestedEnd(d, i)
	}
	for i < len(d) && meaning[d[i]] == inside {
		i++
	}
	return i
}

// stringEnd returns where the string that begins at i ends, and whether something in it
// is escaped.
func stringEnd(d []byte, i int) (end int, escaped bool) {
	for i++; ; {
		for i+8 <= len(d) {
			m := marks(binary.LittleEndian.Uint64(d[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		for i < len(d) && d[i] != '"' && d[i] != '\\' {
			i++
		}
		switch {
		case i >= len(d):
			return len(d), escaped
		case d[i] == '"':
			return i + 1, escaped
		}
		escaped = true
		i += 2
	}
}

// marks has the highest bit of the first byte that is a quote or a backslash, and perhaps
// of bytes behind it; it is 0 where none is.
func marks(x uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	q, s := x^('"'*ones), x^('\\'*ones)
	return ((q-ones)&^q | (s-ones)&^s) & high
}

func nestedEnd(d []byte, i int) int {
	depth := 0
	for i < len(d) {
		switch meaning[d[i]] {
		case quote:
			i, _ = stringEnd(d, i)
			continue
		case opening:
			depth++
		case closing:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(d)
}

// next moves to the first byte from i on that is neither blank nor one of skip.
func next(d []byte, i int, skip byte) int {
	for i < len(d) && (isSpace(d[i]) || d[i] == skip) {
		i++
	}
	return i
}

// Elements yields the elements of an array.
func Elements(doc []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := next(doc, 1, ','); i < len(doc) && doc[i] != ']'; i = next(doc, i, ',') {
			end := End(doc, i)
			if end == i || !yield(doc[i:end]) {
				return
			}
			i = end
		}
	}
}

// Count returns how many elements or members a value has; a scalar counts as one.
func Count(doc []byte) int {
	n := 0
	switch {
	case IsArray(doc):
		for range Elements(doc) {
			n++
		}
	case IsObject(doc):
		var buf [few]Member
		n = len(Members(buf[:0], doc))
	default:
		return 1
	}
	return n
}

// A Member is a part of an object.
type Member struct {
	Key   []byte // without quotes, nothing escaped
	Value []byte
}

// few is up to how many members are compared with each other.
const few = 16

// Members appends the members of an object in their order, of equal keys the last value
// in the place of the first.
func Members(dst []Member, doc []byte) []Member {
	if !IsObject(doc) {
		return dst
	}
	start := len(dst)
	var at map[string]int
	for i := next(doc, 1, ','); i < len(doc) && doc[i] == '"'; i = next(doc, i, ',') {
		end, escaped := stringEnd(doc, i)
		from := next(doc, end, ':')
		to := End(doc, from)
		if end-i < 2 || to == from {
			break
		}
		m := Member{doc[i+1 : end-1], doc[from:to]}
		if escaped {
			m.Key = Unquote(nil, doc[i:end])
		}
		i = to
		known := -1
		if len(dst)-start < few {
			known = indexOf(dst[start:], m.Key)
		} else {
			if at == nil {
				at = indexAll(dst[start:])
			}
			if j, ok := at[string(m.Key)]; ok {
				known = j
			} else {
				at[string(m.Key)] = len(dst) - start
			}
		}
		if known >= 0 {
			dst[start+known].Value = m.Value
			continue
		}
		dst = append(dst, m)
	}
	return dst
}

func indexOf(ms []Member, key []byte) int {
	for i := range ms {
		if bytes.Equal(ms[i].Key, key) {
			return i
		}
	}
	return -1
}

func indexAll(ms []Member) map[string]int {
	at := make(map[string]int, 2*len(ms))
	for i, m := range ms {
		at[string(m.Key)] = i
	}
	return at
}

// Get returns the value of a key, the last one where the key occurs more than once; nil
// where there is none.
func Get(doc []byte, key string) []byte {
	if !IsObject(doc) {
		return nil
	}
	var found []byte
	for i := next(doc, 1, ','); i < len(doc) && doc[i] == '"'; i = next(doc, i, ',') {
		end, escaped := stringEnd(doc, i)
		from := next(doc, end, ':')
		to := End(doc, from)
		if end-i < 2 || to == from {
			break
		}
		if !escaped && string(doc[i+1:end-1]) == key || escaped && string(Unquote(nil, doc[i:end])) == key {
			found = doc[from:to]
		}
		i = to
	}
	return found
}

// Unquote appends the text of a string. A \u that stands for half a character becomes
// U+FFFD.
func Unquote(dst, quoted []byte) []byte {
	s := quoted[1:max(len(quoted)-1, 1)]
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			var r rune
			r, s = escapedRune(s)
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
}

// escapedRune reads the digits behind \u, and a second half behind a first.
func escapedRune(s []byte) (rune, []byte) {
	r, rest := hexRune(s)
	if !utf16.IsSurrogate(r) {
		return r, rest
	}
	if len(rest) > 1 && rest[0] == '\\' && rest[1] == 'u' {
		low, behind := hexRune(rest[2:])
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, behind
		}
	}
	return utf8.RuneError, rest
}

func hexRune(s []byte) (rune, []byte) {
	var r rune
	n := 0
	for ; n < 4 && n < len(s); n++ {
		c := s[n]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return utf8.RuneError, s[n:]
		}
		r = r<<4 | rune(c)
	}
	return r, s[n:]
}

// Join appends an array of values.
func Join(dst []byte, values [][]byte) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, v...)
	}
	return append(dst, ']')
}
