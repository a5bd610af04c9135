package memory

import (
	"bytes"
	"encoding/binary"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// coldRows is what an Index has beyond memory. Rows of one key leave together. They come
// back together, too, where they are asked for, or are not many; of a key with many rows
// one that is added to comes alone.
type coldRows struct {
	rows   state.Space // of heads: key, columns -> weight and words
	expiry state.Space // value, key, columns -> where the key begins; nil where rows do not expire

	n     int // rows there
	both  int // of them those that are in memory, too
	bytes int64

	marks  []uint8  // by row
	keys   []uint8  // by key: marks of it
	used   []uint32 // by key: when it was used last, in epochs
	epoch  uint32
	busy   bool // numbers of rows were given out since the last Settle
	wanted sortedKeys
	batch  keyBatch // columns of rows that come
	heads  keyBatch // their keys
	values []byte   // their weights and words
	rowIDs []int32
	keyIDs []int32
	key    []byte
}

// fewRows is how many rows of a key come with one of them.
const fewRows = 64

// chill gives an index a place beyond memory.
func (x *Index) chill(to state.Cold) {
	if x.cold != nil {
		return
	}
	x.cold = &coldRows{rows: to.Space(true), epoch: 1, batch: newKeyBatch(x.shape.Columns), heads: newKeyBatch(x.shape.Keys)}
	if x.rows.expiry != nil {
		x.cold.expiry = to.Space(false)
	}
}

// seen notes that keys were used.
func (x *Index) seen(heads []int32) {
	c := x.cold
	c.busy = true
	for _, h := range heads {
		if h < 0 {
			continue
		}
		if int(h) >= len(c.used) {
			c.used = append(c.used, make([]uint32, max(int(h)+1, 2*len(c.used))-len(c.used))...)
		}
		c.used[h] = c.epoch
	}
}

func (c *coldRows) changed(rows []int32) {
	for _, r := range rows {
		*markOf(&c.marks, r) |= changedMark
	}
}

func (c *coldRows) beyond() int {
	if c == nil {
		return 0
	}
	return c.n - c.both
}

func (c *coldRows) spilled() int64 {
	if c == nil || c.n == 0 {
		return 0
	}
	return c.bytes / int64(c.n) * int64(c.n-c.both)
}

// warmHeads brings in all rows of keys. heads is set to nonsense.
func (x *Index) warmHeads(keys []*vec.Vec, n int, heads []int32) {
	c := x.cold
	if c.beyond() == 0 {
		return
	}
	x.heads.find(keys, n, heads, false)
	c.wanted.reset()
	for i, h := range heads[:n] {
		if h < 0 || *markOf(&c.keys, h)&completeMark == 0 {
			c.want(keys, i)
		}
	}
	x.fetch(keys, -1)
}

// want notes that a key is to be fetched.
func (c *coldRows) want(keys []*vec.Vec, i int) {
	c.wanted.data = zset.AppendKey(c.wanted.data, keys, i)
	c.wanted.end(int32(i))
}

// fetch brings in the rows of the keys wanted, of each at most limit, -1 for all, and marks
// those keys of which there is no row more. With a limit the keys themselves are made, since
// they are about to be added to.
func (x *Index) fetch(keys []*vec.Vec, limit int) {
	c := x.cold
	if len(c.wanted.ends) == 0 {
		return
	}
	heads := c.wanted.distinct(byHead)
	counts := make([]int, len(heads))
	n := 0
	c.rows.Under(heads, func(i int, key, value []byte) bool {
		if counts[i] == limit {
			counts[i]++
			return false
		}
		counts[i]++
		zset.KeyAt(heads[i], c.heads.cols)
		zset.KeyAt(key, c.batch.cols)
		c.values = append(c.values, value...)
		if n++; n == vec.BatchRows {
			x.bring(n)
			n = 0
		}
		return true
	})
	x.bring(n)
	for from := 0; from < len(heads); from += vec.BatchRows {
		part := heads[from:min(from+vec.BatchRows, len(heads))]
		for _, h := range part {
			zset.KeyAt(h, c.heads.cols)
		}
		c.keyIDs = room(c.keyIDs, len(part))
		x.heads.moving = true
		x.heads.find(c.heads.columns(), len(part), c.keyIDs, limit >= 0)
		x.heads.moving = false
		c.heads.reset()
		for i, h := range c.keyIDs {
			switch {
			case h < 0:
			case limit >= 0 && counts[from+i] > limit:
				*markOf(&c.keys, h) |= manyMark
			default:
				*markOf(&c.keys, h) |= completeMark
			}
		}
	}
}

// warmRows brings in the rows that are to be added to, which are not in memory.
func (x *Index) warmRows(keys, columns []*vec.Vec, rows []int32) {
	c, n := x.cold, len(rows)
	if c.beyond() == 0 {
		return
	}
	x.head = room(x.head, n)
	x.find(keys, columns, x.head, rows, false)
	c.wanted.reset()
	for i, h := range x.head {
		if rows[i] < 0 && (h < 0 || *markOf(&c.keys, h)&(completeMark|manyMark) == 0) {
			c.want(keys, i)
		}
	}
	if len(c.wanted.ends) > 0 {
		x.fetch(keys, fewRows)
		x.find(keys, columns, x.head, rows, false)
	}
	c.wanted.reset()
	for i, h := range x.head {
		if rows[i] < 0 && h >= 0 && *markOf(&c.keys, h)&completeMark == 0 {
			c.key = zset.AppendKey(c.key[:0], keys, i)
			c.wanted.data = zset.AppendKey(state.SpaceHead(c.wanted.data, c.key), columns, i)
			c.wanted.end(int32(i))
		}
	}
	if len(c.wanted.ends) == 0 {
		return
	}
	found := 0
	wanted := c.wanted.distinct(bytes.Compare)
	c.rows.Find(wanted, func(i int, value []byte) {
		head, row := state.CutHead(wanted[i])
		zset.KeyAt(head, c.heads.cols)
		zset.KeyAt(row, c.batch.cols)
		c.values = append(c.values, value...)
		found++
	})
	x.bring(found)
}

// bring makes the rows collected that are not in memory.
func (x *Index) bring(n int) {
	c := x.cold
	if n == 0 {
		return
	}
	columns, keys := c.batch.columns(), c.heads.columns()
	c.rowIDs, c.keyIDs = room(c.rowIDs, n), room(c.keyIDs, n)
	x.rows.moving, x.heads.moving = true, true
	x.find(keys, columns, c.keyIDs, c.rowIDs, true)
	x.rows.moving, x.heads.moving = false, false
	for i, r := range c.rowIDs {
		mark := markOf(&c.marks, r)
		if *mark&storedMark != 0 {
			continue // it was there, and is what counts
		}
		copy(x.rows.row(r)[:x.link], c.values[i*x.link:])
		*mark = storedMark
		c.both++
	}
	x.seen(c.keyIDs)
	c.batch.reset()
	c.heads.reset()
	c.values = c.values[:0]
}

// appendRowKey appends the key in the space of rows.
func (x *Index) appendRowKey(dst []byte, r, head int32) []byte {
	x.cold.key = x.heads.appendKeyOf(x.cold.key[:0], head)
	return x.rows.appendKeyOf(state.SpaceHead(dst, x.cold.key), r)
}

// forget deletes a row beyond memory that is about to be removed.
func (x *Index) forget(r, head int32) {
	c := x.cold
	mark := markOf(&c.marks, r)
	if *mark&storedMark != 0 {
		c.wanted.data = x.appendRowKey(c.wanted.data[:0], r, head)
		c.rows.Delete(c.wanted.data)
		c.n--
		c.both--
		c.bytes -= int64(len(c.wanted.data) + x.link)
		if c.expiry != nil {
			x.eachExpiry([]int32{r}, []int32{head}, func(key, _ []byte) { c.expiry.Delete(key) })
		}
	}
	*mark = 0
}

// eachExpiry calls f with the key in the space of expiries, and its value, of each of at
// most vec.BatchRows rows that expire.
func (x *Index) eachExpiry(rows, heads []int32, f func(key, value []byte)) {
	v := x.rows.expiry.valuesOf(x.rows, rows)
	var key []byte
	var begin [4]byte
	for i, r := range rows {
		if v.IsNull(i) {
			continue
		}
		key = vec.AppendOrdered(key[:0], v, i)
		binary.BigEndian.PutUint32(begin[:], uint32(len(key)))
		key = x.appendRowKey(key, r, heads[i])
		f(key, begin[:])
	}
}

// settleCold ends Settle.
func (x *Index) settleCold() {
	c := x.cold
	for _, h := range x.empty {
		*markOf(&c.keys, h) = 0
	}
	c.rows.Flush()
	if c.expiry != nil {
		c.expiry.Flush()
	}
	c.busy = false
	c.epoch++
}

// expireCold removes the rows beyond memory only that are below a bound.
func (x *Index) expireCold(bound *vec.Vec) {
	c := x.cold
	if c.beyond() == 0 {
		return
	}
	var keys [][]byte // of expiries
	var rows [][]byte // behind the value
	remove := func() {
		for _, key := range rows {
			head, row := state.CutHead(key)
			zset.KeyAt(head, c.heads.cols)
			zset.KeyAt(row, c.batch.cols)
		}
		c.rowIDs, c.keyIDs = room(c.rowIDs, len(rows)), room(c.keyIDs, len(rows))
		x.find(c.heads.columns(), c.batch.columns(), c.keyIDs, c.rowIDs, false)
		c.batch.reset()
		c.heads.reset()
		for i, r := range c.rowIDs {
			if r >= 0 {
				continue // Settle removes it
			}
			c.rows.Delete(rows[i])
			c.expiry.Delete(keys[i])
			c.n--
			c.bytes -= int64(len(rows[i]) + x.link)
		}
		keys, rows = keys[:0], rows[:0]
	}
	c.expiry.Ascend(nil, vec.AppendOrdered(nil, bound, 0), func(key, value []byte) bool {
		key = bytes.Clone(key)
		keys, rows = append(keys, key), append(rows, key[binary.BigEndian.Uint32(value):])
		if len(keys) == vec.BatchRows {
			remove()
		}
		return true
	})
	if len(keys) > 0 {
		remove()
	}
	c.rows.Flush()
	c.expiry.Flush()
}
