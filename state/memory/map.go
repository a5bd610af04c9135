package memory

import (
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// A Map finds a group's row by its key through an open-addressing table. How a key
// is kept depends on its columns:
//
//   - none: there is one group
//   - one of at most 8 bytes: as a word beside the row
//   - several of fixed width: as words beside the row
//   - anything else: as bytes in an arena, with its place beside the row
type Map struct {
	shape state.MapShape
	kind  keyKind
	table table
	groupRows
	null  int32 // the group of a single NULL, or the only one; -1 for none
	arena arena
	hash  func(key []byte) uint64 // of keys in the arena

	expiry *expiry     // nil where groups do not expire
	cold   *coldGroups // nil where there is nothing beyond memory
	bound  bound

	// Of the call at hand, one a row.
	hashes  []uint64
	words   []uint64
	found   []slot
	keyList keyList
	scratch []byte
	ends    []int
}

type keyKind uint8

const (
	noKey keyKind = iota
	wordKey
	tupleKey
	textKey    // one column of the Bytes layout, kept as it is
	encodedKey // by zset.AppendKey
)

func newMap(shape state.MapShape) *Map {
	m := &Map{shape: shape, null: -1, kind: kindOf(shape.Keys), hash: xxh3.Hash}
	words := 1
	switch m.kind {
	case noKey:
		words = 0
	case tupleKey:
		words = tupleWords(shape.Keys)
	}
	m.groupRows = newGroupRows(words, shape.Width)
	m.table = newTable()
	if shape.Expiry > 0 {
		m.expiry, m.track = newExpiry(shape), true
	}
	return m
}

func kindOf(keys []types.Type) keyKind {
	fixed := func(t types.Type) bool { return t.Layout() != types.Bytes }
	switch {
	case len(keys) == 0:
		return noKey
	case len(keys) == 1 && keys[0].Layout() == types.Bytes:
		return textKey
	case len(keys) == 1 && fixed(keys[0]) && keys[0].Layout() != types.Int128:
		return wordKey
	case len(keys) <= maxTuple && !slices.ContainsFunc(keys, func(t types.Type) bool { return !fixed(t) }):
		return tupleKey
	}
	return encodedKey
}

// Groups implements state.Map.
func (m *Map) Groups(keys []*vec.Vec, n int, gids []int32) error {
	if m.cold != nil {
		m.warm(keys, n, gids)
	}
	m.find(keys, n, gids, true)
	if m.kind != wordKey { // those are touched when they are found
		m.touch(gids[:n])
	}
	if m.cold != nil {
		m.used(gids[:n], true)
	}
	return nil
}

// Find implements state.Map.
func (m *Map) Find(keys []*vec.Vec, n int, gids []int32) error {
	if m.cold != nil {
		m.warm(keys, n, gids)
	}
	m.find(keys, n, gids, false)
	if m.cold != nil {
		m.used(gids[:n], false)
	}
	return nil
}

// nearRows is how many rows are looked up in one go through the passes: enough that what they
// read comes at the same time, and so few that it is in the nearest cache for the next pass.
const nearRows = 256

func (m *Map) find(keys []*vec.Vec, n int, gids []int32, add bool) {
	m.reserve(n)
	gids = gids[:n]
	made := len(m.fresh)
	switch m.kind {
	case noKey:
		g := m.nullGroup(add)
		for i := range gids {
			gids[i] = g
		}
	case wordKey:
		m.findWords(keys[0], gids, add)
	case tupleKey:
		m.findTuples(keys, gids, add)
	default:
		m.findBytes(keys, gids, add)
	}
	if len(m.fresh) > made {
		m.expiry.takeUp(keys[m.expiry.column], gids)
		m.fresh = m.fresh[:made]
	}
}

// reserve makes room for what is computed of n rows.
func (m *Map) reserve(n int) {
	if cap(m.hashes) < n {
		size := max(n, vec.BatchRows)
		m.hashes, m.words, m.found = make([]uint64, size), make([]uint64, size), make([]slot, size)
	}
}

// make makes a group for a key of that hash.
func (m *Map) make(hash uint64) int32 {
	g := m.groupRows.add()
	if m.quiet {
		m.header(g).tag = uint32(hash)
	}
	return g
}

func (m *Map) nullGroup(add bool) int32 {
	if m.null < 0 && add {
		m.null = m.add()
	}
	return m.null
}

// Keys implements state.Map.
func (m *Map) Keys(gids []int32, out []*vec.Builder) {
	switch m.kind {
	case noKey:
	case wordKey:
		m.wordKeys(gids, out[0])
	case tupleKey:
		m.tupleKeys(gids, out)
	default:
		m.byteKeys(gids, out)
	}
}

// Len implements state.Map.
func (m *Map) Len() int { return m.live + m.cold.beyond() }

// All implements state.Map.
func (m *Map) All(gids []int32) []int32 {
	m.warmAll()
	return m.groupRows.all(gids)
}

// Delete implements state.Map.
func (m *Map) Delete(gids []int32) {
	if m.changes != nil {
		m.noteGone(gids)
	}
	if m.cold != nil {
		m.forget(gids)
	}
	if len(gids) == m.live && m.table.crowded() {
		m.deleteAll(gids)
		return
	}
	for rest := gids; len(rest) > 0; {
		n := min(len(rest), vec.BatchRows)
		m.deleteSome(rest[:n])
		rest = rest[n:]
	}
	if m.arena.wasteful() {
		m.compact()
	}
}

// deleteSome takes groups out in passes, as they are found: first the hashes, then the
// slots where they belong, which it need not wait for one by one.
func (m *Map) deleteSome(gids []int32) {
	m.reserve(len(gids))
	hashes := m.hashes[:len(gids)]
	for i, g := range gids {
		hashes[i] = 0
		if g != m.null {
			hashes[i] = m.hashOf(g)
		}
	}
	m.table.home(hashes, m.found[:len(gids)])
	for i, g := range gids {
		if g != m.null {
			m.table.remove(g, hashes[i])
		}
		m.discard(g)
	}
}

// discard gives back what a group has besides its slot.
func (m *Map) discard(g int32) {
	if g == m.null {
		m.null = -1
	}
	if m.kind >= textKey {
		m.arena.drop(m.header(g).len)
	}
	m.remove(g)
}

// deleteAll is Delete of every group there is, at the cost of clearing the table.
func (m *Map) deleteAll(gids []int32) {
	m.table.clear()
	m.null = -1
	m.arena.reset()
	for _, g := range gids {
		m.remove(g)
	}
}

// remove gives back the row of a group.
func (m *Map) remove(g int32) {
	if m.expiry != nil {
		m.expiry.drop(g)
	}
	m.groupRows.remove(g)
}

// hashOf computes the hash that a group was placed by.
func (m *Map) hashOf(g int32) uint64 {
	switch m.kind {
	case wordKey:
		return mixWord(*m.word(g))
	case tupleKey:
		return hashTuple(m.key(g))
	}
	return m.hash(m.bytesOf(g))
}

func (m *Map) bytes() int64 {
	out := int64(0)
	if m.expiry != nil {
		out = m.expiry.bytes()
	}
	if m.changes != nil {
		out += m.changes.bytes()
	}
	if m.cold != nil {
		out += int64(cap(m.cold.marks) + cap(m.cold.keys.data) + cap(m.cold.row))
	}
	return out + m.groupRows.bytes() + m.table.bytes() + m.arena.held + int64(cap(m.scratch)) + int64(cap(m.found)*slotSize)
}
