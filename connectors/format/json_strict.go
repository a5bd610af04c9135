package format

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/zset"
)

// maxJSONDepth bounds nesting, as encoding/json does.
const maxJSONDepth = 10000

// A jsonStrict reads a record by the grammar from its first byte to its last, and
// notes where the value of each column stands. Only then are they put into columns.
type jsonStrict struct {
	root   *jsonNode
	cols   []int         // payload columns
	names  []*jsonMember // by column
	values *jsonValues

	s     []byte
	at    int
	depth int
	spans []jsonSpan // by column
	named []naming   // by member, in the object that is being read
}

// A jsonSpan is where a value stands, its end 0 where there is none.
type jsonSpan struct{ from, to int }

// A naming says under which name a member has been seen.
type naming uint8

const (
	unseen naming = iota
	otherCase
	exactCase
)

func newJSONStrict(root *jsonNode, members int, payload []int, columns int, values *jsonValues) *jsonStrict {
	d := &jsonStrict{
		root: root, cols: payload, values: values,
		names: make([]*jsonMember, columns), spans: make([]jsonSpan, columns), named: make([]naming, members),
	}
	var name func(n *jsonNode)
	name = func(n *jsonNode) {
		for _, m := range n.members {
			if m.col >= 0 {
				d.names[m.col] = m
			}
			if m.kids != nil {
				name(m.kids)
			}
		}
	}
	name(root)
	return d
}

// record reads one record into the payload columns. Where the record is JSON and
// only a value does not fit its column, that is NULL, the others stand, and the
// error is a *misfit.
func (d *jsonStrict) record(s []byte, b *zset.Builder) error {
	if err := d.find(s); err != nil {
		return err
	}
	var first error
	for _, at := range d.cols {
		span := d.spans[at]
		if span.to == 0 {
			b.Cols[at].AppendNull()
			continue
		}
		if err := d.values.put(b.Cols[at], s[span.from:span.to]); err != nil {
			b.Cols[at].AppendNull()
			if first == nil {
				first = &misfit{d.names[at].name, err}
			}
		}
	}
	return first
}

// find notes where the values of the columns stand.
func (d *jsonStrict) find(s []byte) error {
	d.s, d.at, d.depth = s, 0, 0
	d.blanks()
	if d.peek() != '{' {
		if err := d.whole(d.skip); err != nil {
			return err
		}
		return errors.New("the value is not a JSON object")
	}
	return d.whole(func() error { return d.object(d.root) })
}

// whole reads a value and what stands around it.
func (d *jsonStrict) whole(value func() error) error {
	if err := value(); err != nil {
		return err
	}
	if d.blanks(); d.at < len(d.s) {
		return d.syntax("text behind the value")
	}
	return nil
}

func (d *jsonStrict) syntax(what string) error {
	if d.at >= len(d.s) {
		return fmt.Errorf("the JSON ends too early, at byte %d", d.at)
	}
	return fmt.Errorf("invalid JSON: %s at byte %d", what, d.at)
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (d *jsonStrict) blanks() {
	for d.at < len(d.s) && isBlank(d.s[d.at]) {
		d.at++
	}
}

func (d *jsonStrict) peek() byte {
	if d.at < len(d.s) {
		return d.s[d.at]
	}
	return 0
}

// forget has no member of an object seen yet.
func (d *jsonStrict) forget(n *jsonNode) {
	for _, m := range n.members {
		d.named[m.id] = unseen
		if m.col >= 0 {
			d.spans[m.col] = jsonSpan{}
		}
		if m.kids != nil {
			d.forget(m.kids)
		}
	}
}

// object reads an object with wanted members.
func (d *jsonStrict) object(n *jsonNode) error {
	d.forget(n) // also what an earlier object of the same name held
	return d.members('}', func() error {
		name, err := d.name()
		if err != nil {
			return err
		}
		m, exact := n.find(name)
		if m == nil || d.named[m.id] == exactCase && !exact {
			return d.skip()
		}
		d.named[m.id] = otherCase
		if exact {
			d.named[m.id] = exactCase
		}
		return d.member(m)
	})
}

func (d *jsonStrict) member(m *jsonMember) error {
	from := d.at
	var err error
	switch {
	case m.kids == nil:
		err = d.skip()
	case d.peek() == '{':
		err = d.object(m.kids)
	default:
		d.forget(m.kids)
		err = d.skip()
	}
	if m.col >= 0 {
		d.spans[m.col] = jsonSpan{from, d.at}
	}
	return err
}

// name reads a member's name and the colon behind it.
func (d *jsonStrict) name() (string, error) {
	if d.peek() != '"' {
		return "", d.syntax("a name in quotes is missing")
	}
	from := d.at
	if err := d.skipString(); err != nil {
		return "", err
	}
	name := string(d.values.unquote(d.s[from:d.at]))
	d.blanks()
	if d.peek() != ':' {
		return "", d.syntax("':' is missing")
	}
	d.at++
	d.blanks()
	return name, nil
}

// members reads the members of an object or array, each with one.
func (d *jsonStrict) members(end byte, one func() error) error {
	if d.depth++; d.depth > maxJSONDepth {
		return d.syntax("too deep nesting")
	}
	d.at++
	d.blanks()
	for first := true; ; first = false {
		if d.peek() == end && first {
			break
		}
		if err := one(); err != nil {
			return err
		}
		d.blanks()
		if d.peek() == end {
			break
		}
		if d.peek() != ',' {
			return d.syntax("',' or '" + string(end) + "' is missing")
		}
		d.at++
		d.blanks()
	}
	d.at++
	d.depth--
	return nil
}

// skip reads any value by the grammar and forgets it.
func (d *jsonStrict) skip() error {
	switch c := d.peek(); {
	case c == '"':
		return d.skipString()
	case c == '{':
		return d.members('}', func() error {
			if _, err := d.name(); err != nil {
				return err
			}
			return d.skip()
		})
	case c == '[':
		return d.members(']', d.skip)
	case c == 't':
		return d.word("true")
	case c == 'f':
		return d.word("false")
	case c == 'n':
		return d.word("null")
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	return d.syntax("a value is missing")
}

func (d *jsonStrict) word(w string) error {
	for i := range len(w) {
		if d.peek() != w[i] {
			return d.syntax("an unknown word")
		}
		d.at++
	}
	return nil
}

func (d *jsonStrict) digits() (n int) {
	for d.at < len(d.s) && d.s[d.at]-'0' <= 9 {
		d.at++
		n++
	}
	return n
}

func (d *jsonStrict) number() error {
	if d.peek() == '-' {
		d.at++
	}
	first := d.peek()
	if n := d.digits(); n == 0 || n > 1 && first == '0' {
		return d.syntax("a malformed number")
	}
	if d.peek() == '.' {
		d.at++
		if d.digits() == 0 {
			return d.syntax("a malformed number")
		}
	}
	if d.peek()|0x20 == 'e' {
		d.at++
		if c := d.peek(); c == '+' || c == '-' {
			d.at++
		}
		if d.digits() == 0 {
			return d.syntax("a malformed number")
		}
	}
	return nil
}

func (d *jsonStrict) skipString() error {
	for d.at++; ; {
		switch c := d.peek(); {
		case d.at >= len(d.s):
			return d.syntax("")
		case c == '"':
			d.at++
			return nil
		case c < ' ':
			return d.syntax("a control character in a string")
		case c == '\\':
			if err := d.escape(); err != nil {
				return err
			}
		default:
			d.at++
		}
	}
}

func (d *jsonStrict) escape() error {
	d.at++
	if c := d.peek(); c != 'u' {
		if escapes[c] == 0 {
			return d.syntax("an unknown escape")
		}
		d.at++
		return nil
	}
	d.at++
	for range 4 {
		if c := d.peek(); hexDigit(c) < 0 {
			return d.syntax("a malformed \\u escape")
		}
		d.at++
	}
	return nil
}
