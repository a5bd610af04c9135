package memory

import (
	"bytes"
	"encoding/binary"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// coldGroups is what a Map has beyond memory. A group that came back from there has its
// row in both places, until it changes and leaves again or is deleted: what is in memory
// counts. Keys there are made by zset.AppendKey.
type coldGroups struct {
	rows   state.Space
	expiry state.Space // value, key -> where the key begins; nil where groups do not expire

	n     int   // groups there
	both  int   // of them those that are in memory, too
	bytes int64 // of keys and rows there

	marks []uint8 // by gid
	keys  sortedKeys
	batch keyBatch
	gids  []int32
	row   []byte
	mem   vec.Mem
}

// Marks of groups and rows in memory.
const (
	storedMark   = 1 << iota // is beyond memory, too
	changedMark              // and is something else there
	completeMark             // of a key of an Index: all its rows are in memory
	manyMark                 // of a key of an Index: it has more rows than are fetched unasked
)

// mark returns the marks of a group, to be changed.
func markOf(marks *[]uint8, g int32) *uint8 {
	if int(g) >= len(*marks) {
		*marks = append(*marks, make([]uint8, max(int(g)+1, 2*len(*marks))-len(*marks))...)
	}
	return &(*marks)[g]
}

// chill gives a map a place beyond memory.
func (m *Map) chill(to state.Cold) {
	if m.cold != nil || m.kind == noKey {
		return
	}
	m.cold = &coldGroups{rows: to.Space(false), batch: newKeyBatch(m.shape.Keys)}
	if m.expiry != nil {
		m.cold.expiry = to.Space(false)
	}
}

// warm brings in the groups of keys that are not in memory. gids is set to nonsense.
func (m *Map) warm(keys []*vec.Vec, n int, gids []int32) {
	c := m.cold
	if c.n == c.both {
		return
	}
	m.find(keys, n, gids, false)
	c.keys.reset()
	for i, g := range gids[:n] {
		if g < 0 {
			c.keys.data = zset.AppendKey(c.keys.data, keys, i)
			c.keys.end(int32(i))
		}
	}
	if len(c.keys.ends) == 0 {
		return
	}
	var found []int32
	c.row = c.row[:0]
	c.rows.Find(c.keys.distinct(bytes.Compare), func(i int, row []byte) {
		found, c.row = append(found, c.keys.of(i)), append(c.row, row...)
	})
	if len(found) == 0 {
		return
	}
	c.mem.Reset()
	cols := make([]*vec.Vec, len(keys))
	for i, k := range keys {
		cols[i] = vec.Gather(&c.mem, k, found)
	}
	m.bring(cols, len(found), c.row)
}

// bring makes groups that were beyond memory only, with their rows.
func (m *Map) bring(keys []*vec.Vec, n int, rows []byte) {
	c := m.cold
	c.gids = room(c.gids, n)
	m.moving = true
	m.find(keys, n, c.gids, true)
	m.moving = false
	for i, g := range c.gids {
		copy(m.row(g), rows[i*m.width:(i+1)*m.width])
		m.header(g).tag = m.epoch - 1
		*markOf(&c.marks, g) = storedMark
	}
	c.both += n
}

// used notes that groups were found to be changed, or only to be read.
func (m *Map) used(gids []int32, change bool) {
	for _, g := range gids {
		switch {
		case change:
			*markOf(&m.cold.marks, g) |= changedMark
		case g >= 0 && m.header(g).tag != m.epoch:
			m.header(g).tag = m.epoch - 1
		}
	}
}

// forget deletes groups beyond memory that are about to be deleted.
func (m *Map) forget(gids []int32) {
	c := m.cold
	c.gids = c.gids[:0]
	for _, g := range gids {
		mark := markOf(&c.marks, g)
		if *mark&storedMark != 0 {
			c.gids = append(c.gids, g)
			c.keys.data = m.appendKeyOf(c.keys.data[:0], g)
			c.drop(c.keys.data, m.width)
			c.both--
		}
		*mark = 0
	}
	for rest := c.gids; c.expiry != nil && len(rest) > 0; {
		part := rest[:min(len(rest), vec.BatchRows)]
		rest = rest[len(part):]
		m.eachExpiry(part, func(_ int32, key, _ []byte) { c.expiry.Delete(key) })
	}
	c.flush()
}

// drop deletes a key.
func (c *coldGroups) drop(key []byte, width int) {
	c.rows.Delete(key)
	c.n--
	c.bytes -= int64(len(key) + width)
}

func (c *coldGroups) flush() {
	c.rows.Flush()
	if c.expiry != nil {
		c.expiry.Flush()
	}
}

// eachExpiry calls f with the key in the space of expiries, and its value, of each of
// at most vec.BatchRows groups that expire.
func (m *Map) eachExpiry(gids []int32, f func(g int32, key, value []byte)) {
	v := m.expiry.valuesOf(m, gids)
	var key []byte
	var begin [4]byte
	for i, g := range gids {
		if v.IsNull(i) {
			continue
		}
		key = vec.AppendOrdered(key[:0], v, i)
		binary.BigEndian.PutUint32(begin[:], uint32(len(key)))
		f(g, m.appendKeyOf(key, g), begin[:])
	}
}

// warmAll brings in all groups.
func (m *Map) warmAll() {
	if c := m.cold; c != nil && c.n > c.both {
		m.gather(func(add func(key, row []byte)) {
			c.rows.Ascend(nil, nil, func(key, row []byte) bool { add(key, row); return true })
		})
	}
}

// warmBelow brings in the groups whose value in the expiry column is less than bound's
// first one.
func (m *Map) warmBelow(bound *vec.Vec) {
	c := m.cold
	if c == nil || c.n == c.both {
		return
	}
	end := vec.AppendOrdered(nil, bound, 0)
	var data []byte
	var ends []int
	c.expiry.Ascend(nil, end, func(key, value []byte) bool {
		data = append(data, key[binary.BigEndian.Uint32(value):]...)
		ends = append(ends, len(data))
		return true
	})
	m.gather(func(add func(key, row []byte)) {
		for from := 0; from < len(ends); from += vec.BatchRows {
			c.keys.reset()
			for i := from; i < min(from+vec.BatchRows, len(ends)); i++ {
				start := 0
				if i > 0 {
					start = ends[i-1]
				}
				c.keys.data = append(c.keys.data, data[start:ends[i]]...)
				c.keys.end(int32(i))
			}
			keys := c.keys.sort(bytes.Compare)
			c.rows.Find(keys, func(i int, row []byte) { add(keys[i], row) })
		}
	})
}

// gather brings in those of the groups that from adds that are not in memory.
func (m *Map) gather(from func(add func(key, row []byte))) {
	c := m.cold
	var rows []byte
	n := 0
	put := func() {
		keys := c.batch.columns()
		gids := make([]int32, n)
		m.find(keys, n, gids, false)
		var sel []int32
		kept := rows[:0]
		for i, g := range gids {
			if g < 0 {
				sel, kept = append(sel, int32(i)), append(kept, rows[i*m.width:(i+1)*m.width]...)
			}
		}
		c.mem.Reset()
		cols := make([]*vec.Vec, len(keys))
		for i, k := range keys {
			cols[i] = vec.Gather(&c.mem, k, sel)
		}
		m.bring(cols, len(sel), kept)
		c.batch.reset()
		n, rows = 0, rows[:0]
	}
	from(func(key, row []byte) {
		zset.KeyAt(key, c.batch.cols)
		rows = append(rows, row...)
		if n++; n == vec.BatchRows {
			put()
		}
	})
	if n > 0 {
		put()
	}
}

// spilled is the bytes of what is beyond memory only, about.
func (c *coldGroups) spilled() int64 {
	if c == nil || c.n == 0 {
		return 0
	}
	return c.bytes / int64(c.n) * int64(c.n-c.both)
}

// beyond is the number of groups that are beyond memory only.
func (c *coldGroups) beyond() int {
	if c == nil {
		return 0
	}
	return c.n - c.both
}
