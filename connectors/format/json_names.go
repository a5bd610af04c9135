package format

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A jsonShape is an object with wanted members as it was met so far: every name in
// it, wanted or not, as it is written.
type jsonShape struct {
	node   *jsonNode
	kids   map[*jsonNode]*jsonShape
	names  []jsonName // never moved: at most maxNames
	table  []uint16   // hash of a name -> its place in names + 1, open addressing
	other  jsonName   // one that is not learned, there being too many
	types  []types.Type
	values *jsonValues
}

// A jsonName is a name with its quotes and colon, and what to do with its value.
type jsonName struct {
	literal string
	op      jsonOp
	member  int32 // id of the wanted member
	col     int32 // position among the builder's columns
	kids    *jsonShape
	after   jsonPlace
}

const (
	maxNames   = 256 // learned of one object; beyond are names that are data
	maxLiteral = 256 // bytes of what is learned
)

func newJSONShape(node *jsonNode, columns []types.Type, values *jsonValues) *jsonShape {
	h := &jsonShape{node: node, kids: map[*jsonNode]*jsonShape{}, types: columns, values: values}
	h.names = make([]jsonName, 0, maxNames)
	h.table = make([]uint16, 4*maxNames)
	for _, m := range node.members {
		if m.kids != nil {
			h.kids[m.kids] = newJSONShape(m.kids, columns, values)
		}
	}
	return h
}

// lookup reads a name and its colon. end is -1 where there is no well-formed one.
func (h *jsonShape) lookup(s []byte, at int) (n *jsonName, end int) {
	if s[at] != '"' {
		return nil, -1
	}
	if end = skipText(s, at); end < 0 {
		return nil, -1
	}
	quoted := s[at:end]
	if end = blanks(s, end); end >= len(s) || s[end] != ':' {
		return nil, -1
	}
	end++
	literal := s[at:end]
	i := hashName(literal) & uint32(len(h.table)-1)
	for ; h.table[i] != 0; i = (i + 1) & uint32(len(h.table)-1) {
		if n := &h.names[h.table[i]-1]; n.literal == string(literal) {
			return n, end
		}
	}
	if len(h.names) == maxNames || len(literal) > maxLiteral {
		h.other = h.resolve(quoted)
		return &h.other, end
	}
	h.names = append(h.names, h.resolve(quoted))
	h.table[i] = uint16(len(h.names))
	n = &h.names[len(h.names)-1]
	n.literal = string(literal)
	return n, end
}

// resolve says what a name in quotes means.
func (h *jsonShape) resolve(quoted []byte) jsonName {
	m, _ := h.node.find(string(h.values.unquote(quoted)))
	if m == nil {
		return jsonName{op: opSkip}
	}
	n := jsonName{op: opObject, member: int32(m.id), col: int32(m.col)}
	if m.kids != nil {
		n.kids = h.kids[m.kids]
	}
	switch {
	case m.col >= 0 && m.kids != nil:
		n.op = opBoth
	case m.col >= 0:
		n.op = opOf(h.types[m.col])
	}
	return n
}

// hashName hashes the bytes of a name by its first and last eight and its length.
func hashName(s []byte) uint32 {
	var a, b uint64
	if n := len(s); n >= 8 {
		a, b = word(s, 0), word(s, n-8)
	} else {
		for _, c := range s {
			a = a<<8 | uint64(c)
		}
	}
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xBF58476D1CE4E5B9^uint64(len(s))<<56)
	x := hi ^ lo
	return uint32(x ^ x>>32)
}

// A jsonPlace is a place in a record behind a value, with the ways that records were
// seen to go on from there.
type jsonPlace struct{ steps []jsonStep }

// A jsonStep is what is written between two values that are read (a comma, the name,
// brackets of objects around it, blanks), and how the second one is read. A record
// whose layout has been seen is a walk from step to step: a comparison of a word or
// two, a value, and so on, without a look at the grammar, which the literal carries.
type jsonStep struct {
	literal string
	head    uint64 // its first eight bytes, what is beyond it being 0
	mask    uint64
	tail    uint64 // its last eight, the head where it has less
	back    int    // where those begin
	bits    uint64 // of the wanted member and the wanted objects that begin in the literal
	op      jsonOp
	plain   bool // head and tail are all that is to be compared
	guarded bool // what stands behind the literal decides: others begin like it
	col     int32
	next    *jsonPlace // behind the value
}

const (
	maxSteps  = 16  // from one place
	maxLeaves = 200 // values of a record that is learned
)

func newJSONStep(literal []byte) jsonStep {
	st := jsonStep{literal: string(literal)}
	var first [8]byte
	k := copy(first[:], literal)
	st.head, st.mask = binary.LittleEndian.Uint64(first[:]), ^uint64(0)>>(64-8*k)
	st.tail = st.head
	if k == 8 {
		st.back = len(literal) - 8
		st.tail = word(literal, st.back)
	}
	return st
}

// matches reports whether the literal, whose head does, stands at s[at:], and right
// behind it a value that this step is for.
func (st *jsonStep) matches(s []byte, at int) bool {
	end := at + len(st.literal)
	switch {
	case end >= len(s):
		return st.op == opEnd && string(s[at:]) == st.literal
	case string(s[at:end]) != st.literal:
		return false
	}
	return !st.guarded || st.op != opEnd && s[end] > ' ' && (st.op != opMissing || s[end] != '{')
}

// guard has steps look twice whose literals another one's begins with.
func (p *jsonPlace) guard(fresh *jsonStep) {
	fresh.guarded = fresh.op >= opMissing
	for i := range p.steps {
		switch st := &p.steps[i]; {
		case st == fresh:
		case strings.HasPrefix(fresh.literal, st.literal):
			st.guarded = true
			fresh.guarded = fresh.guarded || fresh.literal == st.literal
		case strings.HasPrefix(st.literal, fresh.literal):
			fresh.guarded = true
		}
	}
	for i := range p.steps {
		st := &p.steps[i]
		st.plain = !st.guarded && len(st.literal) <= 16
	}
}

// last finds the step where fewer than eight bytes of the record are left.
func (p *jsonPlace) last(s []byte, at int) *jsonStep {
	left := wordOrEnd(s, at)
	for i := range p.steps {
		st := &p.steps[i]
		if end := at + len(st.literal); end > len(s) || left&st.mask != st.head {
			continue
		} else if st.op == opEnd && end == len(s) || st.op != opEnd && st.matches(s, at) {
			return st
		}
	}
	return nil
}

// A jsonLeaf is a value that was read, and what stood between it and the one before.
type jsonLeaf struct {
	literal []byte
	op      jsonOp
	name    *jsonName
	opens   int // of the objects opened so far, those before it
}

// learn adds the way that a record went to the steps.
func (q *jsonQuick) learn() {
	place, opened := &q.start, 0
	for _, leaf := range q.leaves {
		var st *jsonStep
		for i := range place.steps {
			if s := &place.steps[i]; s.op == leaf.op && s.literal == string(leaf.literal) {
				st = s
				break
			}
		}
		if st == nil {
			if len(place.steps) == maxSteps || len(leaf.literal) > maxLiteral || !utf8.Valid(leaf.literal) {
				return
			}
			if place.steps == nil {
				place.steps = make([]jsonStep, 0, maxSteps) // never moved
			}
			place.steps = append(place.steps, newJSONStep(leaf.literal))
			st = &place.steps[len(place.steps)-1]
			st.op = leaf.op
			place.guard(st)
			for _, m := range q.opened[opened:leaf.opens] {
				st.bits |= 1 << m
			}
			if leaf.name != nil {
				st.col, st.next = leaf.name.col, &leaf.name.after
			}
			if leaf.op != opSkip && leaf.op < opMissing {
				st.bits |= 1 << leaf.name.member
			}
		}
		place, opened = st.next, leaf.opens
	}
}
