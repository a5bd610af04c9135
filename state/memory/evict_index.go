package memory

import (
	"bytes"
	"math/bits"

	"github.com/sqlstream/sqlstream/vec"
)

// age is in which of a few classes a key lies by when it was used last.
func (x *Index) age(head int32) int {
	if c := x.cold; int(head) < len(c.used) {
		return bits.Len32(c.epoch - c.used[head])
	}
	return ages - 1
}

// size is the number of rows of a key, and whether they have to stay: the next Save asks for
// one of them.
func (x *Index) size(head int32) (n int, pinned bool) {
	x.eachRow(head, func(r int32) bool {
		n++
		pinned = pinned || x.changes != nil && x.changes.touched.has(r)
		return true
	})
	return n, pinned
}

// evict moves the rows of keys out of memory, those that were not used for long first, until
// it holds no more than so many bytes, as far as may be.
func (x *Index) evict(keep int64) {
	c, held := x.cold, x.bytes()
	if c == nil || c.busy || len(x.zero) > 0 || held <= keep || x.rows.live == 0 {
		return
	}
	heads := x.heads.groupRows.all(nil)
	sizes := make([]int32, len(heads)) // negative for a key that has to stay
	var classes [ages]int
	stay := int(int64(x.rows.live) * keep / held)
	for i, h := range heads {
		n, pinned := x.size(h)
		if sizes[i] = int32(n); pinned {
			sizes[i] = -sizes[i]
			stay -= n
			continue
		}
		classes[x.age(h)] += n
	}
	left := youngest(classes[:], max(stay, 0))
	var stays, goes []int32
	for i, h := range heads {
		switch a := x.age(h); {
		case sizes[i] < 0:
			stays = append(stays, h)
		case left[a] >= int(sizes[i]):
			left[a] -= int(sizes[i])
			stays = append(stays, h)
		default:
			goes = append(goes, h)
		}
	}
	if len(goes) == 0 {
		return
	}
	x.store(goes)
	x.rebuild(stays)
}

// store writes the rows of keys that are about to leave memory, very many at a time as Map does.
func (x *Index) store(heads []int32) {
	c := x.cold
	var keys sortedKeys
	var fresh, under []int32 // rows that are stored for the first time, and their keys
	put := func() {
		for i, key := range keys.sort(bytes.Compare) {
			c.rows.Set(key, x.rows.row(keys.of(i))[:x.link])
		}
		keys.reset()
	}
	expire := func() {
		if c.expiry != nil && len(fresh) > 0 {
			x.eachExpiry(fresh, under, func(key, value []byte) { c.expiry.Set(key, value) })
		}
		fresh, under = fresh[:0], under[:0]
	}
	for _, h := range heads {
		x.eachRow(h, func(r int32) bool {
			mark := *markOf(&c.marks, r)
			if mark == storedMark {
				c.both--
				return true
			}
			before := len(keys.data)
			keys.data = x.appendRowKey(keys.data, r, h)
			keys.end(r)
			if mark&storedMark != 0 {
				c.both--
			} else {
				fresh, under = append(fresh, r), append(under, h)
				c.n++
				c.bytes += int64(len(keys.data) - before + x.link)
			}
			if len(fresh) == vec.BatchRows {
				expire()
			}
			if len(keys.data) > runBytes {
				put()
			}
			return true
		})
	}
	put()
	expire()
	c.rows.Flush()
	if c.expiry != nil {
		c.expiry.Flush()
	}
}

// rebuild makes the index anew of some of its keys; these and the rows get other numbers.
func (x *Index) rebuild(stays []int32) {
	c := x.cold
	fresh := newIndex(x.shape)
	fresh.rows.hash, fresh.heads.hash = x.rows.hash, x.heads.hash
	fresh.rows.moving, fresh.heads.moving = true, true
	var marks, keys []uint8
	var touched, young bitmap
	var used []uint32
	var rows, heads []int32
	columns, under := newKeyBatch(x.shape.Columns), newKeyBatch(x.shape.Keys)
	at, to := make([]int32, vec.BatchRows), make([]int32, vec.BatchRows)
	put := func() {
		columns.reset()
		under.reset()
		x.rows.Keys(rows, columns.cols)
		x.heads.Keys(heads, under.cols)
		fresh.find(under.columns(), columns.columns(), to[:len(rows)], at[:len(rows)], true)
		for i, old := range rows {
			r, h := at[i], to[i]
			copy(fresh.rows.row(r)[:x.link], x.rows.row(old))
			*markOf(&marks, r) = *markOf(&c.marks, old)
			*markOf(&keys, h) = *markOf(&c.keys, heads[i])
			for int(h) >= len(used) {
				used = append(used, 0)
			}
			if int(heads[i]) < len(c.used) {
				used[h] = c.used[heads[i]]
			}
			if x.changes != nil && x.changes.touched.has(old) {
				touched.set(r)
			}
			if x.changes != nil && x.changes.young.has(old) {
				young.set(r)
			}
		}
		rows, heads = rows[:0], heads[:0]
	}
	for _, h := range stays {
		x.eachRow(h, func(r int32) bool {
			rows, heads = append(rows, r), append(heads, h)
			if len(rows) == vec.BatchRows {
				put()
			}
			return true
		})
	}
	if len(rows) > 0 {
		put()
	}
	fresh.rows.moving, fresh.heads.moving = false, false
	if x.changes != nil {
		x.changes.touched, x.changes.young = touched, young
	}
	fresh.rows.changes, fresh.rows.loading, fresh.heads.loading = x.rows.changes, x.rows.loading, x.heads.loading
	c.marks, c.keys, c.used = marks, keys, used
	x.rows, x.heads = fresh.rows, fresh.heads
}
