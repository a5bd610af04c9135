package memory

import (
	"sort"

	"github.com/sqlstream/sqlstream/zset"
)

// compactRows is how long a log grows at least before it is looked at, and awayRows before
// queries that are away lose their place.
const (
	compactRows = 64 << 10
	awayRows    = 1 << 20
)

// compact sums the log up once it is twice as long as after the last time: a table that
// is updated for ever does not grow for ever, at a cost that follows what is written.
// One that is only added to is left as it is. The caller holds t.mu.
func (t *table) compact() {
	if t.shrinks && t.total()-t.base >= max(2*t.summed, t.least) {
		t.sum()
	}
}

// sum replaces the oldest part of the log by what it adds up to. Positions stay: the
// sum takes the places just before the part that every open source has read, and a new
// reader begins with it. The caller holds t.mu, and t.writing of a table that lasts, whose
// journal is written anew; where that fails all stays as it is.
func (t *table) sum() {
	bound := t.summable()
	k := sort.Search(len(t.ends), func(i int) bool { return t.ends[i] > bound })
	if k == 0 {
		return
	}
	upTo := t.ends[k-1] // whole batches only
	sum := zset.Consolidate(t.log[:k]...)
	base := upTo - int64(sum.Len)
	log, ends := []*zset.Batch{}, []int64{}
	if sum.Len > 0 {
		sum = sum.Clone()
		log, ends = append(log, sum), append(ends, upTo)
	}
	log, ends = append(log, t.log[k:]...), append(ends, t.ends[k:]...)
	t.summed = int64(sum.Len) + t.total() - upTo
	if t.kept != nil {
		if err := t.rewrite(base, log); err != nil {
			t.summed = t.total() - t.base // later
			return
		}
	}
	t.base, t.log, t.ends = base, log, ends
	t.shrinks = upTo < t.total()
	if t.places != nil {
		t.places, t.gone = nil, nil
		t.locate()
	}
}

// summable is the position up to which the log may be summed up. A query that has gone is
// waited for until the log is many times as long as what it holds: it may never come back.
func (t *table) summable() int64 {
	bound := t.total()
	for s := range t.sources {
		bound = min(bound, s.at)
	}
	if t.kept == nil {
		return bound
	}
	long := t.total()-t.base > max(16*t.summed, t.away)
	for query, f := range t.kept.followers {
		switch {
		case len(f.open) == 0 && long:
			delete(t.kept.followers, query)
		case f.first.settled > 0:
			return t.base // not at all
		default:
			bound = min(bound, f.at)
		}
	}
	return bound
}
