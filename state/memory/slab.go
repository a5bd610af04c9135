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
	maxSlab = 32 << 20
)

// take returns n zero bytes, aligned to 64 where n is a multiple of that.
func (s *slab) take(n int) []byte {
	if len(s.rest) < n {
		size := max(n, min(max(s.held, minSlab), maxSlab))
		s.rest = hugepage.Make(size)
		s.held += size
	}
	b := s.rest[:n:n]
	s.rest = s.rest[n:]
	return b
}
