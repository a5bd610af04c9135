package memory

import (
	"sort"

	"github.com/sqlstream/sqlstream/zset"
)

// compactRows is how long a log grows at least before it is looked at.
const compactRows = 64 << 10

// compact sums the log up once it is twice as long as after the last time: a table that
// is updated for ever does not grow for ever, at a cost that follows what is written.
// One that is only added to is left as it is. The caller holds t.mu.
func (t *table) compact() {
	if t.shrinks && t.total()-t.base >= max(2*t.summed, compactRows) {
		t.sum()
	}
}

// sum replaces the oldest part of the log by what it adds up to. Positions stay: the
// sum takes the places just before the part that every open source has read, and a new
// reader begins with it. The caller holds t.mu.
func (t *table) sum() {
	bound := t.total()
	for s := range t.sources {
		bound = min(bound, s.at)
	}
	k := sort.Search(len(t.ends), func(i int) bool { return t.ends[i] > bound })
	if k == 0 {
		return
	}
	upTo := t.ends[k-1] // whole batches only
	sum := zset.Consolidate(t.log[:k]...)
	t.base = upTo - int64(sum.Len)
	t.summed = int64(sum.Len) + t.total() - upTo
	log, ends := []*zset.Batch{}, []int64{}
	if sum.Len > 0 {
		sum = sum.Clone()
		log, ends = append(log, sum), append(ends, upTo)
	}
	t.log, t.ends = append(log, t.log[k:]...), append(ends, t.ends[k:]...)
	t.shrinks = upTo < t.total()
	if t.places != nil {
		t.places, t.gone = nil, nil
		t.locate()
	}
}
