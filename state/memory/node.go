package memory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

const (
	nodeSize  = 4096
	nodeHead  = 64
	maxPrefix = nodeHead - 24
	maxInline = 512 // a longer key is in the arena
)

// A node of an Ordered keeps keys in ascending order. What all of them begin with stands
// once; of the rest, the first 16 bytes of each stand in its entry, and are mostly all that
// a search looks at, and what is behind them in a record. Entries grow from the front of the
// body, records from its end.
//
// In a leaf a key has a weight. In another node it has a child, with the keys from it on up
// to the next; those below the first are in the child called first.
type node struct {
	n          uint16 // entries
	top        uint16 // where in the body the records begin
	dead       uint16 // bytes of records that belong to no entry
	level      uint8  // above the leaves
	prefix     uint8  // bytes of common
	first      int32
	next, prev int32  // of a leaf: the leaves beside it, -1 for none
	last       uint32 // of a leaf: when, by the set's clock
	common     [maxPrefix]byte
	body       [nodeSize - nodeHead]byte
}

// An entry is a key and what it has.
type entry struct {
	head head   // of what follows the prefix
	val  int32  // the weight or the child; wideWeight where the weight is in the record
	off  uint16 // where in the body the record is, and marks above that
	len  uint16 // of what follows the prefix; longKey where the key is in the arena
}

// A head is the beginning of a key, short keys filled up with zeros. Where two heads
// differ they order as their keys do.
type head struct{ hi, lo uint64 }

const (
	entrySize  = int(unsafe.Sizeof(entry{}))
	headBytes  = 16
	wideWeight = math.MinInt32
	longKey    = math.MaxUint16
	longRecord = 12 // where in the arena, and how long
)

// Marks in off: what a key of a leaf has to tell at the next Save.
const (
	changedKey = 1 << 15 // it may have another weight
	youngKey   = 1 << 14 // it was not there
	offMask    = 1<<12 - 1
	_          = uint(offMask - (nodeSize - nodeHead)) // any place fits
)

// at is where in the body the record is.
func (e *entry) at() int { return int(e.off & offMask) }

// An aim is a key as the keys of one node are compared with it.
type aim struct {
	head head
	len  int
	tail []byte // behind the head
}

// headOf is the head of what follows the first n bytes of a key.
func headOf(key []byte, n int) head {
	rest := key[n:]
	switch {
	case len(rest) >= headBytes:
		return head{binary.BigEndian.Uint64(rest), binary.BigEndian.Uint64(rest[8:])}
	case len(rest) >= 8:
		last := binary.BigEndian.Uint64(rest[len(rest)-8:])
		return head{binary.BigEndian.Uint64(rest), last << (8 * (headBytes - len(rest)))}
	case len(key) >= 8:
		return head{hi: binary.BigEndian.Uint64(key[len(key)-8:]) << (8 * (8 - len(rest)))}
	}
	var b [8]byte
	copy(b[:], rest)
	return head{hi: binary.BigEndian.Uint64(b[:])}
}

func (nd *node) entries() []entry {
	return unsafe.Slice((*entry)(unsafe.Pointer(&nd.body)), int(nd.n))
}

// child returns the i-th child, of which there are n+1.
func (nd *node) child(i int) int32 {
	if i == 0 {
		return nd.first
	}
	return nd.entries()[i-1].val
}

// aim compares a key with what all keys of the node begin with: -1 where it is below all
// of them, 1 where it is above, and 0 where it begins so, too.
func (nd *node) aim(key []byte) (aim, int) {
	n := int(nd.prefix)
	if n > 0 {
		if c := bytes.Compare(key[:min(n, len(key))], nd.common[:n]); c != 0 {
			return aim{}, c
		}
	}
	a := aim{head: headOf(key, n), len: len(key) - n}
	if a.len > headBytes {
		a.tail = key[n+headBytes:]
	}
	return a, 0
}

// recordSize is the bytes of an entry's record.
func (e *entry) recordSize() int {
	n := 0
	if e.val == wideWeight {
		n = 8
	}
	if e.len == longKey {
		return n + longRecord
	}
	return n + max(0, int(e.len)-headBytes)
}

// inline returns the record without the weight.
func (nd *node) inline(e *entry) []byte {
	from := e.at()
	if e.val == wideWeight {
		from += 8
	}
	return nd.body[from : e.at()+e.recordSize()]
}

// weight returns the weight of a leaf's entry.
func (nd *node) weight(e *entry) int64 {
	if e.val != wideWeight {
		return int64(e.val)
	}
	return int64(binary.NativeEndian.Uint64(nd.body[e.at():]))
}

func isWide(weight int64) bool { return weight <= math.MinInt32 || weight > math.MaxInt32 }

// free is the bytes between entries and records.
func (nd *node) free() int { return int(nd.top) - entrySize*int(nd.n) }

// used is the bytes of entries and their records.
func (nd *node) used() int { return len(nd.body) - nd.free() - int(nd.dead) }

// reset empties the node, for keys that begin with prefix.
func (nd *node) reset(prefix []byte) {
	nd.n, nd.dead, nd.top = 0, 0, uint16(len(nd.body))
	nd.prefix = uint8(copy(nd.common[:], prefix))
}

// longOf returns the whole of a key that is in the arena.
func (o *Ordered) longOf(nd *node, e *entry) []byte {
	r := nd.inline(e)
	return o.arena.at(binary.NativeEndian.Uint64(r), binary.NativeEndian.Uint32(r[8:]))
}

// compare compares the key of an entry with the one aimed at.
func (o *Ordered) compare(nd *node, e *entry, a *aim) int {
	switch {
	case e.head.hi != a.head.hi:
		return cmp.Compare(e.head.hi, a.head.hi)
	case e.head.lo != a.head.lo:
		return cmp.Compare(e.head.lo, a.head.lo)
	case int(e.len) <= headBytes || a.len <= headBytes:
		return cmp.Compare(int(e.len), a.len)
	case e.len == longKey:
		return bytes.Compare(o.longOf(nd, e)[int(nd.prefix)+headBytes:], a.tail)
	}
	return bytes.Compare(nd.inline(e), a.tail)
}

// search returns the place of the first key of a node that is not below key, and whether it
// is key.
func (o *Ordered) search(nd *node, key []byte) (int, bool) {
	a, c := nd.aim(key)
	if c != 0 {
		return int(nd.n) * boolInt(c > 0), false
	}
	ents := nd.entries()
	low, hi := 0, a.head.hi
	for n := len(ents); n > 0; {
		half := (n + 1) >> 1
		_, below := bits.Sub64(ents[low+half-1].head.hi, hi, 0) // without a branch to guess
		low += half & -int(below)
		n -= half
	}
	if low == len(ents) || ents[low].head.hi != hi {
		return low, false
	}
	if c := o.compare(nd, &ents[low], &a); c >= 0 {
		return low, c == 0
	}
	low++
	for n := len(ents) - low; n > 0; {
		half := n >> 1
		if o.compare(nd, &ents[low+half], &a) < 0 {
			low += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return low, low < len(ents) && o.compare(nd, &ents[low], &a) == 0
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// appendKey appends the i-th key of a node.
func (o *Ordered) appendKey(dst []byte, nd *node, i int) []byte {
	return o.appendRest(append(dst, nd.common[:nd.prefix]...), nd, &nd.entries()[i])
}

// appendRest appends to the prefix what follows it in an entry's key.
func (o *Ordered) appendRest(dst []byte, nd *node, e *entry) []byte {
	if e.len == longKey {
		return append(dst, o.longOf(nd, e)[nd.prefix:]...)
	}
	dst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, e.head.hi), e.head.lo)
	if e.len <= headBytes {
		return dst[:len(dst)-headBytes+int(e.len)]
	}
	return append(dst, nd.inline(e)...)
}

// A keyed is what a key has in a node.
type keyed struct {
	val  int64 // the weight or the child
	ref  uint64
	long bool // the key is in the arena, at ref

	marks uint16
}

// space is the bytes that a key takes in a node that has so many of it in common.
func space(key []byte, common int, val int64) int {
	n := entrySize
	if isWide(val) {
		n += 8
	}
	if len(key) > maxInline {
		return n + longRecord
	}
	return n + max(0, len(key)-common-headBytes)
}

// put makes an entry at i. The key begins as all of the node do, and there is room for it.
func (nd *node) put(i int, key []byte, v keyed) {
	e := entry{head: headOf(key, int(nd.prefix)), val: int32(v.val), len: uint16(len(key) - int(nd.prefix))}
	if isWide(v.val) {
		e.val = wideWeight
	}
	if v.long {
		e.len = longKey
	}
	nd.top -= uint16(e.recordSize())
	e.off = nd.top | v.marks
	at := int(nd.top)
	if e.val == wideWeight {
		binary.NativeEndian.PutUint64(nd.body[at:], uint64(v.val))
		at += 8
	}
	if v.long {
		binary.NativeEndian.PutUint64(nd.body[at:], v.ref)
		binary.NativeEndian.PutUint32(nd.body[at+8:], uint32(len(key)))
	} else if int(e.len) > headBytes {
		copy(nd.body[at:], key[int(nd.prefix)+headBytes:])
	}
	nd.n++
	ents := nd.entries()
	copy(ents[i+1:], ents[i:])
	ents[i] = e
}

// valueOf returns what the i-th key has.
func (nd *node) valueOf(i int) keyed {
	e := &nd.entries()[i]
	v := keyed{val: nd.weight(e), long: e.len == longKey, marks: e.off &^ offMask}
	if v.long {
		v.ref = binary.NativeEndian.Uint64(nd.inline(e))
	}
	return v
}

// cut takes entries [from, to) out of a node; what it has of theirs in the arena stays.
func (nd *node) cut(from, to int) {
	ents := nd.entries()
	for i := from; i < to; i++ {
		nd.dead += uint16(ents[i].recordSize())
	}
	copy(ents[from:], ents[to:])
	nd.n -= uint16(to - from)
	if nd.n == 0 {
		nd.top, nd.dead = uint16(len(nd.body)), 0
	}
}

// commonOf is how many bytes two keys have in common at their beginnings, up to what a
// node keeps of them.
func commonOf(a, b []byte) int {
	n := min(len(a), len(b), maxPrefix)
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
