package main

import (
	"context"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// A screen is standard output and standard error, which may be the same terminal,
// with one line at the bottom that is rewritten in place. It may be used from any
// goroutine.
type screen struct {
	outTerminal bool
	errTerminal bool

	mu   sync.Mutex
	out  io.Writer
	err  io.Writer
	line string // the status line as shown, "" for none
}

func newScreen() *screen {
	return &screen{outTerminal: isTerminal(os.Stdout), errTerminal: isTerminal(os.Stderr), out: os.Stdout, err: os.Stderr}
}

// clearLine goes to the line's start and erases it.
const clearLine = "\r\x1b[K"

// Write implements io.Writer for standard output.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hide()
	n, err := s.out.Write(p)
	s.show()
	return n, err
}

// say writes a line to standard error.
func (s *screen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hide()
	_, _ = io.WriteString(s.err, text+"\n") // there is nowhere else to say it
	s.show()
}

// status replaces the line at the bottom; "" takes it away. It does nothing where
// standard error is not a terminal.
func (s *screen) status(line string) {
	if !s.errTerminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hide()
	s.line = line
	s.show()
}

func (s *screen) hide() {
	if s.line != "" {
		_, _ = io.WriteString(s.err, clearLine) // a status line is no result
	}
}

func (s *screen) show() {
	if s.line != "" {
		_, _ = io.WriteString(s.err, s.line) // a status line is no result
	}
}

// tidy wipes the ^C that a terminal writes when ctx ends by it, until the function
// that it returns is called.
func (s *screen) tidy(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		if s.outTerminal && s.errTerminal {
			_, _ = s.Write([]byte(clearLine)) // it is for the eye alone
		}
	})
}

// size returns the width and height of the terminal that is written to, or 0, 0.
func (s *screen) size() (width, height int) {
	for _, f := range []*os.File{os.Stdout, os.Stderr, os.Stdin} {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w, h
		}
	}
	return 0, 0
}
