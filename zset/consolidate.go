package zset

import "github.com/sqlstream/sqlstream/vec"

// A Consolidator adds up the weights of equal rows. It keeps its table between
// calls: entries of an earlier call are told apart by their tag and never cleared.
type Consolidator struct {
	slots []slot
	tag   uint32
	first []origin
	total []int64
	hash  []uint64
}

type slot struct {
	tag   uint32
	hash  uint32
	entry int32
}

type origin struct{ batch, row int32 }

// Consolidate returns the sum of the batches: each row once, with its net weight,
// rows of weight 0 left out, in the order of first appearance. The result is in
// ordinary memory.
func Consolidate(batches ...*Batch) *Batch {
	return new(Consolidator).Consolidate(batches...)
}

// Consolidate is the function of that name with the consolidator's own table.
func (c *Consolidator) Consolidate(batches ...*Batch) *Batch {
	n := 0
	for _, b := range batches {
		n += b.Len
	}
	c.start(n)
	for k, b := range batches {
		c.add(int32(k), b, batches)
	}
	out := NewBuilder(batches[0].Schema)
	for i, o := range c.first {
		if w := c.total[i]; w != 0 {
			out.AppendRow(batches[o.batch], int(o.row), w)
		}
	}
	return out.Build()
}

func (c *Consolidator) start(n int) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	c.tag++
	if len(c.slots) < size || c.tag == 0 {
		c.slots, c.tag = make([]slot, size), 1
	}
	c.first, c.total = c.first[:0], c.total[:0]
}

func (c *Consolidator) add(k int32, b *Batch, all []*Batch) {
	if cap(c.hash) < b.Len {
		c.hash = make([]uint64, max(b.Len, vec.BatchRows))
	}
	hash := c.hash[:b.Len]
	HashRows(b.Cols, b.Len, hash)
	mask := uint64(len(c.slots) - 1)
	for row, h := range hash {
		for at := h & mask; ; at = (at + 1) & mask {
			s := &c.slots[at]
			if s.tag != c.tag {
				*s = slot{c.tag, uint32(h >> 32), int32(len(c.first))}
				c.first = append(c.first, origin{k, int32(row)})
				c.total = append(c.total, b.Weight(row))
				break
			}
			if s.hash == uint32(h>>32) {
				o := c.first[s.entry]
				if equalRows(all[o.batch].Cols, int(o.row), b.Cols, row) {
					c.total[s.entry] += b.Weight(row)
					break
				}
			}
		}
	}
}
