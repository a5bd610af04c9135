package zset

import (
	"bytes"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// sameColumn reports that one column's values in batch k are the same as those in
// the rows' entries. Most entries are of the same batch.
func (c *Consolidator) sameColumn(k int, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	if v.Const || v.Valid != nil {
		return c.sameValues(k, col, all)
	}
	switch v.Type.Layout() {
	case types.Int64, types.Uint64:
		return sameFixed[uint64](c, k, col, all)
	case types.Int32, types.Uint32:
		return sameFixed[uint32](c, k, col, all)
	case types.Int128:
		return sameFixed[vec.Decimal](c, k, col, all)
	case types.Bytes:
		return c.sameTexts(k, col, all)
	}
	return c.sameValues(k, col, all)
}

func sameFixed[T uint32 | uint64 | vec.Decimal](c *Consolidator, k int, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	x, from := vec.Slice[T](v)[:len(c.entry)], int32(c.from[k])
	for row, e := range c.entry {
		if e >= from {
			if x[row] != x[c.row[e]] {
				return false
			}
			continue
		}
		if CompareValues(v, row, all[c.batchOf(e)].Cols[col], int(c.row[e])) != 0 {
			return false
		}
	}
	return true
}

func (c *Consolidator) sameTexts(k int, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	for row, e := range c.entry {
		b, at := c.batchOf(e), int(c.row[e])
		if b == k && at == row {
			continue
		}
		w := all[b].Cols[col]
		if w.IsNull(at) || !bytes.Equal(v.Bytes(row), w.Bytes(at)) {
			return false
		}
	}
	return true
}

func (c *Consolidator) sameValues(k int, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	for row, e := range c.entry {
		if CompareValues(v, row, all[c.batchOf(e)].Cols[col], int(c.row[e])) != 0 {
			return false
		}
	}
	return true
}
