package kafka

import "encoding/binary"

// A scanner reads what Kafka writes from the start of p on. Beyond the end it reads zeros,
// and short is true from then on.
type scanner struct {
	p     []byte
	short bool
}

// take returns the next n bytes, nil where n is negative: so Kafka writes what is not there.
func (s *scanner) take(n int) []byte {
	if n < 0 {
		return nil
	}
	if n > len(s.p) {
		s.p, s.short = nil, true
		return nil
	}
	b := s.p[:n:n]
	s.p = s.p[n:]
	return b
}

// count is how many elements of an array are worth reading: each takes a byte at least.
func (s *scanner) count(n int) int {
	if n > len(s.p) {
		s.p, s.short = nil, true
	}
	return min(max(n, 0), len(s.p))
}

func (s *scanner) uint16() uint16 {
	if b := s.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (s *scanner) uint32() uint32 {
	if b := s.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (s *scanner) uint64() uint64 {
	if b := s.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (s *scanner) uvarint() uint64 {
	v, n := binary.Uvarint(s.p)
	if n <= 0 {
		s.p, s.short = nil, true
		return 0
	}
	s.p = s.p[n:]
	return v
}

// varint reads a signed number, which of most records' fields has one byte or two.
func (s *scanner) varint() int64 {
	switch p := s.p; {
	case len(p) > 0 && p[0] < 0x80:
		s.p = p[1:]
		return int64(p[0]>>1) ^ -int64(p[0]&1)
	case len(p) > 1 && p[1] < 0x80:
		s.p = p[2:]
		u := uint64(p[0]&0x7f) | uint64(p[1])<<7
		return int64(u>>1) ^ -int64(u&1)
	}
	u := s.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// smallNumber is varint at a place, for a number of at most three bytes that is not at the end
// of p. It returns the place behind it, -1 for another number.
func smallNumber(p []byte, at int) (v, end int) {
	if at+3 > len(p) {
		return 0, -1
	}
	w := uint32(p[at]) | uint32(p[at+1])<<8 | uint32(p[at+2])<<16
	u := w & 0x7f
	switch {
	case w&0x80 == 0:
		end = at + 1
	case w&0x8000 == 0:
		u, end = u|w>>1&0x3f80, at+2
	case w&0x800000 == 0:
		u, end = u|w>>1&0x3f80|w>>2&0x1fc000, at+3
	default:
		return 0, -1
	}
	return int(u>>1) ^ -int(u&1), end
}

// piece is bytes at a place of which the length is a small number, up to end at most.
func piece(p []byte, at, end int) ([]byte, int) {
	n, at := smallNumber(p, at)
	if n < 0 || at < 0 {
		return nil, at
	}
	if n > end-at {
		return nil, -1
	}
	return p[at : at+n : at+n], at + n
}

// bytes reads what has its length before it, nil where there is nothing.
func (s *scanner) bytes() []byte { return s.take(int(s.varint())) }
