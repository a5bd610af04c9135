package memory

import (
	"bytes"
	"math/bits"

	"github.com/sqlstream/sqlstream/vec"
)

// age is in which of a few classes a group lies by when it was used last.
func (m *Map) age(g int32) int { return bits.Len32(m.epoch - m.header(g).tag) }

const ages = 33

// runBytes is how many bytes of keys are sorted at a time to be written.
const runBytes = 2 << 20

// pinned reports that a group has to stay: it is dirty, or the next Save asks for it.
func (m *Map) pinned(g int32) bool {
	return m.header(g).tag == m.epoch || m.changes != nil && m.changes.touched.has(g)
}

// evict moves groups out of memory, those that were not used for long first, until it
// holds no more than so many bytes, as far as may be.
func (m *Map) evict(keep int64) {
	c, held := m.cold, m.bytes()
	if c == nil || held <= keep || m.live == 0 {
		return
	}
	var classes [ages]int
	all := m.groupRows.all(nil)
	for _, g := range all {
		if !m.pinned(g) {
			classes[m.age(g)]++
		}
	}
	loose := 0
	for _, n := range classes {
		loose += n
	}
	stay := max(int(int64(m.live)*keep/held)-(m.live-loose), 0) // of those that are not pinned
	var stays, goes []int32
	left := youngest(classes[:], stay)
	for _, g := range all {
		switch {
		case m.pinned(g):
			stays = append(stays, g)
		case left[m.age(g)] > 0:
			left[m.age(g)]--
			stays = append(stays, g)
		default:
			goes = append(goes, g)
		}
	}
	if len(goes) == 0 {
		return
	}
	m.store(goes)
	m.rebuild(stays)
}

// youngest says how many of each class are among the first n of all, the lowest class
// first.
func youngest(classes []int, n int) []int {
	left := make([]int, len(classes))
	for i, size := range classes {
		left[i] = min(size, n)
		n -= left[i]
	}
	return left
}

// store writes groups that are about to leave memory, very many at a time: in few runs of keys
// in order, which cost little to write, and of which a lookup later asks few.
func (m *Map) store(gids []int32) {
	c := m.cold
	var keys sortedKeys
	put := func() {
		for i, key := range keys.sort(bytes.Compare) {
			g := keys.of(i)
			c.rows.Set(key, m.row(g))
			if *markOf(&c.marks, g)&storedMark == 0 {
				c.n++
				c.bytes += int64(len(key) + m.width)
			}
		}
		keys.reset()
	}
	for len(gids) > 0 {
		part := gids[:min(len(gids), vec.BatchRows)]
		gids = gids[len(part):]
		fresh := c.gids[:0]
		for _, g := range part {
			mark := *markOf(&c.marks, g)
			if mark&storedMark == 0 {
				fresh = append(fresh, g)
			} else {
				c.both--
			}
			if mark != storedMark {
				keys.data = m.appendKeyOf(keys.data, g)
				keys.end(g)
			}
		}
		if c.expiry != nil {
			m.eachExpiry(fresh, func(_ int32, key, value []byte) { c.expiry.Set(key, value) })
		}
		if c.gids = fresh; len(keys.data) > runBytes {
			put()
		}
	}
	put()
	c.flush()
}

// rebuild makes the map anew of some of its groups, which get other gids.
func (m *Map) rebuild(stays []int32) {
	fresh := newMap(m.shape)
	fresh.hash, fresh.epoch, fresh.moving = m.hash, m.epoch, true
	var marks []uint8
	var touched, young bitmap
	moved := make([]int32, m.groups)
	batch, gids := newKeyBatch(m.shape.Keys), make([]int32, vec.BatchRows)
	for rest := stays; len(rest) > 0; {
		part := rest[:min(len(rest), vec.BatchRows)]
		rest = rest[len(part):]
		batch.reset()
		m.Keys(part, batch.cols)
		fresh.find(batch.columns(), len(part), gids[:len(part)], true)
		for i, old := range part {
			g := gids[i]
			moved[old] = g
			fresh.header(g).tag = m.header(old).tag
			copy(fresh.row(g), m.row(old))
			if m.cold != nil {
				*markOf(&marks, g) = *markOf(&m.cold.marks, old)
			}
			if m.changes != nil && m.changes.touched.has(old) {
				touched.set(g)
			}
			if m.changes != nil && m.changes.young.has(old) {
				young.set(g)
			}
		}
	}
	if m.cold != nil {
		m.cold.marks = marks
	}
	if m.changes != nil {
		m.changes.touched, m.changes.young = touched, young
	}
	for i, g := range m.dirty {
		m.dirty[i] = moved[g]
	}
	if len(m.dirty) == 0 {
		m.old = newPages(m.width)
	}
	m.table, m.null, m.arena, m.expiry = fresh.table, fresh.null, fresh.arena, fresh.expiry
	m.rows, m.groups, m.free, m.live, m.fresh = fresh.rows, fresh.groups, fresh.free, fresh.live, fresh.fresh
}
