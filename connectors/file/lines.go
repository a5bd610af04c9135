package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// bufferBytes is how much of a file is held at a time; a longer line takes more.
const bufferBytes = 1 << 20

// lines cuts a stream of bytes into lines.
type lines struct {
	r      io.Reader
	layout layout
	limit  int // bytes of a line

	buf  []byte
	at   int   // where the next line begins
	end  int   // of what was read
	seen int   // bytes behind at that hold no line end; not used where quotes count
	pos  int64 // of buf[at] in the file, decompressed
}

func newLines(r io.Reader, pos int64, l layout, limit int, size int64) *lines {
	return &lines{r: r, layout: l, limit: limit, pos: pos, buf: make([]byte, max(size, 1))}
}

// buffered returns the next line, without its end, if all of it has been read. It
// is good until fill is called.
func (l *lines) buffered() (line []byte, ok bool) {
	n := l.lineLen()
	if n < 0 {
		return nil, false
	}
	line = l.buf[l.at : l.at+n]
	l.advance(n + 1)
	return trimCR(line), true
}

// rest returns what stands behind the last line end.
func (l *lines) rest() []byte { return l.buf[l.at:l.end] }

func (l *lines) advance(n int) {
	l.at += n
	l.pos += int64(n)
	l.seen = 0
}

// fill reads more; io.EOF where there is no more now.
func (l *lines) fill() error {
	if l.end-l.at > l.limit {
		return fmt.Errorf("a line is longer than %d bytes; option 'max.line.bytes' allows more", l.limit)
	}
	if l.at > 0 {
		copy(l.buf, l.buf[l.at:l.end])
		l.at, l.end = 0, l.end-l.at
	}
	if l.end == len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 {
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		if n > 0 || err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
	}
	return io.ErrNoProgress
}

// lineLen returns how long the next line is without its end, -1 where that has not
// been read.
func (l *lines) lineLen() int {
	text := l.buf[l.at:l.end]
	i := bytes.IndexByte(text[l.seen:], '\n')
	if i < 0 {
		if !l.layout.quotes {
			l.seen = len(text)
		}
		return -1
	}
	i += l.seen
	if !l.layout.quotes || bytes.IndexByte(text[:i], '"') < 0 {
		return i
	}
	return quotedLen(text, l.layout.delimiter)
}

// quotedLen is lineLen by the grammar of CSV (RFC 4180): a field that begins with a
// quote goes to the closing one, whatever is between.
func quotedLen(text []byte, delimiter byte) int {
	for i := 0; i < len(text); {
		if text[i] == '"' {
			for i++; ; i += 2 {
				n := bytes.IndexByte(text[i:], '"')
				if n < 0 {
					return -1
				}
				i += n
				if i+1 >= len(text) || text[i+1] != '"' {
					break
				}
			}
			i++
		}
		for i < len(text) && text[i] != delimiter {
			if text[i] == '\n' {
				return i
			}
			i++
		}
		i++
	}
	return -1
}

func trimCR(line []byte) []byte { return bytes.TrimSuffix(line, []byte{'\r'}) }

var byteOrderMark = []byte("\xef\xbb\xbf")

// record returns the record that the line with this number is, false where it is
// none: a header, or a blank line.
func (l *layout) record(line []byte, number int64) ([]byte, bool) {
	if number == 0 {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	if number == 0 && l.header || !l.blank && len(bytes.TrimLeft(line, " \t\r")) == 0 {
		return nil, false
	}
	return line, true
}
