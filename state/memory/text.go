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

func (l *keyList) nullable() bool { return l.column != nil && l.column.Valid != nil }

// findBytes finds the groups of keys in the arena in the passes of findWords, with
// one more between the last two: where the groups keep their keys.
func (m *Map) findBytes(keys []*vec.Vec, gids []int32, add bool) {
	n := len(gids)
	m.keyList = m.keysOf(keys, n)
	m.hashKeys(n)
	for from := 0; from < n; from += nearRows {
		m.findKeys(m.keyList, from, gids[from:min(from+nearRows, n)], add)
	}
}

func (m *Map) hashKeys(n int) {
	for i := range n {
		m.hashes[i] = m.hash(m.keyList.at(i))
	}
}

// findKeys finds the groups of keys from one on.
func (m *Map) findKeys(list keyList, from int, gids []int32, add bool) {
	n := len(gids)
	hashes, found, refs := m.hashes[from:from+n], m.found[:n], m.words[:n]
	m.table.home(hashes, found)
	nullable := list.nullable()
	for i, h := range hashes {
		switch s := found[i]; {
		case nullable && list.column.IsNull(from+i):
			gids[i] = m.nullGroup(add)
		case s.hash == uint32(h) && s.gid != 0:
			gids[i] = s.gid - 1
		default:
			p := m.table.probe(h)
			if gids[i] = p.next(); gids[i] < 0 && add {
				gids[i] = m.addKey(list.at(from+i), h)
			}
		}
	}
	for i, g := range gids {
		if g >= 0 {
			refs[i] = *m.word(g)
		}
	}
	for i, g := range gids {
		if g < 0 || g == m.null {
			continue
		}
		if key := list.at(from + i); int(m.header(g).len) != len(key) || !bytes.Equal(m.arena.at(refs[i], uint32(len(key))), key) {
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
	p := m.table.probe(hash)
	for {
		g := p.next()
		switch {
		case g >= 0 && bytes.Equal(m.bytesOf(g), key):
			return g
		case g < 0 && add:
			return m.addKey(key, hash)
		case g < 0:
			return -1
		}
	}
}

func (m *Map) addKey(key []byte, hash uint64) int32 {
	g := m.make(hash)
	m.header(g).len = uint32(len(key))
	*m.word(g) = m.arena.add(key)
	m.table.insert(hash, g)
	return g
}

// bytesOf returns a group's key in the arena.
func (m *Map) bytesOf(g int32) []byte { return m.arena.at(*m.word(g), m.header(g).len) }

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
			*m.word(g) = fresh.add(m.bytesOf(g))
		}
	}
	m.arena = fresh
}
