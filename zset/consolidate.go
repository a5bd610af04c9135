package zset

import (
	"math"

	"github.com/sqlstream/sqlstream/vec"
)

// A Consolidator adds up the weights of equal rows. It keeps its table between
// calls: entries of an earlier call are told apart by their number and never cleared.
type Consolidator struct {
	hashes func(cols []*vec.Vec, n int, out []uint64) // HashRows where nil

	slots []slot
	base  uint32 // the number of the call's first entry
	n     int    // entries of the call
	row   []int32
	total []int64
	from  []int // of each batch, its first entry
	hash  []uint64
	entry []int32 // of each row of the batch at hand
	rows  []int32
	net   []int64
}

// A slot holds the entry of a row, numbered through all calls, and half its hash.
type slot struct{ hash, entry uint32 }

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
	for k, b := range batches {
		if rows, net := c.kept(c.from[k], c.from[k+1]); len(rows) > 0 {
			out.appendWeighted(b, rows, net)
		}
	}
}

// Split is Consolidate with the sum in as many batches as it takes for the texts of
// each to stay below limit, where those of the given ones do.
func (c *Consolidator) Split(limit int, batches ...*Batch) []*Batch {
	if !c.sum(batches, false) {
		c.sum(batches, true)
	}
	var out []*Batch
	sum := NewBuilder(batches[0].Schema)
	share := c.keptShare(batches)
	sum.reserve(batches, share, limit)
	for k, b := range batches {
		rows, net := c.kept(c.from[k], c.from[k+1])
		if len(rows) == 0 {
			continue
		}
		if !sum.Room(b, limit) {
			out, sum = append(out, sum.Build()), NewBuilder(sum.Schema)
			sum.reserve(batches[k:], share, limit)
		}
		sum.appendWeighted(b, rows, net)
	}
	if sum.Len() > 0 {
		out = append(out, sum.Build())
	}
	return out
}

// keptShare is the share of the rows of batches that their sum has.
func (c *Consolidator) keptShare(batches []*Batch) float64 {
	rows, kept := 0, 0
	for _, b := range batches {
		rows += b.Len
	}
	for _, w := range c.total[:c.n] {
		kept += int(uint64(w|-w) >> 63)
	}
	return float64(kept) / float64(max(rows, 1))
}

// Split is [Consolidator.Split] with a table of its own.
func Split(limit int, batches ...*Batch) []*Batch {
	return new(Consolidator).Split(limit, batches...)
}

// kept returns the rows and weights of the entries [from, to) whose weight is not 0,
// good until the next call. Which those are is as good as random, too.
func (c *Consolidator) kept(from, to int) (rows []int32, net []int64) {
	if cap(c.rows) < to-from {
		c.rows, c.net = make([]int32, len(c.row)), make([]int64, len(c.row))
	}
	rows, net = c.rows[:to-from], c.net[:to-from]
	n := 0
	for e := from; e < to; e++ {
		w := c.total[e]
		rows[n], net[n] = c.row[e], w
		n += int(uint64(w|-w) >> 63)
	}
	return rows[:n], net[:n]
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
		c.from = append(c.from, c.n)
		c.hashBatch(b)
		if exact {
			c.findExact(b, batches)
		} else {
			c.find()
			if !c.verify(k, batches) {
				return false
			}
		}
		c.weigh(b)
	}
	c.from = append(c.from, c.n)
	return true
}

func (c *Consolidator) start(n int) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	c.base += uint32(c.n)
	if len(c.slots) < size || c.base > math.MaxUint32-uint32(n) || c.base == 0 {
		c.slots, c.base = make([]slot, max(size, len(c.slots))), 1
	}
	if cap(c.row) <= n {
		c.row, c.total = make([]int32, size), make([]int64, size)
	}
	c.n, c.from = 0, c.from[:0]
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

// find gives each row the entry of its hash. Whether a row is new is as good as
// random: the loop does not branch on it, but writes a new entry each time and
// keeps it or not.
func (c *Consolidator) find() {
	slots, base, n := c.slots, c.base, uint32(c.n)
	entry, first, total := c.entry[:len(c.hash)], c.row, c.total
	mask := uint64(len(slots) - 1)
	for row, h := range c.hash {
		at := h & mask
		s := slots[at]
		for s.entry >= base && s.hash != uint32(h>>32) {
			at = (at + 1) & mask
			s = slots[at]
		}
		e, more := s.entry-base, uint32(0)
		if s.entry < base {
			e, more = n, 1
		}
		first[n], total[n] = int32(row), 0
		slots[at] = slot{uint32(h >> 32), base + e}
		entry[row] = int32(e)
		n += more
	}
	c.n = int(n)
}

// findExact is find without trust in hashes.
func (c *Consolidator) findExact(b *Batch, all []*Batch) {
	mask := uint64(len(c.slots) - 1)
	for row, h := range c.hash {
		at := h & mask
		for ; c.slots[at].entry >= c.base; at = (at + 1) & mask {
			if s := c.slots[at]; s.hash == uint32(h>>32) && c.isRow(int32(s.entry-c.base), b, row, all) {
				break
			}
		}
		if c.slots[at].entry < c.base {
			c.slots[at] = slot{uint32(h >> 32), c.base + uint32(c.n)}
			c.row[c.n], c.total[c.n] = int32(row), 0
			c.n++
		}
		c.entry[row] = int32(c.slots[at].entry - c.base)
	}
}

func (c *Consolidator) isRow(e int32, b *Batch, row int, all []*Batch) bool {
	return equalRows(all[c.batchOf(e)].Cols, int(c.row[e]), b.Cols, row)
}

// batchOf returns the batch that an entry's row is in.
func (c *Consolidator) batchOf(e int32) int {
	k := len(c.from) - 1
	for c.from[k] > int(e) {
		k--
	}
	return k
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
func (c *Consolidator) verify(k int, all []*Batch) bool {
	for col := range all[k].Cols {
		if !c.sameColumn(k, col, all) {
			return false
		}
	}
	return true
}
