package sqltest

import (
	"fmt"
	"slices"
	"strings"
)

// A Script is a test file: commands, each with what it is given and what it must
// print.
type Script struct {
	Name   string
	Blocks []*Block
	end    string // what stands behind the last block
}

// A Block is one command of a script.
type Block struct {
	Line  int // of the command, from 1
	Cmd   string
	Args  []Arg
	Input string
	Want  string // with a newline at the end of each line

	head string // the text up to the separator: comments, command, input
}

// An Arg is key, key=value or key=(value, value) behind a command.
type Arg struct {
	Key  string
	Vals []string
}

// separator stands between what a command is given and what it prints. Two of them
// on each side enclose an output with empty lines.
const separator = "----"

// Parse reads a script. The form is that of github.com/cockroachdb/datadriven, whose
// runner belongs to go test while scripts are also run by a command.
func Parse(name, text string) (*Script, error) {
	s := &Script{Name: name}
	p := &scriptReader{lines: strings.SplitAfter(text, "\n")}
	for {
		b, err := p.block()
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, p.at, err)
		}
		if b == nil {
			s.end = p.head.String()
			return s, nil
		}
		s.Blocks = append(s.Blocks, b)
	}
}

type scriptReader struct {
	lines []string
	at    int // lines read
	head  strings.Builder
}

// next returns the next line without its end.
func (p *scriptReader) next() (string, bool) {
	if p.at >= len(p.lines) || p.at == len(p.lines)-1 && p.lines[p.at] == "" {
		return "", false
	}
	p.at++
	return strings.TrimRight(p.lines[p.at-1], "\r\n"), true
}

func (p *scriptReader) keep(line string) { p.head.WriteString(line + "\n") }

// block reads one command; nil at the end of the text.
func (p *scriptReader) block() (*Block, error) {
	p.head.Reset()
	line, err := p.command()
	if err != nil || line == "" {
		return nil, err
	}
	b := &Block{Line: p.at}
	if b.Cmd, b.Args, err = parseCommand(line); err != nil {
		return nil, err
	}
	var input []string
	for {
		line, ok := p.next()
		if !ok {
			return nil, fmt.Errorf("%s has no line of %s", b.Cmd, separator)
		}
		if line == separator {
			break
		}
		p.keep(line)
		input = append(input, line)
	}
	b.Input = strings.TrimSpace(strings.Join(input, "\n"))
	b.head = p.head.String()
	b.Want, err = p.want()
	return b, err
}

// command passes over comments and empty lines; "" at the end of the text.
func (p *scriptReader) command() (string, error) {
	for {
		line, ok := p.next()
		if !ok {
			return "", nil
		}
		p.keep(line)
		if line = strings.TrimSpace(line); line == separator {
			return "", fmt.Errorf("%s without a command before it", separator)
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			return line, nil
		}
	}
}

func (p *scriptReader) want() (string, error) {
	var out strings.Builder
	line, ok := p.next()
	if ok && line == separator {
		return p.longWant()
	}
	for ; ok && strings.TrimSpace(line) != ""; line, ok = p.next() {
		out.WriteString(line + "\n")
	}
	return out.String(), nil
}

// longWant reads an output that holds empty lines.
func (p *scriptReader) longWant() (string, error) {
	var out strings.Builder
	for {
		line, ok := p.next()
		if !ok {
			return "", fmt.Errorf("the output does not end with two lines of %s", separator)
		}
		if line == separator && p.at < len(p.lines) && strings.TrimRight(p.lines[p.at], "\r\n") == separator {
			p.at++
			if line, ok := p.next(); ok && line != "" {
				return "", fmt.Errorf("an empty line must follow the output")
			}
			return out.String(), nil
		}
		out.WriteString(line + "\n")
	}
}

func parseCommand(line string) (string, []Arg, error) {
	cmd, rest, _ := strings.Cut(line, " ")
	var args []Arg
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		n := strings.IndexAny(rest, " =")
		if n < 0 {
			return cmd, append(args, Arg{Key: rest}), nil
		}
		a := Arg{Key: rest[:n]}
		if rest[n] == '=' {
			var value string
			var err error
			if value, rest, err = cutValue(rest[n+1:]); err != nil {
				return "", nil, fmt.Errorf("%s %s: %w", cmd, a.Key, err)
			}
			for v := range strings.SplitSeq(value, ",") {
				a.Vals = append(a.Vals, strings.TrimSpace(v))
			}
		} else {
			rest = rest[n:]
		}
		args = append(args, a)
	}
	return cmd, args, nil
}

// cutValue divides a line behind its first value: a word, or words in parentheses.
func cutValue(line string) (value, rest string, err error) {
	if !strings.HasPrefix(line, "(") {
		value, rest, _ = strings.Cut(line, " ")
		return value, rest, nil
	}
	value, rest, closed := strings.Cut(line[1:], ")")
	if !closed {
		return "", "", fmt.Errorf("an open parenthesis in %q", line)
	}
	return value, rest, nil
}

// Format writes the script with what its commands printed: got holds a text for each
// block.
func (s *Script) Format(got []string) string {
	var out strings.Builder
	for i, b := range s.Blocks {
		out.WriteString(b.head + separator + "\n")
		text := got[i]
		long := slices.ContainsFunc(strings.Split(strings.TrimSuffix(text, "\n"), "\n"), func(l string) bool { return strings.TrimSpace(l) == "" }) && text != ""
		if long {
			text = separator + "\n" + text + separator + "\n" + separator + "\n"
		}
		out.WriteString(text)
		if i < len(s.Blocks)-1 || s.end != "" {
			out.WriteString("\n")
		}
	}
	return out.String() + s.end
}

// has reports an argument without a value.
func (b *Block) has(key string) bool {
	return slices.ContainsFunc(b.Args, func(a Arg) bool { return a.Key == key })
}

// only reports an argument that a command does not know: what it says would be passed
// over in silence.
func (b *Block) only(keys ...string) error {
	for _, a := range b.Args {
		if !slices.Contains(keys, a.Key) {
			return fmt.Errorf("%s knows no argument %s; there is %s", b.Cmd, a.Key, strings.Join(keys, ", "))
		}
	}
	return nil
}

// value returns an argument's first value, "" where it is not there.
func (b *Block) value(key string) string {
	if v := b.values(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (b *Block) values(key string) []string {
	for _, a := range b.Args {
		if a.Key == key {
			return a.Vals
		}
	}
	return nil
}

// name returns the first argument, which names a table or a query.
func (b *Block) name() (string, error) {
	if len(b.Args) == 0 || b.Args[0].Vals != nil {
		return "", fmt.Errorf("%s takes a name", b.Cmd)
	}
	return b.Args[0].Key, nil
}
