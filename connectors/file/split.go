package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"sync"
	"time"
)

// A split is one file and what has been seen of it. Lines are counted once, as the
// file grows; what was counted must stay as it was.
type split struct {
	path   string
	codec  codec
	layout layout
	limit  int

	mu     sync.Mutex
	info   fs.FileInfo // as last looked at, nil before
	since  time.Time   // when that was first seen so
	lines  int64       // how many lines count
	end    int64       // where they end, in bytes of content
	tail   int64       // bytes behind the last line end, not counted yet
	open   bool        // the last line counts though no line end is there
	cut    bool        // the compressed content stops in the middle
	told   bool        // the user has been told so
	marks  []mark      // ascending; not for compressed files
	prints []print
	read   int64 // lines that were handed out
	idle   *cursor
}

// A mark says where in the content a line begins.
type mark struct{ line, at int64 }

// markBytes is how far two marks are apart at least.
const markBytes = 1 << 18

// A print is a piece of the file that tells whether it is still the same.
type print struct {
	at   int64
	text []byte
}

const printBytes = 64

// A changedError is a file that broke the one rule.
type changedError struct {
	path string
	line int64
	what string
}

func (e *changedError) Error() string {
	return fmt.Sprintf("%s at offset %d: %s; the files of a stream may only grow", e.path, e.line, e.what)
}

func (f *split) changed(line int64, format string, args ...any) error {
	return &changedError{f.path, line, fmt.Sprintf(format, args...)}
}

// look counts the lines that are new. A last line without an end counts when the
// file has been as it is for the time of wait, or when still says that it has.
func (f *split) look(ctx context.Context, now time.Time, wait time.Duration, still bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.lines <= f.read:
		return nil // it was read, or never seen
	case errors.Is(err, fs.ErrNotExist):
		return f.vanished()
	case err != nil:
		return err
	}
	if f.info != nil && sameLook(f.info, info) {
		if f.tail == 0 && !f.cut || !still && now.Sub(f.since) < wait && now.Sub(info.ModTime()) < wait {
			return nil
		}
		return f.settle(still)
	}
	if err := f.count(ctx); err != nil {
		return err
	}
	f.since = now
	if now.Sub(f.info.ModTime()) >= wait {
		return f.settle(false)
	}
	return nil
}

func sameLook(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (f *split) vanished() error {
	return fmt.Errorf("%s at offset %d: the file is gone before its last %d lines were read", f.path, f.read, f.lines-f.read)
}

// settle makes the last line count.
func (f *split) settle(still bool) error {
	switch {
	case f.cut && still:
		return fmt.Errorf("%s at offset %d: the compressed content ends in the middle", f.path, f.lines)
	case f.cut || f.tail == 0:
		return nil
	}
	f.lines, f.end, f.tail, f.open = f.lines+1, f.end+f.tail, 0, true
	return nil
}

// count reads on from where the lines end that count already.
func (f *split) count(ctx context.Context) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if f.info != nil {
		if err := f.check(file, info); err != nil {
			return err
		}
	}
	c, err := f.cursor(file, info.Size(), f.end)
	if err == nil {
		defer c.z.Close()
		if err = f.closeOpen(c.lines); err == nil {
			err = f.countLines(ctx, c.lines)
		}
	}
	f.cut = errors.Is(err, io.ErrUnexpectedEOF) && f.codec != plain
	if err != nil && !f.cut {
		var changed *changedError
		if ctx.Err() != nil || errors.As(err, &changed) {
			return err
		}
		return fmt.Errorf("%s at offset %d: %w", f.path, f.lines, err)
	}
	f.prints, err = takePrints(file, info.Size())
	f.info = info
	return err
}

// check compares the file with what it was.
func (f *split) check(file *os.File, info fs.FileInfo) error {
	switch {
	case !os.SameFile(f.info, info):
		return f.changed(f.lines, "another file took its place")
	case info.Size() < f.info.Size():
		return f.changed(f.lines, "the file shrank from %d to %d bytes", f.info.Size(), info.Size())
	}
	buf := make([]byte, printBytes)
	for _, p := range f.prints {
		n, err := file.ReadAt(buf[:len(p.text)], p.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(buf[:n], p.text) {
			return f.changed(f.lines, "the file has other content than before")
		}
	}
	return nil
}

func takePrints(file *os.File, size int64) ([]print, error) {
	var out []print
	for _, at := range []int64{0, max(0, size-printBytes)} {
		text := make([]byte, min(printBytes, size-at))
		if _, err := file.ReadAt(text, at); err != nil {
			return nil, err
		}
		out = append(out, print{at, text})
	}
	return out, nil
}

// closeOpen reads the line end that came after a last line without one.
func (f *split) closeOpen(l *lines) error {
	if !f.open {
		return nil
	}
	for len(l.rest()) < 2 {
		if err := l.fill(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	switch rest := l.rest(); {
	case len(rest) == 0 || string(rest) == "\r":
		return nil
	case rest[0] == '\n':
		l.advance(1)
	case rest[0] == '\r' && rest[1] == '\n':
		l.advance(2)
	default:
		return f.changed(f.lines-1, "the last line counted without a line end and then went on (option 'last.line.wait')")
	}
	f.open = false
	return nil
}

func (f *split) countLines(ctx context.Context, l *lines) error {
	defer func() { f.end, f.tail = l.pos, int64(len(l.rest())) }()
	if f.open {
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		for {
			if _, ok := l.buffered(); !ok {
				break
			}
			f.lines++
			if f.codec == plain && l.pos-f.lastMark().at >= markBytes {
				f.marks = append(f.marks, mark{f.lines, l.pos})
			}
		}
		if err := l.fill(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (f *split) lastMark() mark {
	if n := len(f.marks); n > 0 {
		return f.marks[n-1]
	}
	return mark{}
}

// markBefore returns the last mark that is not behind a line.
func (f *split) markBefore(line int64) mark {
	i := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].line > line })
	if i == 0 {
		return mark{}
	}
	return f.marks[i-1]
}
