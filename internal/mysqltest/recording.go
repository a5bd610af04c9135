package mysqltest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dir is where the recording is, seen from a package of internal.
const Dir = "../../testdata/oracle"

// A Line is an expression with the server's answer and, where ours is another one on
// purpose, with ours.
type Line struct {
	Expr   string
	Answer string // a value's text, "error 1690", or a value and "(warning 1292)"
	Ours   string // the text of our value, "error" or "refused"; only with a Reason
	Reason string // a code that README.md explains, "" where the two agree
}

// A Recording is a file: lines beginning with # and Lines.
type Recording struct {
	Head  []string
	Lines []Line
}

const (
	arrow   = "  →  "
	unequal = "  ≠  "
)

// String is the line in its file.
func (l Line) String() string {
	text := l.Expr + arrow + l.Answer
	if l.Reason != "" {
		text += unequal + l.Ours + "  (" + l.Reason + ")"
	}
	return text
}

// Path returns the file of a family in a folder.
func Path(dir, family string) string { return filepath.Join(dir, family+".test") }

// Read reads a file of the recording.
func Read(path string) (*Recording, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := &Recording{}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") || line == "" {
			out.Head = append(out.Head, line)
			continue
		}
		l, ok := parseLine(line)
		if !ok {
			return nil, fmt.Errorf("%s:%d: no line of a recording: %q", path, i+1, line)
		}
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}

func parseLine(line string) (Line, bool) {
	e, answer, ok := strings.Cut(line, arrow)
	l := Line{Expr: e, Answer: answer}
	if before, after, differs := strings.Cut(answer, unequal); differs {
		i := strings.LastIndex(after, "  (")
		if i < 0 || !strings.HasSuffix(after, ")") {
			return l, false
		}
		l.Answer, l.Ours, l.Reason = before, after[:i], after[i+3:len(after)-1]
	}
	return l, ok
}

// Write writes a file of the recording.
func (r *Recording) Write(path string) error {
	var b bytes.Buffer
	for _, h := range r.Head {
		b.WriteString(h + "\n")
	}
	for _, l := range r.Lines {
		b.WriteString(l.String() + "\n")
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// Keep takes the differences over from an earlier recording, for expressions that are
// answered as they were.
func (r *Recording) Keep(old *Recording) {
	known := map[string]Line{}
	for _, l := range old.Lines {
		known[l.Expr] = l
	}
	for i, l := range r.Lines {
		if k := known[l.Expr]; k.Answer == l.Answer {
			r.Lines[i] = k
			r.Lines[i].Expr = l.Expr
		}
	}
}
