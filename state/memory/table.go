package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/hugepage"
)

// A table maps hashes to groups by linear probing. It knows 32 bits of each hash:
// who looks a key up compares it with the group's. The table is divided into parts,
// each with a load of its own at which it grows: growth is spread over time, and no
// call stops to rehash everything.
type table struct {
	parts [partCount]part
	next  [2]generation // memory for the sizes that parts grow to at present
}

// A generation is memory for parts of one size, side by side. It is garbage as a
// whole when the last of them has grown out of it.
type generation struct {
	slots int // of a part
	rest  []byte
}

const (
	partBits  = 6
	partCount = 1 << partBits
	partShift = 64 - partBits // the top bits of a hash name its part
)

type part struct {
	slots []slot // a power of two
	used  int
	limit int // at this many groups it grows
}

// A slot is empty where gid is 0; otherwise it is the group gid-1. Its hash is the
// low half of the group's hash, whose lowest bits say where it belongs.
type slot struct {
	hash uint32
	gid  int32
}

const slotSize = int(unsafe.Sizeof(slot{}))

// emptySlots is what a part begins with: one slot that is never filled.
var emptySlots = make([]slot, 1)

func newTable() table {
	var t table
	for i := range t.parts {
		t.parts[i].slots = emptySlots
	}
	return t
}

// home copies the slot where each hash belongs. The loads do not wait for one
// another, so that probing then finds what it needs in cache.
func (t *table) home(hashes []uint64, out []slot) {
	out = out[:len(hashes)]
	for i, h := range hashes {
		slots := t.parts[h>>partShift].slots
		out[i] = slots[h&uint64(len(slots)-1)]
	}
}

// A probe walks over the groups that may have a hash.
type probe struct {
	slots []slot
	at    uint64
	hash  uint32
}

func (t *table) probe(hash uint64) probe {
	slots := t.parts[hash>>partShift].slots
	return probe{slots, hash & uint64(len(slots)-1), uint32(hash)}
}

// next returns the next group that may have the hash, -1 at the end.
func (p *probe) next() int32 {
	mask := uint64(len(p.slots) - 1)
	for {
		s := p.slots[p.at&mask]
		p.at++
		if s.gid == 0 {
			return -1
		}
		if s.hash == p.hash {
			return s.gid - 1
		}
	}
}

// insert puts a group in whose key is known to be absent.
func (t *table) insert(hash uint64, g int32) {
	index := int(hash >> partShift)
	p := &t.parts[index]
	if p.used >= p.limit {
		t.grow(index)
	}
	p.place(slot{uint32(hash), g + 1})
	p.used++
}

func (p *part) place(s slot) {
	mask := uint32(len(p.slots) - 1)
	at := s.hash & mask
	for p.slots[at].gid != 0 {
		at = (at + 1) & mask
	}
	p.slots[at] = s
}

// grow doubles a part. The parts' limits lie between a quarter and a half of their
// slots, so that they grow one after the other for ever, and a key is mostly found
// where it belongs.
func (t *table) grow(index int) {
	p := &t.parts[index]
	old := p.slots
	n := max(8, 2*len(old))
	p.slots = t.make(n)
	p.limit = n/4 + n/4*index/partCount
	for _, s := range old {
		if s.gid != 0 {
			p.place(s)
		}
	}
}

// maxShared is how much memory a generation shares: beyond, each part is large
// enough to be by itself.
const maxShared = 32 << 20

// make returns n empty slots for a part.
func (t *table) make(n int) []slot {
	size := n * slotSize
	if size*partCount > maxShared {
		return slotsOver(hugepage.Make(size))
	}
	old := 0
	for i := range t.next {
		g := &t.next[i]
		if g.slots == n && len(g.rest) >= size {
			out := g.rest[:size:size]
			g.rest = g.rest[size:]
			return slotsOver(out)
		}
		if g.slots < t.next[old].slots {
			old = i
		}
	}
	t.next[old] = generation{n, hugepage.Make(size * partCount)}
	return t.make(n)
}

func slotsOver(b []byte) []slot {
	return unsafe.Slice((*slot)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/slotSize)
}

// remove takes a group out, moving back the slots behind it that belong there.
func (t *table) remove(g int32, hash uint64) {
	p := &t.parts[hash>>partShift]
	mask := uint32(len(p.slots) - 1)
	at := uint32(hash) & mask
	for p.slots[at].gid != g+1 {
		at = (at + 1) & mask
	}
	for next := (at + 1) & mask; p.slots[next].gid != 0; next = (next + 1) & mask {
		home := p.slots[next].hash & mask
		if (next-home)&mask >= (next-at)&mask {
			p.slots[at] = p.slots[next]
			at = next
		}
	}
	p.slots[at] = slot{}
	p.used--
}

// crowded reports that clearing the table costs less than taking its groups out.
func (t *table) crowded() bool {
	slots, used := 0, 0
	for i := range t.parts {
		slots += len(t.parts[i].slots)
		used += t.parts[i].used
	}
	return used*16 > slots
}

func (t *table) clear() {
	for i := range t.parts {
		if p := &t.parts[i]; p.used > 0 {
			clear(p.slots)
			p.used = 0
		}
	}
}

func (t *table) bytes() int64 {
	n := len(t.next[0].rest) + len(t.next[1].rest)
	for i := range t.parts {
		n += len(t.parts[i].slots) * slotSize
	}
	return int64(n)
}
