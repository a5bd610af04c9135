package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// findWords finds the groups of single words, some rows at a time, in passes: hashes; the
// slots where they belong; the groups found there; and the words of those groups, which are
// compared. In each pass no row waits for another.
func (m *Map) findWords(c *vec.Vec, gids []int32, add bool) {
	n := len(gids)
	m.hashWords(c, n)
	nullable := c.Valid != nil
	for from := 0; from < n; from += nearRows {
		to := min(from+nearRows, n)
		words, hashes, gids := m.words[from:to], m.hashes[from:to], gids[from:to]
		found := m.found[:to-from]
		m.table.home(hashes, found)
		for i, h := range hashes {
			switch s := found[i]; {
			case nullable && c.IsNull(from+i):
				gids[i] = m.nullGroup(add)
			case s.hash == uint32(h) && s.gid != 0:
				gids[i] = s.gid - 1
			default:
				p := m.table.probe(h)
				if gids[i] = p.next(); gids[i] < 0 && add {
					gids[i] = m.addWord(words[i], h)
				}
			}
		}
		if add && !m.moving && !m.quiet {
			m.checkAndTouch(words, hashes, gids)
		} else {
			m.check(words, hashes, gids, add)
		}
	}
}

func (m *Map) hashWords(c *vec.Vec, n int) {
	loadWords(c, m.words[:n])
	for i, w := range m.words[:n] {
		m.hashes[i] = mixWord(w)
	}
}

// check compares the groups' words.
func (m *Map) check(words, hashes []uint64, gids []int32, add bool) {
	for i, g := range gids {
		if g >= 0 && *m.word(g) != words[i] && g != m.null {
			gids[i] = m.findWord(words[i], hashes[i], add)
		}
	}
}

// checkAndTouch compares the groups' words and touches the groups: both stand side
// by side.
func (m *Map) checkAndTouch(words, hashes []uint64, gids []int32) {
	view, epoch := m.rows.view, m.epoch
	for i, g := range gids {
		p := view.Ptr(g)
		if *(*uint64)(unsafe.Add(p, -8)) != words[i] && g != m.null {
			g = m.findWord(words[i], hashes[i], true)
			gids[i], view = g, m.rows.view
			p = view.Ptr(g)
		}
		if h := (*header)(unsafe.Add(p, -8-headerSize)); h.tag != epoch {
			h.tag = epoch
			m.soil(g)
		}
	}
}

func (m *Map) findWord(w, hash uint64, add bool) int32 {
	p := m.table.probe(hash)
	for {
		g := p.next()
		switch {
		case g >= 0 && *m.word(g) == w:
			return g
		case g < 0 && add:
			return m.addWord(w, hash)
		case g < 0:
			return -1
		}
	}
}

func (m *Map) addWord(w, hash uint64) int32 {
	g := m.make(hash)
	*m.word(g) = w
	m.table.insert(hash, g)
	return g
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

func (m *Map) wordKeys(gids []int32, out *vec.Builder) {
	if m.null < 0 && out.Type().Layout().Width() == 8 {
		words := vec.Extend[uint64](out, len(gids))
		for i, g := range gids {
			words[i] = *m.word(g)
		}
		return
	}
	for _, g := range gids {
		if g == m.null {
			out.AppendNull()
		} else {
			zset.AppendWord(out, *m.word(g))
		}
	}
}
