package format

import (
	"encoding/binary"
	"math/bits"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A jsonShape is an object with wanted members as it was met so far: every name in
// it, wanted or not, as it is written, and which names followed it.
type jsonShape struct {
	node   *jsonNode
	kids   map[*jsonNode]*jsonShape
	names  []jsonName // never moved: at most maxNames
	table  []uint16   // hash of a name -> its place in names + 1, open addressing
	first  jsonFollow // names that came first in the object
	other  jsonName   // one that is not learned, there being too many
	types  []types.Type
	values *jsonValues
}

// A jsonName is a name with its quotes and colon, and what to do with its value.
type jsonName struct {
	literal string
	head    uint64 // the first eight bytes, what is beyond the literal being 0
	mask    uint64
	tail    uint64 // the last eight, of one that has eight
	op      jsonOp
	member  int32 // id of the wanted member
	col     int32 // position among the builder's columns
	kids    *jsonShape
	next    jsonFollow
}

// A jsonFollow is which names followed, to be tried first: 0 for none, else a place
// in names + 1.
type jsonFollow struct {
	at   [4]uint16
	turn uint8 // the one to be forgotten next
}

const (
	maxNames   = 256 // learned of one object; beyond are names that are data
	maxLiteral = 256 // bytes of a learned name
)

// matches reports whether the name stands at s[at:].
func (n *jsonName) matches(s []byte, at int) bool {
	end := at + len(n.literal)
	if at+8 > len(s) || end > len(s) || binary.LittleEndian.Uint64(s[at:])&n.mask != n.head {
		return false
	}
	if len(n.literal) <= 8 {
		return true
	}
	if binary.LittleEndian.Uint64(s[end-8:]) != n.tail {
		return false
	}
	return len(n.literal) <= 16 || string(s[at:end]) == n.literal
}

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

// lookup reads a name that was not foreseen and its colon, and notes that it came
// after some other. end is -1 where there is no well-formed name.
func (h *jsonShape) lookup(follow *jsonFollow, s []byte, at int) (n *jsonName, end int) {
	if s[at] != '"' {
		return nil, -1
	}
	quote := plain(s, at+1)
	if quote >= len(s) || s[quote] != '"' {
		if quote = skipQuoted(s, at) - 1; quote < 0 {
			return nil, -1
		}
	}
	end = quote + 1
	for end < len(s) && isBlank(s[end]) {
		end++
	}
	if end >= len(s) || s[end] != ':' {
		return nil, -1
	}
	end++
	literal := s[at:end]
	i := hashName(literal) & uint32(len(h.table)-1)
	for ; h.table[i] != 0; i = (i + 1) & uint32(len(h.table)-1) {
		if n := &h.names[h.table[i]-1]; n.literal == string(literal) {
			follow.note(h.table[i])
			return n, end
		}
	}
	n = h.learn(i, literal, s[at:quote+1])
	if h.table[i] != 0 {
		follow.note(h.table[i])
	}
	return n, end
}

func (f *jsonFollow) note(name uint16) {
	f.at[f.turn%uint8(len(f.at))] = name
	f.turn++
}

// learn makes a name known, unless there are too many.
func (h *jsonShape) learn(slot uint32, literal, quoted []byte) *jsonName {
	n := h.resolve(quoted)
	if len(h.names) >= maxNames || len(literal) > maxLiteral {
		h.other = n
		return &h.other
	}
	n.literal = string(literal)
	var word [8]byte
	k := copy(word[:], literal)
	n.head, n.mask = binary.LittleEndian.Uint64(word[:]), ^uint64(0)>>(64-8*k)
	if k == 8 {
		n.tail = binary.LittleEndian.Uint64(literal[len(literal)-8:])
	}
	h.names = append(h.names, n)
	h.table[slot] = uint16(len(h.names))
	return &h.names[len(h.names)-1]
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
		a, b = binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[n-8:])
	} else {
		for _, c := range s {
			a = a<<8 | uint64(c)
		}
	}
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xBF58476D1CE4E5B9^uint64(len(s))<<56)
	x := hi ^ lo
	return uint32(x ^ x>>32)
}
