package jsonpath

import (
	"encoding/binary"
	"math/bits"
)

// maxValidDepth is how deep JSON may be nested: as deep as encoding/json takes it.
const maxValidDepth = 10_000

// Valid reports that a text is JSON. It takes what json.Valid takes.
func Valid(doc []byte) bool {
	end := validValue(doc, blanks(doc, 0), 0)
	return end >= 0 && blanks(doc, end) == len(doc)
}

func blanks(d []byte, i int) int {
	for i < len(d) && isSpace(d[i]) {
		i++
	}
	return i
}

// validValue returns where the value that begins at i ends, -1 where it is none.
func validValue(d []byte, i, depth int) int {
	if i >= len(d) {
		return -1
	}
	switch c := d[i]; c {
	case '"':
		return validString(d, i)
	case '{':
		return validObject(d, i, depth+1)
	case '[':
		return validArray(d, i, depth+1)
	case 't':
		return validWord(d, i, "true")
	case 'f':
		return validWord(d, i, "false")
	case 'n':
		return validWord(d, i, "null")
	}
	return validNumber(d, i)
}

func validWord(d []byte, i int, word string) int {
	if len(d)-i < len(word) || string(d[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func validObject(d []byte, i, depth int) int {
	if depth > maxValidDepth {
		return -1
	}
	if i = blanks(d, i+1); i < len(d) && d[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(d) || d[i] != '"' {
			return -1
		}
		if i = validString(d, i); i < 0 {
			return -1
		}
		if i = blanks(d, i); i >= len(d) || d[i] != ':' {
			return -1
		}
		if i = validValue(d, blanks(d, i+1), depth); i < 0 {
			return -1
		}
		if i = blanks(d, i); i >= len(d) {
			return -1
		}
		switch d[i] {
		case '}':
			return i + 1
		case ',':
			i = blanks(d, i+1)
		default:
			return -1
		}
	}
}

func validArray(d []byte, i, depth int) int {
	if depth > maxValidDepth {
		return -1
	}
	if i = blanks(d, i+1); i < len(d) && d[i] == ']' {
		return i + 1
	}
	for {
		if i = validValue(d, i, depth); i < 0 {
			return -1
		}
		if i = blanks(d, i); i >= len(d) {
			return -1
		}
		switch d[i] {
		case ']':
			return i + 1
		case ',':
			i = blanks(d, i+1)
		default:
			return -1
		}
	}
}

func validString(d []byte, i int) int {
	for i++; ; {
		for i+8 <= len(d) {
			x := binary.LittleEndian.Uint64(d[i:])
			const ones, high = 0x0101010101010101, 0x8080808080808080
			if m := marks(x) | (x-' '*ones)&^x&high; m != 0 { // a control character, too
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		for i < len(d) && d[i] != '"' && d[i] != '\\' && d[i] >= ' ' {
			i++
		}
		switch {
		case i >= len(d) || d[i] < ' ':
			return -1
		case d[i] == '"':
			return i + 1
		}
		if i = validEscape(d, i+1); i < 0 {
			return -1
		}
	}
}

// validEscape returns what is behind an escape, whose letter is at i.
func validEscape(d []byte, i int) int {
	if i >= len(d) {
		return -1
	}
	switch d[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if i+5 > len(d) {
			return -1
		}
		for _, c := range d[i+1 : i+5] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 5
	}
	return -1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func validNumber(d []byte, i int) int {
	if i < len(d) && d[i] == '-' {
		i++
	}
	switch {
	case i >= len(d) || !isDigit(d[i]):
		return -1
	case d[i] == '0':
		i++
	default:
		i = digits(d, i)
	}
	if i < len(d) && d[i] == '.' {
		end := digits(d, i+1)
		if end == i+1 {
			return -1
		}
		i = end
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		end := digits(d, i)
		if end == i {
			return -1
		}
		i = end
	}
	return i
}

func digits(d []byte, i int) int {
	for i < len(d) && isDigit(d[i]) {
		i++
	}
	return i
}
