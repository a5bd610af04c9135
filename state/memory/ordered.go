package memory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
)

// An Ordered keeps keys in pages of a hundred or so, in order; a page's keys lie in
// one buffer. The beginnings of the pages' first keys stand side by side and are
// searched by halves.
type Ordered struct {
	pages []*page
	heads []head
	last  int // the page that a key was added to last
	n     int
}

// A head is the beginning of a key, short keys filled up with zeros. Where two heads
// differ they order as their keys do.
type head struct{ hi, lo uint64 }

func headOf(key []byte) head {
	if len(key) >= 16 {
		return head{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	}
	var b [16]byte
	copy(b[:], key)
	return head{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

func (h head) compare(o head) int {
	if c := cmp.Compare(h.hi, o.hi); c != 0 {
		return c
	}
	return cmp.Compare(h.lo, o.lo)
}

const pageKeys = 128

type page struct {
	data []byte
	ents []entry
	dead int // bytes of data that belong to no entry
}

// An entry has the beginning of its key beside it: a search seldom needs the rest.
type entry struct {
	head    head
	at, len uint32
	weight  int64
}

func (p *page) key(i int) []byte {
	e := p.ents[i]
	return p.data[e.at : e.at+e.len]
}

// search returns the place of the first key not below key.
func (p *page) search(key []byte) int {
	h := headOf(key)
	low, high := 0, len(p.ents)
	for low < high {
		mid := int(uint(low+high) >> 1)
		c := p.ents[mid].head.compare(h)
		if c == 0 {
			c = bytes.Compare(p.key(mid), key)
		}
		if c < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// pageFor returns the page that a key belongs into: the last that does not begin
// above it, or the first.
func (o *Ordered) pageFor(key []byte) int {
	h := headOf(key)
	low, high := 1, len(o.heads)
	for low < high {
		if mid := int(uint(low+high) >> 1); o.above(mid, key, h) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low - 1
}

// above reports that a page begins above a key.
func (o *Ordered) above(at int, key []byte, h head) bool {
	if c := o.heads[at].compare(h); c != 0 {
		return c > 0
	}
	return bytes.Compare(o.pages[at].key(0), key) > 0
}

// near is pageFor, trying the last one first: keys often come in order.
func (o *Ordered) near(key []byte) int {
	h := headOf(key)
	if at := o.last; at < len(o.pages) && !o.above(at, key, h) && (at+1 == len(o.pages) || o.above(at+1, key, h)) {
		return at
	}
	o.last = o.pageFor(key)
	return o.last
}

func (o *Ordered) setHead(at int) { o.heads[at] = o.pages[at].ents[0].head }

// Add implements state.Ordered.
func (o *Ordered) Add(key []byte, weight int64) int64 {
	if len(o.pages) == 0 {
		if weight != 0 {
			o.pages = append(o.pages, &page{data: bytes.Clone(key), ents: []entry{{headOf(key), 0, uint32(len(key)), weight}}})
			o.heads = append(o.heads, headOf(key))
			o.n = 1
		}
		return weight
	}
	at := o.near(key)
	p := o.pages[at]
	i := p.search(key)
	if i < len(p.ents) && bytes.Equal(p.key(i), key) {
		p.ents[i].weight += weight
		if p.ents[i].weight == 0 {
			o.remove(at, i, i+1)
			return 0
		}
		return p.ents[i].weight
	}
	if weight == 0 {
		return 0
	}
	p.ents = slices.Insert(p.ents, i, entry{headOf(key), uint32(len(p.data)), uint32(len(key)), weight})
	p.data = append(p.data, key...)
	o.n++
	if i == 0 {
		o.setHead(at)
	}
	if len(p.ents) > pageKeys {
		o.split(at)
	}
	return weight
}

func (o *Ordered) split(at int) {
	p := o.pages[at]
	half := len(p.ents) / 2
	if at == len(o.pages)-1 { // keys that come in ascending order fill their pages
		half = len(p.ents) * 7 / 8
	}
	o.pages[at] = p.copy(0, half)
	o.pages = slices.Insert(o.pages, at+1, p.copy(half, len(p.ents)))
	o.heads = slices.Insert(o.heads, at+1, head{})
	o.setHead(at + 1)
}

func (p *page) copy(from, to int) *page {
	c := &page{ents: make([]entry, 0, pageKeys+1)}
	for i := from; i < to; i++ {
		c.push(p.key(i), p.ents[i].weight)
	}
	return c
}

// push adds a key that is above all of the page.
func (p *page) push(key []byte, weight int64) {
	p.ents = append(p.ents, entry{headOf(key), uint32(len(p.data)), uint32(len(key)), weight})
	p.data = append(p.data, key...)
}

// remove takes entries [from, to) out of a page.
func (o *Ordered) remove(at, from, to int) {
	p := o.pages[at]
	for _, e := range p.ents[from:to] {
		p.dead += int(e.len)
	}
	o.n -= to - from
	p.ents = slices.Delete(p.ents, from, to)
	if len(p.ents) == 0 {
		o.drop(at, at+1)
		return
	}
	o.setHead(at)
	switch {
	case len(p.ents) < pageKeys/4 && o.merge(at):
	case p.dead*2 > len(p.data):
		o.pages[at] = p.copy(0, len(p.ents))
	}
}

// merge joins a page that has become small with the next or the one before, where
// both fit well into one.
func (o *Ordered) merge(at int) bool {
	if at+1 == len(o.pages) {
		at--
	}
	if at < 0 || len(o.pages[at].ents)+len(o.pages[at+1].ents) > pageKeys*3/4 {
		return false
	}
	p := o.pages[at].copy(0, len(o.pages[at].ents))
	next := o.pages[at+1]
	for i := range next.ents {
		p.push(next.key(i), next.ents[i].weight)
	}
	o.pages[at] = p
	o.setHead(at)
	o.drop(at+1, at+2)
	return true
}

// drop takes pages out.
func (o *Ordered) drop(from, to int) {
	o.pages = slices.Delete(o.pages, from, to)
	o.heads = slices.Delete(o.heads, from, to)
}

// Ascend implements state.Ordered.
func (o *Ordered) Ascend(from, to []byte, yield func(key []byte, weight int64) bool) {
	if len(o.pages) == 0 {
		return
	}
	at, i := 0, 0
	if from != nil {
		at = o.pageFor(from)
		i = o.pages[at].search(from)
	}
	for ; at < len(o.pages); at, i = at+1, 0 {
		p := o.pages[at]
		for ; i < len(p.ents); i++ {
			key := p.key(i)
			if to != nil && bytes.Compare(key, to) >= 0 || !yield(key, p.ents[i].weight) {
				return
			}
		}
	}
}

// Descend implements state.Ordered.
func (o *Ordered) Descend(from, to []byte, yield func(key []byte, weight int64) bool) {
	if len(o.pages) == 0 {
		return
	}
	at := len(o.pages) - 1
	i := len(o.pages[at].ents)
	if to != nil {
		at = o.pageFor(to)
		i = o.pages[at].search(to)
	}
	for {
		p := o.pages[at]
		for i--; i >= 0; i-- {
			key := p.key(i)
			if from != nil && bytes.Compare(key, from) < 0 || !yield(key, p.ents[i].weight) {
				return
			}
		}
		if at--; at < 0 {
			return
		}
		i = len(o.pages[at].ents)
	}
}

// EvictBelow implements state.Ordered. Whole pages go at once.
func (o *Ordered) EvictBelow(bound []byte) {
	whole := sort.Search(len(o.pages), func(i int) bool {
		p := o.pages[i]
		return bytes.Compare(p.key(len(p.ents)-1), bound) >= 0
	})
	for _, p := range o.pages[:whole] {
		o.n -= len(p.ents)
	}
	o.drop(0, whole)
	if len(o.pages) > 0 {
		if i := o.pages[0].search(bound); i > 0 {
			o.remove(0, 0, i)
		}
	}
}

// Len implements state.Ordered.
func (o *Ordered) Len() int { return o.n }

func (o *Ordered) bytes() int64 {
	n := int64(cap(o.heads)) * 16
	for _, p := range o.pages {
		n += int64(cap(p.data)) + int64(cap(p.ents))*32
	}
	return n
}
