package exec

import (
	"slices"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A repeats tells whether many of the rows that come are equal to one that came before: then
// rows that are equal are better kept as one. It looks at some of them, by their hashes, so that
// of equal ones it looks at all or at none (P. Gibbons, "Distinct sampling for highly-accurate
// answers to distinct values queries and event reports").
type repeats struct {
	often bool // they are, and that stays so

	seen   map[uint64]bool // hashes
	mask   uint64          // what is 0 of those that are looked at
	looked int             // rows, fewer of those long ago
	again  int             // of them, those that were seen before
	turn   uint64
	hashes []uint64
}

const (
	repeatsEach  = 4       // one of so many batches is looked at, in no regular order
	repeatsKept  = 1 << 12 // hashes
	repeatsLeast = 256     // rows before which nothing is said
	repeatsOften = 16      // one of so many is often
)

// look takes in n rows.
func (r *repeats) look(cols []*vec.Vec, n int) {
	if r.turn++; r.often || r.turn > 1 && zset.Mix(0, r.turn)%repeatsEach > 0 {
		return
	}
	if r.seen == nil {
		r.seen = map[uint64]bool{}
	}
	r.hashes = slices.Grow(r.hashes[:0], n)[:n]
	zset.HashRows(cols, n, r.hashes)
	for _, h := range r.hashes {
		h = zset.Mix(0, h) // rows of a worker have hashes that are alike
		if h&r.mask != 0 {
			continue
		}
		if r.looked++; r.seen[h] {
			r.again++
		} else if r.seen[h] = true; len(r.seen) > repeatsKept {
			r.thin()
		}
	}
	if r.looked >= repeatsLeast && r.again*repeatsOften >= r.looked {
		*r = repeats{often: true}
	}
}

// thin looks at half as many rows from now on.
func (r *repeats) thin() {
	r.mask = r.mask<<1 | 1
	for h := range r.seen {
		if h&r.mask != 0 {
			delete(r.seen, h)
		}
	}
	r.looked, r.again = r.looked/2, r.again/2
}
