package memory

import "github.com/sqlstream/sqlstream/internal/hugepage"

// A slab hands out memory in pieces that are never given back one by one. It takes
// it in large amounts, which grow with what it holds.
type slab struct {
	rest []byte
	held int
}

const (
	minSlab = 1 << 12
	bigSlab = 4 << 20 // from a quarter of this on, huge pages are worth it
	maxSlab = 32 << 20
)

// nextSlab is how much memory to take where some is held already.
func nextSlab(held int) int {
	if held < bigSlab/4 {
		return max(held, minSlab)
	}
	return min(max(held, bigSlab)&^(bigSlab-1), maxSlab)
}

// take returns n zero bytes, aligned to 64 where n is a multiple of that.
func (s *slab) take(n int) []byte {
	if len(s.rest) < n {
		size := max(n, nextSlab(s.held))
		s.rest = hugepage.Make(size)
		s.held += size
	}
	b := s.rest[:n:n]
	s.rest = s.rest[n:]
	return b
}
