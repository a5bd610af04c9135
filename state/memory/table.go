package memory

import "unsafe"

// A table maps hashes to groups by linear probing. It is divided into parts, each
// with a load of its own at which it grows: growth is spread over time, and no call
// stops to rehash everything.
type table struct{ parts [partCount]part }

const (
	partCount = 64
	partShift = 64 - 6 // the top bits of a hash name its part
)

type part struct {
	slots []slot // a power of two
	used  int
	limit int // at this many groups it grows
}

// A slot is empty where gid is 0; otherwise it is the group gid-1. Its key is the
// group's word where keys are words, and else the key's hash.
type slot struct {
	key uint64
	gid int32
}

// emptySlots is what a part begins with: one slot that is never filled.
var emptySlots = make([]slot, 1)

func newTable() table {
	var t table
	for i := range t.parts {
		t.parts[i].slots = emptySlots
	}
	return t
}

func (t *table) part(hash uint64) *part { return &t.parts[hash>>partShift] }

// home copies the slot where each hash belongs. The loads do not wait for one
// another, so that probing then finds what it needs in cache.
func (t *table) home(hashes []uint64, out []slot) {
	out = out[:len(hashes)]
	for i, h := range hashes {
		slots := t.parts[h>>partShift].slots
		out[i] = slots[h&uint64(len(slots)-1)]
	}
}

// insert puts a group in, whose key is known to be absent. words says that slots
// are placed by the mix of their key.
func (t *table) insert(hash, key uint64, g int32, words bool) {
	p := t.part(hash)
	if p.used >= p.limit {
		p.grow(int(hash>>partShift), words)
	}
	p.place(hash, slot{key, g + 1})
	p.used++
}

func (p *part) place(hash uint64, s slot) {
	mask := uint64(len(p.slots) - 1)
	at := hash & mask
	for p.slots[at].gid != 0 {
		at = (at + 1) & mask
	}
	p.slots[at] = s
}

// grow doubles a part. The parts' limits lie between three eighths and three
// quarters of their slots, so that they grow one after the other for ever.
func (p *part) grow(index int, words bool) {
	old := p.slots
	n := max(8, 2*len(old))
	p.slots = make([]slot, n)
	p.limit = 3*n/8 + 3*n/8*index/partCount
	for _, s := range old {
		if s.gid != 0 {
			p.place(placedBy(s, words), s)
		}
	}
}

func placedBy(s slot, words bool) uint64 {
	if words {
		return mixWord(s.key)
	}
	return s.key
}

// remove takes a group out, moving back the slots behind it that belong there.
func (t *table) remove(g int32, hash uint64, words bool) {
	p := t.part(hash)
	mask := uint64(len(p.slots) - 1)
	at := hash & mask
	for p.slots[at].gid != g+1 {
		at = (at + 1) & mask
	}
	for next := (at + 1) & mask; p.slots[next].gid != 0; next = (next + 1) & mask {
		home := placedBy(p.slots[next], words) & mask
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
		p := &t.parts[i]
		if p.used > 0 {
			clear(p.slots)
			p.used = 0
		}
	}
}

func (t *table) bytes() int64 {
	n := int64(0)
	for i := range t.parts {
		n += int64(len(t.parts[i].slots)) * int64(unsafe.Sizeof(slot{}))
	}
	return n
}
