package memory

import "github.com/sqlstream/sqlstream/internal/hugepage"

// An arena keeps byte strings in chunks that never move.
type arena struct {
	chunks [][]byte
	held   int64 // bytes of the chunks
	dead   int64 // bytes that belong to nothing any more
}

// add copies b and returns where it is.
func (a *arena) add(b []byte) uint64 {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(b) {
		size := max(len(b), nextSlab(int(a.held)))
		a.chunks = append(a.chunks, hugepage.Make(size)[:0])
		a.held += int64(size)
		last++
	}
	at := len(a.chunks[last])
	a.chunks[last] = append(a.chunks[last], b...)
	return uint64(last)<<32 | uint64(at)
}

// at returns the bytes that add put there.
func (a *arena) at(ref uint64, n uint32) []byte {
	from := uint32(ref)
	return a.chunks[ref>>32][from : from+n]
}

func (a *arena) drop(n uint32) { a.dead += int64(n) }

// wasteful reports that more than half of the arena is dead.
func (a *arena) wasteful() bool { return a.dead > 1<<20 && a.dead*2 > a.held }

// reset empties the arena; its first chunk is used again.
func (a *arena) reset() {
	if len(a.chunks) > 1 {
		a.chunks = a.chunks[:1]
	}
	a.held, a.dead = 0, 0
	for i := range a.chunks {
		a.held += int64(cap(a.chunks[i]))
		a.chunks[i] = a.chunks[i][:0]
	}
}
