package zset

import (
	"github.com/sqlstream/sqlstream/vec"
)

// A Consolidator adds up the weights of equal rows. It keeps its table between
// calls: entries of an earlier call are told apart by their tag and never cleared.
type Consolidator struct {
	hashes func(cols []*vec.Vec, n int, out []uint64) // HashRows where nil

	slots []slot
	tag   uint32
	first []origin // where each entry's row stands
	total []int64
	hash  []uint64
	entry []int32 // of each row of the batch at hand
	rows  []int32
	net   []int64
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
	out := NewBuilder(batches[0].Schema)
	c.Into(out, batches...)
	return out.Build()
}

// Into appends the sum of the batches to out.
func (c *Consolidator) Into(out *Builder, batches ...*Batch) {
	if !c.sum(batches, false) {
		c.sum(batches, true)
	}
	at := 0
	for k, b := range batches {
		c.rows, c.net = c.rows[:0], c.net[:0]
		for ; at < len(c.first) && int(c.first[at].batch) == k; at++ {
			if w := c.total[at]; w != 0 {
				c.rows = append(c.rows, c.first[at].row)
				c.net = append(c.net, w)
			}
		}
		if len(c.rows) > 0 {
			out.appendWeighted(b, c.rows, c.net)
		}
	}
}

// sum finds the rows' entries. At first rows of equal hash are taken for equal, and
// compared a column at a time when a batch is through: false says that some were
// not. With exact each row is compared as it comes.
func (c *Consolidator) sum(batches []*Batch, exact bool) bool {
	n := 0
	for _, b := range batches {
		n += b.Len
	}
	c.start(n)
	for k, b := range batches {
		c.hashBatch(b)
		if exact {
			c.findExact(int32(k), b, batches)
		} else {
			c.find(int32(k))
			if !c.verify(int32(k), batches) {
				return false
			}
		}
		c.weigh(b)
	}
	return true
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

func (c *Consolidator) hashBatch(b *Batch) {
	if cap(c.hash) < b.Len {
		c.hash = make([]uint64, max(b.Len, vec.BatchRows))
		c.entry = make([]int32, cap(c.hash))
	}
	c.hash, c.entry = c.hash[:b.Len], c.entry[:b.Len]
	if c.hashes != nil {
		c.hashes(b.Cols, b.Len, c.hash)
		return
	}
	HashRows(b.Cols, b.Len, c.hash)
}

// find gives each row the entry of its hash.
func (c *Consolidator) find(k int32) {
	slots, tag, entry := c.slots, c.tag, c.entry
	mask := uint64(len(slots) - 1)
	for row, h := range c.hash {
		for at := h & mask; ; at = (at + 1) & mask {
			s := &slots[at]
			if s.tag != tag {
				*s = slot{tag, uint32(h >> 32), c.add(k, row)}
				entry[row] = s.entry
				break
			}
			if s.hash == uint32(h>>32) {
				entry[row] = s.entry
				break
			}
		}
	}
}

// findExact is find without trust in hashes.
func (c *Consolidator) findExact(k int32, b *Batch, all []*Batch) {
	mask := uint64(len(c.slots) - 1)
	for row, h := range c.hash {
		for at := h & mask; ; at = (at + 1) & mask {
			s := &c.slots[at]
			if s.tag != c.tag {
				*s = slot{c.tag, uint32(h >> 32), c.add(k, row)}
				c.entry[row] = s.entry
				break
			}
			o := c.first[s.entry]
			if s.hash == uint32(h>>32) && equalRows(all[o.batch].Cols, int(o.row), b.Cols, row) {
				c.entry[row] = s.entry
				break
			}
		}
	}
}

func (c *Consolidator) add(k int32, row int) int32 {
	c.first = append(c.first, origin{k, int32(row)})
	c.total = append(c.total, 0)
	return int32(len(c.first) - 1)
}

func (c *Consolidator) weigh(b *Batch) {
	total := c.total
	if b.Weights == nil {
		for _, e := range c.entry {
			total[e]++
		}
		return
	}
	for row, e := range c.entry {
		total[e] += b.Weights[row]
	}
}

// verify reports that the rows of batch k equal the rows they were added to.
func (c *Consolidator) verify(k int32, all []*Batch) bool {
	for col := range all[k].Cols {
		if !c.sameColumn(k, col, all) {
			return false
		}
	}
	return true
}
