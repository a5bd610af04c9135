package memory

import (
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Map finds a group's row by its key through an open-addressing table. One
// fixed-width key column of at most 8 bytes is kept as a word in its slot; any other
// key is kept as bytes in an arena, found by hash and compared.
//
// The table is divided into parts that grow one at a time, so that no call stops
// to rehash everything.
type Map struct {
	shape  state.MapShape
	word   bool // keys are single words
	parts  [partCount]part
	rows   vec.Rows
	groups int32   // gids given out, free ones included
	free   []int32 // gids of deleted groups
	null   int32   // the group of the NULL word, -1 for none
	live   int

	arena   arena
	scratch []byte
	ends    []int
	words   []uint64
	hashes  []uint64

	epoch uint32 // rows with this tag are dirty
	dirty []int32
	old   []byte
}

const (
	partCount = 64
	rowsShift = 12
	// header is what stands before each row: tag uint32, key length uint32 (deadTag for
	// a free group), and the key itself or where the arena has it.
	header = 16
)

type rowHeader struct {
	tag uint32
	len uint32
	key uint64
}

const (
	freeRow = ^uint32(0)
	nullKey = ^uint32(0) - 1
)

type part struct {
	slots []slot
	used  int
}

// A slot is empty where gid is 0; otherwise it is the group gid-1.
type slot struct {
	key uint64 // the word, or the key's hash
	gid int32
}

func newMap(shape state.MapShape) *Map {
	m := &Map{shape: shape, null: -1, epoch: 1}
	m.word = len(shape.Keys) == 1 && shape.Keys[0].Layout() != types.Bytes && shape.Keys[0].Layout() != types.Int128
	m.rows = vec.Rows{Shift: rowsShift, Width: header + shape.Width, Base: header}
	return m
}

// Groups implements state.Map.
func (m *Map) Groups(keys []*vec.Vec, n int, gids []int32) error {
	m.find(keys, n, gids, true)
	for _, g := range gids[:n] {
		m.touch(g)
	}
	return nil
}

// Find implements state.Map.
func (m *Map) Find(keys []*vec.Vec, n int, gids []int32) error {
	m.find(keys, n, gids, false)
	return nil
}

func (m *Map) find(keys []*vec.Vec, n int, gids []int32, add bool) {
	if cap(m.hashes) < n {
		m.hashes = make([]uint64, max(n, vec.BatchRows))
		m.words = make([]uint64, max(n, vec.BatchRows))
		m.ends = make([]int, max(n, vec.BatchRows))
	}
	if m.word {
		m.findWords(keys[0], n, gids, add)
		return
	}
	m.scratch = m.scratch[:0]
	if len(keys) == 1 && keys[0].Type.Layout() == types.Bytes && keys[0].Valid == nil {
		// The common text key needs no encoding beyond its marker.
		for i := range n {
			m.scratch = append(m.scratch, keys[0].Bytes(i)...)
			m.scratch = append(m.scratch, 1)
			m.ends[i] = len(m.scratch)
		}
	} else if len(keys) == 1 && keys[0].Type.Layout() == types.Bytes {
		for i := range n {
			if keys[0].IsNull(i) {
				m.scratch = append(m.scratch, 0)
			} else {
				m.scratch = append(m.scratch, keys[0].Bytes(i)...)
				m.scratch = append(m.scratch, 1)
			}
			m.ends[i] = len(m.scratch)
		}
	} else {
		for i := range n {
			m.scratch = zset.AppendKey(m.scratch, keys, i)
			m.ends[i] = len(m.scratch)
		}
	}
	m.findBytes(n, gids, add)
}

func (m *Map) findWords(c *vec.Vec, n int, gids []int32, add bool) {
	words := m.words[:n]
	loadWords(c, words)
	for i, w := range words {
		if c.Valid != nil && c.IsNull(i) {
			gids[i] = m.nullGroup(add)
			continue
		}
		h := mixWord(w)
		p := &m.parts[h>>58]
		if len(p.slots) == 0 {
			if !add {
				gids[i] = -1
				continue
			}
			p.slots = make([]slot, 8)
		}
		mask := uint64(len(p.slots) - 1)
		for at := h & mask; ; at = (at + 1) & mask {
			s := &p.slots[at]
			if s.gid == 0 {
				gids[i] = -1
				if add {
					g := m.newGroup(rowHeader{len: 8, key: w})
					*s = slot{w, g + 1}
					gids[i] = g
					p.used++
					if p.used*4 > len(p.slots)*3 {
						m.grow(p)
					}
				}
				break
			}
			if s.key == w {
				gids[i] = s.gid - 1
				break
			}
		}
	}
}

func mixWord(w uint64) uint64 { return zset.Mix(w, 0x2D358DCCAA6C78A5) }

// loadWords reads a key column as words.
func loadWords(c *vec.Vec, words []uint64) {
	if !c.Const {
		switch c.Type.Layout() {
		case types.Int64, types.Uint64:
			copy(words, vec.Slice[uint64](c))
			return
		case types.Int32, types.Uint32:
			for i, x := range vec.Slice[uint32](c)[:len(words)] {
				words[i] = uint64(x)
			}
			return
		}
	}
	for i := range words {
		words[i] = zset.Word(c, c.At(i))
	}
}

func (m *Map) nullGroup(add bool) int32 {
	if m.null < 0 && add {
		m.null = m.newGroup(rowHeader{len: nullKey})
	}
	return m.null
}

func (m *Map) findBytes(n int, gids []int32, add bool) {
	start := 0
	for i := range n {
		end := m.ends[i]
		m.hashes[i] = xxh3.Hash(m.scratch[start:end])
		start = end
	}
	start = 0
	for i, h := range m.hashes[:n] {
		key := m.scratch[start:m.ends[i]]
		start = m.ends[i]
		p := &m.parts[h>>58]
		if len(p.slots) == 0 {
			if !add {
				gids[i] = -1
				continue
			}
			p.slots = make([]slot, 8)
		}
		mask := uint64(len(p.slots) - 1)
		for at := h & mask; ; at = (at + 1) & mask {
			s := &p.slots[at]
			if s.gid == 0 {
				gids[i] = -1
				if add {
					g := m.newGroup(rowHeader{len: uint32(len(key)), key: m.arena.add(key)})
					*s = slot{h, g + 1}
					gids[i] = g
					p.used++
					if p.used*4 > len(p.slots)*3 {
						m.grow(p)
					}
				}
				break
			}
			if s.key == h && m.keyIs(s.gid-1, key) {
				gids[i] = s.gid - 1
				break
			}
		}
	}
}

func (m *Map) keyIs(gid int32, key []byte) bool {
	h := m.header(gid)
	return int(h.len) == len(key) && string(m.arena.at(h.key, h.len)) == string(key)
}

func (m *Map) header(gid int32) *rowHeader {
	r := m.rows
	r.Base = 0
	return (*rowHeader)(r.Ptr(gid))
}

// grow doubles one part.
func (m *Map) grow(p *part) {
	old := p.slots
	p.slots = make([]slot, 2*len(old))
	mask := uint64(len(p.slots) - 1)
	for _, s := range old {
		if s.gid == 0 {
			continue
		}
		at := m.home(s) & mask
		for p.slots[at].gid != 0 {
			at = (at + 1) & mask
		}
		p.slots[at] = s
	}
}

// home is the hash a slot was placed by.
func (m *Map) home(s slot) uint64 {
	if m.word {
		return mixWord(s.key)
	}
	return s.key
}

func (m *Map) newGroup(h rowHeader) int32 {
	m.live++
	var g int32
	if n := len(m.free); n > 0 {
		g = m.free[n-1]
		m.free = m.free[:n-1]
	} else {
		g = m.groups
		m.groups++
		if int(g)>>rowsShift == len(m.rows.Chunks) {
			m.rows.Chunks = append(m.rows.Chunks, make([]byte, m.rows.Width<<rowsShift))
		}
	}
	*m.header(g) = h
	clear(m.row(g))
	return g
}

func (m *Map) row(gid int32) []byte {
	return unsafe.Slice((*byte)(m.rows.Ptr(gid)), m.shape.Width)
}

// touch keeps a copy of a row before its first change in the epoch.
func (m *Map) touch(gid int32) {
	h := m.header(gid)
	if h.tag == m.epoch {
		return
	}
	h.tag = m.epoch
	m.dirty = append(m.dirty, gid)
	m.old = append(m.old, m.row(gid)...)
}

// Rows implements state.Map.
func (m *Map) Rows() vec.Rows { return m.rows }

// Dirty implements state.Map.
func (m *Map) Dirty() []int32 { return m.dirty }

// Old implements state.Map.
func (m *Map) Old() vec.Rows { return vec.RowsOver(m.old, m.shape.Width) }

// Clean implements state.Map.
func (m *Map) Clean() {
	m.dirty, m.old = m.dirty[:0], m.old[:0]
	m.epoch++
}

// Len implements state.Map.
func (m *Map) Len() int { return m.live }

// All implements state.Map.
func (m *Map) All(gids []int32) []int32 {
	for g := range m.groups {
		if m.header(g).len != freeRow {
			gids = append(gids, g)
		}
	}
	return gids
}

// Keys implements state.Map.
func (m *Map) Keys(gids []int32, out []*vec.Builder) {
	for _, g := range gids {
		h := m.header(g)
		switch {
		case m.word && h.len == nullKey:
			out[0].AppendNull()
		case m.word:
			zset.AppendWord(out[0], h.key)
		case len(out) == 1 && m.shape.Keys[0].Layout() == types.Bytes:
			key := m.arena.at(h.key, h.len)
			if key[len(key)-1] == 0 && len(key) == 1 {
				out[0].AppendNull()
			} else {
				out[0].AppendBytes(key[:len(key)-1])
			}
		case len(out) > 0:
			zset.KeyAt(m.arena.at(h.key, h.len), out)
		}
	}
}

// Delete implements state.Map.
func (m *Map) Delete(gids []int32) {
	for _, g := range gids {
		h := m.header(g)
		if g == m.null {
			m.null = -1
		} else {
			m.unlink(g, h)
		}
		if !m.word {
			m.arena.drop(h.len)
		}
		*h = rowHeader{len: freeRow}
		m.free = append(m.free, g)
		m.live--
	}
	if m.arena.wasteful() {
		m.compact()
	}
}

// unlink takes a group's slot out, moving back those behind it that belong there.
func (m *Map) unlink(gid int32, h *rowHeader) {
	hash := h.key
	if m.word {
		hash = mixWord(h.key)
	} else {
		hash = xxh3.Hash(m.arena.at(h.key, h.len))
	}
	p := &m.parts[hash>>58]
	mask := uint64(len(p.slots) - 1)
	at := hash & mask
	for p.slots[at].gid != gid+1 {
		at = (at + 1) & mask
	}
	for next := (at + 1) & mask; p.slots[next].gid != 0; next = (next + 1) & mask {
		home := m.home(p.slots[next]) & mask
		if (next-home)&mask >= (next-at)&mask {
			p.slots[at] = p.slots[next]
			at = next
		}
	}
	p.slots[at] = slot{}
	p.used--
}

// compact copies the keys that are in use into a new arena.
func (m *Map) compact() {
	var fresh arena
	for g := range m.groups {
		if h := m.header(g); h.len != freeRow {
			h.key = fresh.add(m.arena.at(h.key, h.len))
		}
	}
	m.arena = fresh
}

func (m *Map) bytes() int64 {
	n := int64(len(m.rows.Chunks)) * int64(m.rows.Width<<rowsShift)
	for i := range m.parts {
		n += int64(len(m.parts[i].slots)) * int64(unsafe.Sizeof(slot{}))
	}
	return n + m.arena.held
}
