// Package sql turns text into statements. Its own lexer and parser read
// definitions and commands; queries and expressions are rewritten token by token
// into what the TiDB parser understands, so that every error and every name can be
// traced back to its place in the user's text.
package sql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// A Source is a text of SQL and where it came from.
type Source struct {
	File string // "" for text without a file
	Text string
}

// An Error is a user's mistake, with its place in the text.
type Error struct {
	Source *Source
	Offset int // byte offset in the source's text
	Msg    string
	Hint   string // what to do; may be empty
}

// Errorf makes an Error at an offset of a source.
func Errorf(src *Source, offset int, format string, args ...any) *Error {
	return &Error{Source: src, Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// WithHint returns the error with advice.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// LineColumn returns where an offset is: line and column from 1, columns in
// characters.
func (s *Source) LineColumn(offset int) (line, column int) {
	offset = min(max(offset, 0), len(s.Text))
	line = 1 + strings.Count(s.Text[:offset], "\n")
	start := strings.LastIndexByte(s.Text[:offset], '\n') + 1
	return line, 1 + utf8.RuneCountInString(s.Text[start:offset])
}

// maxShown is how much of a long line an error shows, in bytes to each side.
const maxShown = 60

// Error prints "file:line:column: message", the line, a caret under the place, and
// the hint.
func (e *Error) Error() string {
	if e.Source == nil {
		return e.Msg
	}
	line, column := e.Source.LineColumn(e.Offset)
	name := e.Source.File
	if name == "" {
		name = "SQL"
	}
	out := fmt.Sprintf("%s:%d:%d: %s", name, line, column, e.Msg)
	before, after := e.around()
	if before+after != "" {
		out += "\n  " + before + after + "\n  " + strings.Repeat(" ", screen.StringWidth(before)) + "^"
	}
	if e.Hint != "" {
		out += "\nhint: " + e.Hint
	}
	return out
}

// around returns the line of the error, divided at its place and cut where it is
// very long.
func (e *Error) around() (before, after string) {
	text := e.Source.Text
	at := min(max(e.Offset, 0), len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		end = at + i
	}
	line := starred(text[start:end])
	before, after = line[:at-start], line[at-start:]
	if len(before) > maxShown {
		cut := len(before) - maxShown
		for cut < len(before) && !utf8.RuneStart(before[cut]) {
			cut++
		}
		before = "…" + before[cut:]
	}
	if len(after) > maxShown {
		cut := maxShown
		for cut > 0 && !utf8.RuneStart(after[cut]) {
			cut--
		}
		after = after[:cut] + "…"
	}
	return printable(before), printable(strings.TrimSuffix(after, "\r"))
}

// secretValue is an option's value, written behind its name, that must not end up in
// a log with the error beside which it stands. It goes by the name alone: which
// options there are is not known here.
var secretValue = regexp.MustCompile("(?i)(?:password|secret|token|jaas[._]config|keystore[._]key)['\"`]?\\s*=\\s*'((?:[^'\\\\]|''|\\\\.)*)")

// starred puts stars in place of secret values, byte for byte.
func starred(line string) string {
	out := []byte(line)
	for _, m := range secretValue.FindAllStringSubmatchIndex(line, -1) {
		for i := m[2]; i < m[3]; i++ {
			out[i] = '*'
		}
	}
	return string(out)
}

// screen counts the columns of a terminal the same way whatever the locale.
var screen = &runewidth.Condition{StrictEmojiNeutral: true}

// printable writes a blank for a tab and a question mark for what would move the
// cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r):
			return '?'
		}
		return r
	}, s)
}

// AsError returns the *Error in a chain of errors.
func AsError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
