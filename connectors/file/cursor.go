package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sqlstream/sqlstream/connectors"
)

// A cursor stands somewhere in an open file.
type cursor struct {
	lines *lines
	file  *os.File
	z     io.ReadCloser // the content
	until *until
	line  int64 // the number of the next line
	spent bool  // the last line was taken without its end
}

// until is the content up to where the lines end that count.
type until struct {
	r       io.Reader
	at, end int64
}

func (u *until) Read(p []byte) (int, error) {
	if u.at >= u.end {
		return 0, io.EOF
	}
	n, err := u.r.Read(p[:min(int64(len(p)), u.end-u.at)])
	u.at += int64(n)
	return n, err
}

// cursor returns one at a place in the content of a file, of which only the first
// size bytes are looked at.
func (f *split) cursor(file *os.File, size, at int64) (*cursor, error) {
	if f.codec == plain {
		if _, err := file.Seek(at, io.SeekStart); err != nil {
			return nil, err
		}
		r := io.LimitReader(file, size-at)
		l := newLines(r, at, f.layout, f.limit, min(bufferBytes, size-at+1))
		return &cursor{lines: l, file: file, z: io.NopCloser(r)}, nil
	}
	z, err := decompress(f.codec, io.LimitReader(file, size))
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, z, at); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return &cursor{lines: newLines(z, at, f.layout, f.limit, bufferBytes), file: file, z: z}, nil
}

// openAt opens the file for reading from a line on, or goes on where the last
// reader stopped.
func (f *split) openAt(line int64) (*cursor, error) {
	if c := f.idle; c != nil {
		f.idle = nil
		grown := c.until.end != f.end
		if c.line == line && (!grown || f.codec == plain) { // a decompressor may have seen the end
			c.until.end = f.end
			return c, nil
		}
		if err := c.close(); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = f.check(file, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	m := f.markBefore(line)
	c, err := f.cursor(file, info.Size(), m.at)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.path, err), file.Close())
	}
	c.until = &until{r: c.lines.r, at: m.at, end: f.end}
	if f.codec == plain {
		c.until.r = file
	}
	c.lines.r, c.line = c.until, m.line
	return c, nil
}

func (c *cursor) close() error { return errors.Join(c.z.Close(), c.file.Close()) }

// A reader hands out the lines of a range.
type reader struct {
	s    *source
	f    *split
	name connectors.Split
	from int64
	to   int64
	cur  *cursor // nil for an empty range, and after an error
	last int64   // the number of the last line if it has no end, else -1
}

// Next implements connectors.Reader.
func (r *reader) Next(ctx context.Context, buf []connectors.Record) (int, error) {
	for r.cur != nil && r.cur.line < r.to {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if n := r.take(buf); n > 0 {
			return n, nil
		}
		if r.cur.line >= r.to {
			break
		}
		err := r.cur.lines.fill()
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return 0, r.fail(fmt.Errorf("%s at offset %d: %w", r.f.path, r.cur.line, err))
		case r.cur.line != r.last:
			return 0, r.fail(fmt.Errorf("%s at offset %d: lines up to %d had been seen and are gone; the files of a stream may only grow",
				r.f.path, r.cur.line, r.to))
		default:
			if rec, ok := r.lastLine(); ok {
				buf[0] = rec
				return 1, nil
			}
		}
	}
	return 0, io.EOF
}

// take fills buf from the lines that have been read from the file.
func (r *reader) take(buf []connectors.Record) int {
	n := 0
	for n < len(buf) && r.cur.line < r.to {
		line, ok := r.cur.lines.buffered()
		if !ok {
			break
		}
		if rec, ok := r.record(line); ok {
			buf[n] = rec
			n++
		}
	}
	return n
}

func (r *reader) record(line []byte) (connectors.Record, bool) {
	number := r.cur.line
	r.cur.line++
	value, ok := r.f.layout.record(line, number)
	if !ok || number < r.from {
		return connectors.Record{}, false
	}
	return connectors.Record{Split: r.name, Offset: connectors.Offset(number), Value: value}, true
}

func (r *reader) lastLine() (connectors.Record, bool) {
	line := r.cur.lines.rest()
	r.cur.lines.advance(len(line))
	r.cur.spent = true
	return r.record(trimCR(line))
}

func (r *reader) fail(err error) error {
	c := r.cur
	r.cur = nil
	return errors.Join(err, c.close())
}

// Close implements connectors.Reader. The file stays open for the range that
// follows, unless nothing does.
func (r *reader) Close() error {
	c := r.cur
	if c == nil {
		return nil
	}
	r.cur = nil
	r.f.mu.Lock()
	r.f.read = max(r.f.read, c.line)
	keep := !c.spent && c.line < r.f.lines && r.f.idle == nil
	if keep {
		r.f.idle = c
	}
	r.f.mu.Unlock()
	if !keep {
		return c.close()
	}
	return r.s.kept(r.f)
}
