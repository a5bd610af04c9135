package memory

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// findWords finds the groups of single words. The slots where the words belong are
// read first, all at once; most rows need no more.
func (m *Map) findWords(c *vec.Vec, gids []int32, add bool) {
	n := len(gids)
	words, hashes, found := m.words[:n], m.hashes[:n], m.found[:n]
	loadWords(c, words)
	for i, w := range words {
		hashes[i] = mixWord(w)
	}
	m.table.home(hashes, found)
	nullable := c.Valid != nil
	for i, w := range words {
		if s := &found[i]; s.key == w && s.gid != 0 && !nullable {
			gids[i] = s.gid - 1
			continue
		}
		if nullable && c.IsNull(i) {
			gids[i] = m.nullGroup(add)
			continue
		}
		gids[i] = m.findWord(w, hashes[i], add)
	}
}

func (m *Map) findWord(w, hash uint64, add bool) int32 {
	p := m.table.part(hash)
	mask := uint64(len(p.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &p.slots[at]
		if s.gid == 0 {
			break
		}
		if s.key == w {
			return s.gid - 1
		}
	}
	if !add {
		return -1
	}
	g := m.groupRows.add()
	m.key(g)[0] = w
	m.table.insert(hash, w, g, true)
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
			words[i] = m.key(g)[0]
		}
		return
	}
	for _, g := range gids {
		if g == m.null {
			out.AppendNull()
		} else {
			zset.AppendWord(out, m.key(g)[0])
		}
	}
}
