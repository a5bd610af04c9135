package durable

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"unsafe"
)

// A layerEntry is what a layer says of a key.
type layerEntry struct {
	key, value []byte
	layer      int
	gone       bool
}

// A source gives entries in the order of before. It can be begun again.
type source interface {
	first() (bool, error)
	next() (bool, error)
	entry() *layerEntry // until next
}

// unsorted takes in sections as they are and has them in order in memory.
type unsorted struct {
	layer  int    // at hand
	bound  []byte // of that
	data   []byte
	places []place
	order  []ordered
	at     int
	now    layerEntry
}

// A place is an entry in data.
type place struct {
	from       int
	key, value uint32 // lengths
	layer      int32
	gone       bool
}

// An ordered is an entry in the order of all. Where the prefixes of two keys differ they
// order as the keys do.
type ordered struct {
	prefix uint64
	place  int
}

// reserve makes room for a section.
func (u *unsorted) reserve(s *section) {
	u.data = slices.Grow(u.data, int(s.end-s.at))
	u.places = slices.Grow(u.places, int(s.set))
}

const (
	placeSize = int(unsafe.Sizeof(place{}) + unsafe.Sizeof(ordered{}))
	typical   = 32 // bytes of a deleted key; how many there are is not known
)

// size is the bytes that entries take.
func (u *unsorted) size() int { return len(u.data) + len(u.places)*placeSize }

// sizeOf is about what a section would add to that.
func sizeOf(s *section) int {
	return int(s.end-s.at) + (int(s.set)+int(s.setAt-s.at)/typical)*placeSize
}

// Below implements state.Delta.
func (u *unsorted) Below(bound []byte) error {
	u.bound = bytes.Clone(bound)
	return nil
}

// Delete implements state.Delta.
func (u *unsorted) Delete(key []byte) error {
	u.add(key, nil, true)
	return nil
}

// Set implements state.Delta.
func (u *unsorted) Set(key, value []byte) error {
	u.add(key, value, false)
	return nil
}

func (u *unsorted) add(key, value []byte, gone bool) {
	u.places = append(u.places, place{len(u.data), uint32(len(key)), uint32(len(value)), int32(u.layer), gone})
	u.data = append(append(u.data, key...), value...)
}

// prefixOf is the beginning of a key: where two of them differ they order as the keys do.
func prefixOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

func (u *unsorted) read(p *place) layerEntry {
	key := u.data[p.from : p.from+int(p.key)]
	return layerEntry{key, u.data[p.from+int(p.key):][:p.value], int(p.layer), p.gone}
}

func (u *unsorted) sort() {
	u.order = slices.Grow(u.order[:0], len(u.places))
	for i := range u.places {
		p := &u.places[i]
		u.order = append(u.order, ordered{prefixOf(u.data[p.from : p.from+int(p.key)]), i})
	}
	slices.SortFunc(u.order, func(a, b ordered) int {
		if a.prefix != b.prefix {
			if a.prefix < b.prefix {
				return -1
			}
			return 1
		}
		x, y := u.read(&u.places[a.place]), u.read(&u.places[b.place])
		switch {
		case before(&x, &y):
			return -1
		case before(&y, &x):
			return 1
		}
		return 0
	})
}

func (u *unsorted) first() (bool, error) {
	u.at = -1
	return u.next()
}

func (u *unsorted) next() (bool, error) {
	if u.at++; u.at >= len(u.order) {
		return false, nil
	}
	u.now = u.read(&u.places[u.order[u.at].place])
	return true, nil
}

func (u *unsorted) entry() *layerEntry { return &u.now }

// sorted reads blocks of one kind of a section that is in order.
type sorted struct {
	r       *blockReader
	at, end int64
	kind    byte
	layer   int
	rest    cursor
	now     layerEntry
}

func (s *sorted) first() (bool, error) {
	s.r.at, s.rest = s.at, cursor{}
	return s.next()
}

func (s *sorted) next() (bool, error) {
	for len(s.rest.data) == 0 {
		if s.r.at >= s.end {
			return false, nil
		}
		b, err := s.r.next()
		if err == io.EOF {
			err = s.r.bad("it ends within a table")
		}
		if err != nil {
			return false, err
		}
		if b.kind == s.kind {
			s.rest.data = b.payload
		}
	}
	s.now = layerEntry{key: s.rest.bytes(), layer: s.layer, gone: s.kind == deletedBlock}
	if !s.now.gone {
		s.now.value = s.rest.bytes()
	}
	if s.rest.bad {
		return false, s.r.bad("an entry reaches beyond its block")
	}
	return true, nil
}

func (s *sorted) entry() *layerEntry { return &s.now }
