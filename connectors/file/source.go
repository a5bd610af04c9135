package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// firstWait is how long the first look waits for a line end.
const firstWait = 500 * time.Millisecond

// maxIdle is how many files stay open between two ranges.
const maxIdle = 64

type source struct {
	env    connectors.Env
	table  *connectors.Table
	path   string
	layout layout
	limit  int
	poll   time.Duration
	wait   time.Duration
	latest bool // a query starts behind the lines that are there

	mu      sync.Mutex
	files   map[connectors.Split]*split
	looked  bool // Latest has been asked
	started bool // Start has been asked
	idle    []*split
	closed  bool
}

func openSource(t *connectors.Table, env connectors.Env) (*source, error) {
	path, err := tablePath(t)
	if err != nil {
		return nil, err
	}
	if _, err := list(path, env.Dirs); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("path '%s' does not exist; only a pattern may match what comes later", path)
	} else if err != nil {
		return nil, err
	}
	s := &source{env: env, table: t, path: path, layout: layoutOf(t), files: map[connectors.Split]*split{}}
	s.latest = t.Options.Get("scan.startup") == "latest"
	limit, err := t.Options.Int("max.line.bytes", 64<<20)
	if err != nil {
		return nil, err
	}
	s.limit = int(limit)
	if s.poll, err = t.Options.Duration("poll.interval", 100*time.Millisecond); err != nil {
		return nil, err
	}
	s.poll = max(s.poll, time.Millisecond)
	s.wait, err = t.Options.Duration("last.line.wait", 10*time.Second)
	return s, err
}

// Splits implements connectors.Source: the files that are there. One that is gone
// must have been read.
func (s *source) Splits(context.Context) ([]connectors.Split, error) {
	names, err := list(s.path, s.env.Dirs)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, f := range s.files {
		if _, there := slices.BinarySearch(names, string(name)); there {
			continue
		}
		if f.unread() {
			return nil, f.vanished()
		}
		f.release()
		delete(s.files, name)
	}
	out := make([]connectors.Split, len(names))
	for i, name := range names {
		out[i] = connectors.Split(name)
	}
	return out, nil
}

func (f *split) unread() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines > f.read
}

// release closes the file if it is kept open.
func (f *split) release() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.idle
	f.idle = nil
	if c == nil {
		return nil
	}
	return c.close()
}

func (s *source) split(name connectors.Split) *split {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[name]
	if !ok {
		f = &split{path: string(name), codec: codecOf(s.table, string(name)), layout: s.layout, limit: s.limit}
		s.files[name] = f
	}
	return f
}

// Start implements connectors.Source. Files that come later are read from their
// first line on in any case.
func (s *source) Start(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	s.mu.Lock()
	atEnd := s.latest && !s.started
	s.started = true
	s.mu.Unlock()
	out := connectors.Offsets{}
	for _, name := range splits {
		out[name] = 0
		if !atEnd {
			continue
		}
		f := s.split(name)
		if err := f.look(ctx, s.env.Now(), s.wait, false); err != nil {
			return nil, err
		}
		f.mu.Lock()
		f.read = f.lines
		out[name] = connectors.Offset(f.lines)
		f.mu.Unlock()
	}
	return out, nil
}

// Latest implements connectors.Source. The first look gives files that were written
// just now and end in the middle of a line a moment to change, and then counts that
// line, so that a query that reads what is there misses nothing. Later on, who writes
// through a buffer has longer to write the rest.
func (s *source) Latest(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	s.mu.Lock()
	first := !s.looked
	s.looked = true
	s.mu.Unlock()
	pending, err := s.look(ctx, splits, false)
	if err != nil {
		return nil, err
	}
	if first && len(pending) > 0 {
		if err := pause(ctx, min(s.wait, firstWait)); err != nil {
			return nil, err
		}
		if _, err := s.look(ctx, pending, true); err != nil {
			return nil, err
		}
	}
	out := connectors.Offsets{}
	for _, name := range splits {
		f := s.split(name)
		f.mu.Lock()
		out[name] = connectors.Offset(f.lines)
		f.mu.Unlock()
	}
	return out, nil
}

// look counts new lines and returns the files that end in the middle of one.
func (s *source) look(ctx context.Context, splits []connectors.Split, still bool) (pending []connectors.Split, err error) {
	for _, name := range splits {
		f := s.split(name)
		if err := f.look(ctx, s.env.Now(), s.wait, still); err != nil {
			return nil, err
		}
		f.mu.Lock()
		if f.tail > 0 || f.cut {
			pending = append(pending, name)
		}
		tell := f.cut && !f.told && s.env.Now().Sub(f.since) >= s.wait
		f.told = f.told || tell
		f.mu.Unlock()
		if tell && s.env.Notice != nil {
			s.env.Notice(fmt.Sprintf("%s ends in the middle of its compressed content; the rest is waited for", f.path))
		}
	}
	return pending, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait implements connectors.Source by looking again and again: file systems over a
// network tell of no changes.
func (s *source) Wait(ctx context.Context, after connectors.Offsets) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		more, err := s.news(ctx, after)
		if more || err != nil {
			return err
		}
		if err := pause(ctx, s.poll); err != nil {
			return err
		}
	}
}

func (s *source) news(ctx context.Context, after connectors.Offsets) (bool, error) {
	splits, err := s.Splits(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range splits {
		if _, known := after[name]; !known {
			return true, nil
		}
		if _, err := s.look(ctx, []connectors.Split{name}, false); err != nil {
			return false, err
		}
		f := s.split(name)
		f.mu.Lock()
		f.read = max(f.read, int64(after[name]))
		more := f.lines > int64(after[name])
		f.mu.Unlock()
		if more {
			return true, nil
		}
	}
	return false, nil
}

// Open implements connectors.Source.
func (s *source) Open(ctx context.Context, r connectors.Range) (connectors.Reader, error) {
	rd := &reader{s: s, f: s.split(r.Split), name: r.Split, from: int64(r.From), to: int64(r.To), last: -1}
	if r.From >= r.To {
		return rd, nil
	}
	f := rd.f
	f.mu.Lock()
	known := f.lines >= rd.to && f.info != nil
	f.mu.Unlock()
	if !known { // the range is from before a restart
		if err := f.look(ctx, s.env.Now(), s.wait, true); err != nil {
			return nil, err
		}
		if err := f.look(ctx, s.env.Now(), s.wait, true); err != nil { // now the last line counts
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lines < rd.to || f.info == nil {
		return nil, f.changed(f.lines, "lines up to %d had been read and are gone", rd.to)
	}
	f.read = max(f.read, rd.from)
	if f.open {
		rd.last = f.lines - 1
	}
	var err error
	rd.cur, err = f.openAt(rd.from)
	return rd, err
}

// kept notes that a file stays open, and closes the one that has been so for the
// longest time if there are too many.
func (s *source) kept(f *split) error {
	s.mu.Lock()
	s.idle = append(slices.DeleteFunc(s.idle, func(o *split) bool { return o == f }), f)
	var oldest *split
	switch {
	case s.closed:
		oldest = f
	case len(s.idle) > maxIdle:
		oldest, s.idle = s.idle[0], s.idle[1:]
	}
	s.mu.Unlock()
	if oldest == nil {
		return nil
	}
	return oldest.release()
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.mu.Lock()
	s.closed = true
	files := s.files
	s.files = map[connectors.Split]*split{}
	s.mu.Unlock()
	var errs []string
	for _, f := range files {
		if err := f.release(); err != nil {
			errs = append(errs, err.Error())
		}
	}
	if len(errs) > 0 {
		return errors.New(strings.Join(errs, "; "))
	}
	return nil
}
