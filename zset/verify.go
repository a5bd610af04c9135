package zset

import (
	"bytes"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// sameColumn reports that one column's values in batch k are the same as those in
// the rows' entries. Most entries are of the same batch.
func (c *Consolidator) sameColumn(k int32, col int, all []*Batch) bool {
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

func sameFixed[T uint32 | uint64 | vec.Decimal](c *Consolidator, k int32, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	x := vec.Slice[T](v)[:len(c.entry)]
	for row, e := range c.entry {
		o := c.first[e]
		if o.batch == k {
			if x[row] != x[o.row] {
				return false
			}
			continue
		}
		if CompareValues(v, row, all[o.batch].Cols[col], int(o.row)) != 0 {
			return false
		}
	}
	return true
}

func (c *Consolidator) sameTexts(k int32, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	for row, e := range c.entry {
		o := c.first[e]
		if o.batch == k && int(o.row) == row {
			continue
		}
		w := all[o.batch].Cols[col]
		if w.IsNull(int(o.row)) || !bytes.Equal(v.Bytes(row), w.Bytes(int(o.row))) {
			return false
		}
	}
	return true
}

func (c *Consolidator) sameValues(k int32, col int, all []*Batch) bool {
	v := all[k].Cols[col]
	for row, e := range c.entry {
		if o := c.first[e]; CompareValues(v, row, all[o.batch].Cols[col], int(o.row)) != 0 {
			return false
		}
	}
	return true
}
