package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/ergochat/readline"

	"github.com/sqlstream/sqlstream"
)

// The prompts, of equal width so that lines stand under each other.
const (
	prompt     = "sqlstream> "
	promptMore = "        -> "
)

// errInterrupt says that ^C was pressed at the prompt.
var errInterrupt = errors.New("interrupt")

// An editor reads statements, each of as many lines as it takes.
type editor interface {
	// read returns a text that is complete; io.EOF at ^D, errInterrupt at ^C.
	read() (string, error)
	// output writes above the line that is being typed.
	output() io.Writer
	close()
}

// newEditor returns the line editor, or on a terminal that cannot move its cursor a
// reader of plain lines.
func newEditor(suggest func(prefix string) []sqlstream.Suggestion) (editor, error) {
	if t := os.Getenv("TERM"); t == "" || t == "dumb" {
		return &plainEditor{bufio.NewReader(os.Stdin)}, nil
	}
	history, err := historyFile()
	if err != nil {
		fmt.Fprintf(os.Stderr, "the history is not kept: %v\n", err)
	}
	in, err := readline.NewFromConfig(&readline.Config{
		Prompt: prompt, HistoryFile: history, HistoryLimit: 2000, DisableAutoSaveHistory: true, HistorySearchFold: true,
		AutoComplete: &completer{suggest}, EOFPrompt: "\n", Undo: true,
	})
	if err != nil {
		return nil, err
	}
	return &lineEditor{in}, nil
}

type lineEditor struct{ in *readline.Instance }

// read implements editor.
func (e *lineEditor) read() (string, error) {
	defer e.in.SetPrompt(prompt)
	text := ""
	for {
		line, err := e.in.ReadLine()
		if errors.Is(err, readline.ErrInterrupt) {
			return "", errInterrupt
		}
		if err != nil {
			return "", err
		}
		text += line
		if accepted(text) {
			if strings.TrimSpace(text) != "" {
				_ = e.in.SaveToHistory(oneLine(text)) // the statement is not lost by it
			}
			return text, nil
		}
		text += "\n"
		e.in.SetPrompt(promptMore)
	}
}

// output implements editor.
func (e *lineEditor) output() io.Writer { return e.in.Stdout() }

// close gives the terminal back.
func (e *lineEditor) close() { _ = e.in.Close() } // nothing is left to be lost

// accepted reports whether a text can be run: a command of the shell's own, whole
// statements, or nothing.
func accepted(text string) bool {
	trimmed := strings.TrimSpace(text)
	if _, ok := shellCommand(trimmed); ok {
		return true
	}
	if body, ok := verticalBody(trimmed); ok && sqlstream.IsComplete(body+";") {
		return true
	}
	return sqlstream.IsComplete(text)
}

// verticalBody takes \G off the end of a statement.
func verticalBody(text string) (string, bool) {
	body, ok := strings.CutSuffix(strings.TrimRight(strings.TrimSpace(text), ";"), `\G`)
	return body, ok
}

// stateDir is where the system keeps what a program remembers between runs.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "sqlstream"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "sqlstream"), nil
}

// historyFile returns the file that the history is kept in, which exists.
func historyFile() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "history")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	return name, f.Close()
}

// A completer offers what may stand at the cursor.
type completer struct {
	suggest func(prefix string) []sqlstream.Suggestion
}

// Do implements readline.AutoCompleter: what is to be added to the word before the
// cursor, and how long that is.
func (c *completer) Do(line []rune, pos int) (added [][]rune, length int) {
	prefix := wordBefore(line, pos)
	if prefix == "" {
		return nil, 0
	}
	lower := strings.ToLower(prefix) == prefix
	for _, s := range c.suggest(prefix) {
		text := s.Text
		switch s.Kind {
		case "function":
			text += "("
		case "keyword":
			if lower {
				text = strings.ToLower(text)
			}
			text += " "
		}
		if rest := []rune(text)[len([]rune(prefix)):]; !slices.ContainsFunc(added, func(a []rune) bool { return slices.Equal(a, rest) }) {
			added = append(added, rest)
		}
	}
	return added, len([]rune(prefix))
}

// wordBefore returns the part before the cursor of the word that it stands in or
// behind; a quote may begin it.
func wordBefore(line []rune, cursor int) string {
	at := min(cursor, len(line))
	start := at
	for start > 0 && (line[start-1] == '_' || line[start-1] == '.' && quotedBefore(line[:start]) || unicode.IsLetter(line[start-1]) || unicode.IsDigit(line[start-1])) {
		start--
	}
	if start > 0 && line[start-1] == '\'' {
		start--
	}
	return string(line[start:at])
}

// quotedBefore reports whether the line ends inside a quoted text.
func quotedBefore(line []rune) bool { return strings.Count(string(line), "'")%2 == 1 }

// plainEditor reads lines from a terminal without any editing of its own.
type plainEditor struct{ in *bufio.Reader }

// read implements editor.
func (e *plainEditor) read() (string, error) {
	text := ""
	for fmt.Print(prompt); ; fmt.Print(promptMore) {
		line, err := e.in.ReadString('\n')
		text += line
		if err != nil {
			if text != "" && errors.Is(err, io.EOF) {
				return text, nil
			}
			return "", err
		}
		if accepted(text) {
			return text, nil
		}
	}
}

func (e *plainEditor) output() io.Writer { return os.Stdout }

func (e *plainEditor) close() {}
