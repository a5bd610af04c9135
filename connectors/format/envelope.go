package format

import (
	"bytes"
	"errors"
)

// An envelope finds members of an object around which a row stands. Most objects are
// read in one quick pass; what that does not know how to read, or finds wrong, the strict
// reader reads again.
type envelope struct {
	root   *envelopeNode
	strict *jsonStrict
	values *jsonValues

	s     []byte
	spans []jsonSpan // of the members; the end 0 where there is none
	seen  []int      // by member, the object in which it was seen last
	row   int
}

// An envelopeNode is an object of which some members are wanted.
type envelopeNode struct{ members []*envelopeMember }

type envelopeMember struct {
	name string
	id   int
	at   int // number of the path that ends here, -1 for none
	kids *envelopeNode
}

// newEnvelope makes an envelope of the members at some paths, numbered from 0.
func newEnvelope(paths ...string) *envelope {
	e := &envelope{root: &envelopeNode{}, values: &jsonValues{unit: 1000}, spans: make([]jsonSpan, len(paths))}
	root := newJSONNode()
	for i, path := range paths {
		steps, _ := jsonPath(path) // ours: they are paths
		root.path(steps).col = i
		e.path(steps).at = i
	}
	e.strict = newJSONStrict(root, root.number(0), nil, len(paths), e.values)
	return e
}

// path finds or makes the member at the end of some steps.
func (e *envelope) path(steps []string) *envelopeMember {
	n := e.root
	var m *envelopeMember
	for i, name := range steps {
		m = nil
		for _, known := range n.members {
			if known.name == name {
				m = known
			}
		}
		if m == nil {
			m = &envelopeMember{name: name, id: len(e.seen), at: -1}
			n.members, e.seen = append(n.members, m), append(e.seen, 0)
		}
		if i < len(steps)-1 && m.kids == nil {
			m.kids = &envelopeNode{}
		}
		n = m.kids
	}
	return m
}

// read reads an object from its first byte to its last.
func (e *envelope) read(object []byte) error {
	e.s = object
	e.row++
	clear(e.spans)
	if at := blanks(object, 0); at < len(object) && object[at] == '{' {
		if end := e.object(e.root, at, maxQuickDepth); end >= 0 && blanks(object, end) == len(object) {
			return nil
		}
	}
	err := e.strict.find(object)
	copy(e.spans, e.strict.spans)
	return err
}

// object reads an object and returns its end, -1 to give up.
func (e *envelope) object(n *envelopeNode, at, depth int) int {
	s := e.s
	if at = blanks(s, at+1); at < len(s) && s[at] == '}' {
		return at + 1
	}
	for at < len(s) && s[at] == '"' {
		name := at
		if at = skipText(s, at); at < 0 {
			return -1
		}
		m, ok := n.find(s[name+1 : at-1])
		if at = blanks(s, at); !ok || at >= len(s) || s[at] != ':' {
			return -1
		}
		if at = e.member(m, blanks(s, at+1), depth); at < 0 {
			return -1
		}
		if at = blanks(s, at); at >= len(s) {
			return -1
		}
		switch s[at] {
		case '}':
			return at + 1
		case ',':
			at = blanks(s, at+1)
		default:
			return -1
		}
	}
	return -1
}

// find returns the member of a name, nil for one that is not wanted, and false where
// letter case or an escape would have to be looked into.
func (n *envelopeNode) find(name []byte) (*envelopeMember, bool) {
	for _, m := range n.members {
		if string(name) == m.name {
			return m, true
		}
		if len(name) == len(m.name) && bytes.EqualFold(name, []byte(m.name)) {
			return nil, false
		}
	}
	return nil, bytes.IndexByte(name, '\\') < 0
}

// member reads the value of a member, which is wanted where m is not nil.
func (e *envelope) member(m *envelopeMember, at, depth int) int {
	if m == nil {
		return skipValue(e.s, at, depth)
	}
	if e.seen[m.id] == e.row {
		return -1 // the last one counts
	}
	e.seen[m.id] = e.row
	end := -1
	if m.kids != nil && at < len(e.s) && e.s[at] == '{' {
		end = e.object(m.kids, at, depth-1)
	} else {
		end = skipValue(e.s, at, depth)
	}
	if m.at >= 0 {
		e.spans[m.at] = jsonSpan{at, end}
	}
	return end
}

// raw is a member as it is written, nil where it is missing or null.
func (e *envelope) raw(i int) []byte {
	span := e.spans[i]
	if span.to == 0 {
		return nil
	}
	if v := e.s[span.from:span.to]; string(v) != "null" {
		return v
	}
	return nil
}

// text is a member that is a text, nil where it is missing or null.
func (e *envelope) text(i int) ([]byte, error) {
	raw := e.raw(i)
	switch {
	case raw == nil:
		return nil, nil
	case raw[0] != '"':
		return nil, errors.New("the member op is not a text")
	}
	return e.values.unquote(raw), nil
}
