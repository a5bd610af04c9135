package memory

import (
	"bytes"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A keyList is the byte keys of a call's rows: those of a column as they are, or
// encoded ones one after the other.
type keyList struct {
	column *vec.Vec
	data   []byte
	ends   []int
}

func (l *keyList) at(i int) []byte {
	if l.column != nil {
		return l.column.Bytes(i)
	}
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.data[start:l.ends[i]]
}

// findBytes finds the groups of keys in the arena, in passes: hashes; the slots
// where they belong; where the groups found there keep their keys; and the keys,
// which are compared. In each pass no row waits for another.
func (m *Map) findBytes(keys []*vec.Vec, gids []int32, add bool) {
	n := len(gids)
	list := m.keysOf(keys, n)
	hashes, found := m.hashes[:n], m.found[:n]
	for i := range hashes {
		hashes[i] = m.hash(list.at(i))
	}
	m.table.home(hashes, found)
	nullable := list.column != nil && list.column.Valid != nil
	for i, h := range hashes {
		switch s := &found[i]; {
		case nullable && list.column.IsNull(i):
			gids[i] = m.nullGroup(add)
		case s.key == h && s.gid != 0:
			gids[i] = s.gid - 1
		default:
			gids[i] = m.findKey(list.at(i), h, add)
		}
	}
	refs := m.words[:n]
	for i, g := range gids {
		if g >= 0 {
			refs[i] = m.key(g)[0]
		}
	}
	for i, g := range gids {
		if g < 0 || g == m.null {
			continue
		}
		if key := list.at(i); int(m.header(g).len) != len(key) || !bytes.Equal(m.arena.at(refs[i], uint32(len(key))), key) {
			gids[i] = m.findKey(key, hashes[i], add)
		}
	}
}

func (m *Map) keysOf(keys []*vec.Vec, n int) keyList {
	if m.kind == textKey {
		return keyList{column: keys[0]}
	}
	m.scratch, m.ends = m.scratch[:0], m.ends[:0]
	for i := range n {
		m.scratch = zset.AppendKey(m.scratch, keys, i)
		m.ends = append(m.ends, len(m.scratch))
	}
	return keyList{data: m.scratch, ends: m.ends}
}

func (m *Map) findKey(key []byte, hash uint64, add bool) int32 {
	p := m.table.part(hash)
	mask := uint64(len(p.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &p.slots[at]
		if s.gid == 0 {
			break
		}
		if s.key == hash && bytes.Equal(m.bytesOf(s.gid-1), key) {
			return s.gid - 1
		}
	}
	if !add {
		return -1
	}
	g := m.groupRows.add()
	m.header(g).len = uint32(len(key))
	m.key(g)[0] = m.arena.add(key)
	m.table.insert(hash, hash, g, false)
	return g
}

// bytesOf returns a group's key in the arena.
func (m *Map) bytesOf(g int32) []byte { return m.arena.at(m.key(g)[0], m.header(g).len) }

func (m *Map) byteKeys(gids []int32, out []*vec.Builder) {
	for _, g := range gids {
		switch {
		case m.kind == encodedKey:
			zset.KeyAt(m.bytesOf(g), out)
		case g == m.null:
			out[0].AppendNull()
		default:
			out[0].AppendBytes(m.bytesOf(g))
		}
	}
}

// compact copies the keys that are in use into a new arena.
func (m *Map) compact() {
	var fresh arena
	for g := range m.groups {
		if m.header(g).len != freeRow && g != m.null {
			m.key(g)[0] = fresh.add(m.bytesOf(g))
		}
	}
	m.arena = fresh
}
