package memory

import (
	"math"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// thaw removes all that is beyond memory: the table is not used any more.
func (m *Map) thaw() {
	if c := m.cold; c != nil {
		c.n, c.both, c.bytes = 0, 0, 0
		remove(c.rows, c.expiry)
	}
}

func (x *Index) thaw() {
	if c := x.cold; c != nil {
		c.n, c.both, c.bytes = 0, 0, 0
		remove(c.rows, c.expiry)
	}
}

func (o *Ordered) thaw() {
	if c := o.cold; c != nil {
		c.n, c.bytes, c.ranges = 0, 0, nil
		remove(c.keys)
	}
}

func remove(spaces ...state.Space) {
	for _, s := range spaces {
		if s != nil {
			s.DeleteRange(nil, nil)
			s.Flush()
		}
	}
}

// warmAll brings in all rows.
func (x *Index) warmAll() {
	c := x.cold
	if c.beyond() == 0 {
		return
	}
	n := 0
	c.rows.Ascend(nil, nil, func(key, value []byte) bool {
		head, row := state.CutHead(key)
		zset.KeyAt(head, c.heads.cols)
		zset.KeyAt(row, c.batch.cols)
		c.values = append(c.values, value...)
		if n++; n == vec.BatchRows {
			x.bring(n)
			n = 0
		}
		return true
	})
	x.bring(n)
}

// warmAll brings in all keys.
func (o *Ordered) warmAll() {
	for c := o.cold; c != nil && len(c.ranges) > 0; {
		o.bring(0, c.ranges[0].from, math.MaxInt, 0)
	}
}
