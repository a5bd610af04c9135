package memory

import (
	"bytes"

	"github.com/sqlstream/sqlstream/vec"
)

// An Index has most of its rows in a Map without being in the Map's table: it finds them
// otherwise.

// readKeys reads the keys of n rows, for hasKey and addUnlisted, and their hashes.
func (m *Map) readKeys(keys []*vec.Vec, n int) {
	m.reserve(n)
	hashes := m.hashes[:n]
	switch m.kind {
	case noKey:
		clear(hashes)
		return
	case wordKey:
		m.keyList = keyList{column: keys[0]}
		m.hashWords(keys[0], n)
	case tupleKey:
		m.hashTuples(keys, n)
	default:
		m.keyList = m.keysOf(keys, n)
		m.hashKeys(n)
	}
	if m.kind != tupleKey && m.keyList.nullable() {
		for i := range hashes {
			if m.isNull(i) {
				hashes[i] = 0
			}
		}
	}
}

// hasKey reports that a group has the i-th of the keys that were read.
func (m *Map) hasKey(g int32, i int) bool {
	switch {
	case m.kind == tupleKey:
		return sameWords(m.key(g), m.words[i*m.keyLen:(i+1)*m.keyLen])
	case m.isNull(i):
		return g == m.null
	case g == m.null: // which has no bytes, and may be the only one
		return false
	case m.kind == wordKey:
		return *m.word(g) == m.words[i]
	}
	key := m.keyList.at(i)
	return int(m.header(g).len) == len(key) && bytes.Equal(m.bytesOf(g), key)
}

// isNull reports that the i-th key that was read is that of the null group.
func (m *Map) isNull(i int) bool {
	switch m.kind {
	case noKey:
		return true
	case wordKey, textKey:
		return m.keyList.column.IsNull(i)
	}
	return false
}

// addUnlisted makes a group of the i-th key that was read, which is known to be absent.
func (m *Map) addUnlisted(i int) int32 {
	if m.isNull(i) {
		return m.nullGroup(true)
	}
	g := m.make(m.hashes[i])
	switch m.kind {
	case wordKey:
		*m.word(g) = m.words[i]
	case tupleKey:
		copy(m.key(g), m.words[i*m.keyLen:(i+1)*m.keyLen])
	default:
		key := m.keyList.at(i)
		m.header(g).len = uint32(len(key))
		*m.word(g) = m.arena.add(key)
	}
	return g
}

// list puts a group into the table.
func (m *Map) list(g int32) {
	if g != m.null {
		m.table.insert(m.hashOf(g), g)
	}
}

// deleteUnlisted is Delete of groups that are not in the table.
func (m *Map) deleteUnlisted(gids []int32) {
	if m.changes != nil {
		m.noteGone(gids)
	}
	for _, g := range gids {
		m.discard(g)
	}
	if m.arena.wasteful() {
		m.compact()
	}
}
