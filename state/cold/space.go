package cold

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"

	"github.com/sqlstream/sqlstream/state"
)

// A space is the keys that begin with its prefix.
type space struct {
	*DB
	prefix [spaceLen]byte
	batch  *pebble.Batch
	filter *filter // nil before the first lookup
	key    []byte
	end    []byte
}

// batchBytes is how much is written at a time.
const batchBytes = 1 << 20

func must(err error) {
	if err != nil {
		panic(&state.Fault{Err: err})
	}
}

// iterate opens an iterator over keys of the space in [from, to).
func (s *space) iterate(from, to []byte, filters bool) *pebble.Iterator {
	lower := append(append([]byte(nil), s.prefix[:]...), from...)
	upper := append(append([]byte(nil), s.prefix[:]...), to...)
	if to == nil {
		upper[headsAt]++
	}
	it, err := s.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper, UseL6Filters: filters})
	must(err)
	return it
}

func closed(it *pebble.Iterator) {
	must(it.Error())
	must(it.Close())
}

func value(it *pebble.Iterator) []byte {
	v, err := it.ValueAndErr()
	must(err)
	return v
}

// A lookup goes to keys in their order. Most often none of them is there, and then no iterator is
// needed.
type lookup struct {
	*space
	it *pebble.Iterator
}

// seek goes to the first key with the head of the one that was put together, where there is one.
func (l *lookup) seek() bool {
	if !l.mayHave() {
		return false
	}
	if l.it == nil {
		l.it = l.iterate(nil, nil, l.filter.bits == nil)
	}
	return l.it.SeekPrefixGE(l.key)
}

func (l *lookup) close() {
	if l.it != nil {
		closed(l.it)
	}
}

// Find implements state.Space.
func (s *space) Find(keys [][]byte, f func(i int, value []byte)) {
	l := lookup{space: s}
	defer l.close()
	s.key = append(s.key[:0], s.prefix[:]...)
	for i, k := range keys {
		s.key = append(s.key[:spaceLen], k...)
		if l.seek() && bytes.Equal(l.it.Key(), s.key) {
			f(i, value(l.it))
		}
	}
}

// Under implements state.Space.
func (s *space) Under(heads [][]byte, f func(i int, key, value []byte) bool) {
	l := lookup{space: s}
	defer l.close()
	s.key = append(s.key[:0], s.prefix[:]...)
	for i, h := range heads {
		s.key = state.SpaceHead(s.key[:spaceLen], h)
		for ok := l.seek(); ok; ok = l.it.Next() {
			if !f(i, l.it.Key()[len(s.key):], value(l.it)) {
				break
			}
		}
	}
}

// Ascend implements state.Space.
func (s *space) Ascend(from, to []byte, f func(key, value []byte) bool) {
	it := s.iterate(from, to, false)
	defer closed(it)
	for ok := it.First(); ok && f(it.Key()[spaceLen:], value(it)); ok = it.Next() {
	}
}

// Descend implements state.Space.
func (s *space) Descend(from, to []byte, f func(key, value []byte) bool) {
	it := s.iterate(from, to, false)
	defer closed(it)
	for ok := it.Last(); ok && f(it.Key()[spaceLen:], value(it)); ok = it.Prev() {
	}
}

// writing returns the batch with room for more.
func (s *space) writing() *pebble.Batch {
	if s.batch == nil {
		s.batch = s.pebble.NewBatch()
	} else if s.batch.Len() > batchBytes {
		s.Flush()
	}
	return s.batch
}

// Set implements state.Space.
func (s *space) Set(key, value []byte) {
	s.key = append(append(s.key[:0], s.prefix[:]...), key...)
	must(s.writing().Set(s.key, value, nil))
	s.note()
}

// Delete implements state.Space.
func (s *space) Delete(key []byte) {
	s.key = append(append(s.key[:0], s.prefix[:]...), key...)
	must(s.writing().Delete(s.key, nil))
}

// DeleteRange implements state.Space.
func (s *space) DeleteRange(from, to []byte) {
	s.key = append(append(s.key[:0], s.prefix[:]...), from...)
	s.end = append(append(s.end[:0], s.prefix[:]...), to...)
	if to == nil {
		s.end[headsAt]++
	}
	must(s.writing().DeleteRange(s.key, s.end, nil))
}

// Flush implements state.Space.
func (s *space) Flush() {
	if s.batch == nil || s.batch.Empty() {
		return
	}
	if err := s.failed.Load(); err != nil { // else the database would wait for room without end
		must(*err)
	}
	must(s.batch.Commit(pebble.NoSync))
	s.batch.Reset()
}
