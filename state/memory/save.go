package memory

import (
	"encoding/binary"
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
)

// keep begins to note changes: all that is there counts as one.
func (m *Map) keep() {
	m.changes = &changes{}
	for _, g := range m.All(nil) {
		m.changes.born(g)
	}
}

// Shape implements state.Table.
func (m *Map) Shape() string { return m.shape.String() }

// Save implements state.Table.
func (m *Map) Save(to state.Delta) error {
	return m.save(to, func(dst []byte, g int32) []byte { return append(dst, m.row(g)...) })
}

// save hands out what has changed, with the value that f appends for a group.
func (m *Map) save(to state.Delta, f func(dst []byte, g int32) []byte) error {
	c := m.changes
	if err := c.gone.each(to.Delete); err != nil {
		return err
	}
	var key, value []byte
	err := c.touched.each(func(g int32) error {
		key, value = m.appendKeyOf(key[:0], g), f(value[:0], g)
		return to.Set(key, value)
	})
	c.reset()
	for _, g := range m.dirty { // what may change further without being marked again
		if m.header(g).len != freeRow {
			c.touched.set(g)
		}
	}
	return err
}

// noteGone notes that groups are about to be deleted.
func (m *Map) noteGone(gids []int32) {
	c := m.changes
	for _, g := range gids {
		c.touched.unset(g)
		if c.young.has(g) {
			c.young.unset(g)
			continue
		}
		c.gone.end(m.appendKeyOf(c.gone.data, g))
	}
}

// appendKeyOf appends a group's key as zset.AppendKey does.
func (m *Map) appendKeyOf(dst []byte, g int32) []byte {
	switch m.kind {
	case noKey:
		return dst
	case wordKey:
		if g == m.null {
			return append(dst, 0)
		}
		return binary.LittleEndian.AppendUint64(append(dst, 1), *m.word(g))
	case tupleKey:
		return m.appendTuple(dst, m.key(g))
	case textKey:
		if g == m.null {
			return append(dst, 0)
		}
		key := m.bytesOf(g)
		return append(binary.AppendUvarint(append(dst, 1), uint64(len(key))), key...)
	}
	return append(dst, m.bytesOf(g)...)
}

func (m *Map) appendTuple(dst []byte, key []uint64) []byte {
	at := 1
	for k, t := range m.shape.Keys {
		switch {
		case key[0]>>k&1 != 0:
			dst = append(dst, 0)
		case t.Layout() == types.Int128:
			dst = binary.LittleEndian.AppendUint64(append(dst, 1), key[at])
			dst = binary.LittleEndian.AppendUint64(dst, key[at+1])
		default:
			dst = binary.LittleEndian.AppendUint64(append(dst, 1), key[at])
		}
		at += columnWords(t)
	}
	return dst
}

// keep begins to note changes: all that is there counts as one.
func (x *Index) keep() {
	x.warmAll()
	x.rows.keep()
	x.changes = x.rows.changes
}

// Shape implements state.Table.
func (x *Index) Shape() string { return x.shape.String() }

// Save implements state.Table.
func (x *Index) Save(to state.Delta) error {
	return x.rows.save(to, func(dst []byte, r int32) []byte {
		row := x.rows.row(r)
		l := (*links)(unsafe.Pointer(&row[x.link]))
		return x.heads.appendKeyOf(append(dst, row[:x.link]...), l.head-1)
	})
}
