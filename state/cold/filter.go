package cold

import (
	"bytes"

	"github.com/bits-and-blooms/bloom/v3"
)

// A filter knows of the keys of a space, or of the heads where it has heads, that they may be
// there, and of nearly all others that they are not: a lookup of these would ask the filter of
// each file. It is a Bloom filter, which cannot forget; when it has taken in as many keys as it
// was made for, it is made anew of those that are there.
type filter struct {
	bits *bloom.BloomFilter // nil where memory has no room for one that would help
	keys int                // that it takes
	room int                // of these, how many are still to come
}

const (
	leastKeys  = 1 << 12 // of a filter
	leastBits  = 2       // of each key; with fewer hardly a key is known not to be there
	filterPart = 8       // of memory one part in so many is for filters
)

func (f *filter) bytes() int64 {
	if f == nil || f.bits == nil {
		return 0
	}
	return int64(f.bits.Cap() / 8)
}

// mayHave reports whether the key that was put together, or its head, may be there.
func (s *space) mayHave() bool {
	if s.filter == nil {
		s.refilter(leastKeys)
	}
	return s.filter.bits == nil || s.filter.bits.Test(head(s.key))
}

// note tells the filter of the key that is written.
func (s *space) note() {
	f := s.filter
	if f == nil || f.bits == nil || f.bits.TestOrAdd(head(s.key)) {
		return
	}
	if f.room--; f.room <= 0 {
		s.refilter(2 * f.keys)
	}
}

// head is the part of a key in the database that filters know.
func head(key []byte) []byte { return key[:comparer.Split(key)] }

// refilter makes the filter anew, for so many keys, or others where those that are there are more
// or far fewer.
func (s *space) refilter(keys int) {
	s.Flush()
	for {
		f := s.empty(keys)
		n := 0
		if f.bits != nil {
			n = s.fill(f)
		}
		s.filters.Add(f.bytes() - s.filter.bytes())
		s.filter = f
		switch {
		case n > keys:
			keys *= 4
		case keys > leastKeys && f.bits != nil && n < keys/8:
			keys = max(2*n, leastKeys)
		default:
			f.room = keys - n
			return
		}
	}
}

// empty makes a filter for so many keys, of as many bits as there may be.
func (s *space) empty(keys int) *filter {
	f := &filter{keys: keys}
	may := 8 * (s.most - s.filters.Load() + s.filter.bytes())
	if each := min(float64(filterBits), float64(may)/float64(keys)); each >= leastBits {
		f.bits = bloom.New(uint(each*float64(keys)), uint(each*0.69+0.5)) // ln 2 of the bits for a key are set by it
	}
	return f
}

// fill takes in the keys that are there, until they are more than the filter takes, and returns
// their number.
func (s *space) fill(f *filter) int {
	it := s.iterate(nil, nil, false)
	defer closed(it)
	n := 0
	var last []byte
	for ok := it.First(); ok && n <= f.keys; ok = it.Next() {
		if h := head(it.Key()); !bytes.Equal(h, last) {
			last = append(last[:0], h...)
			f.bits.Add(h)
			n++
		}
	}
	return n
}
