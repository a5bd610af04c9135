package memory

import "math/bits"

// nearKeys is how many keys Near looks for at a time: more than a processor fetches memory
// for at once, and so few that what was fetched is still there when it is used.
const nearKeys = 64

// smallOrdered is the bytes of a set that is likely to be in a near cache as it is.
const smallOrdered = 256 << 10

// nearSearch is a search within one node.
type nearSearch struct {
	id     int32
	low, n int
	hi     uint64
	nd     *node
}

// Near implements state.Ordered. A search waits for memory at each of its steps; so many of
// them go step by step together, and what they wait for comes at the same time.
func (o *Ordered) Near(keys [][]byte) {
	if c := o.cold; c != nil && c.walks == 0 {
		for _, key := range keys {
			o.warm(key)
		}
	}
	if o.slab.held < smallOrdered {
		return
	}
	var all [nearKeys]nearSearch
	for len(keys) > 0 {
		part := all[:min(nearKeys, len(keys))]
		for i := range part {
			part[i].id = o.root
		}
		for level := int(o.node(o.root).level); level >= 0; level-- {
			o.nearIn(part, keys)
			for i := range part {
				if level > 0 {
					part[i].id = o.childOf(&part[i], keys[i])
				}
			}
		}
		keys = keys[len(part):]
	}
}

// nearIn brings near what searches for keys read in nodes.
func (o *Ordered) nearIn(part []nearSearch, keys [][]byte) {
	entries := 0
	for i := range part {
		s := &part[i]
		s.nd = o.node(s.id)
		entries = max(entries, int(s.nd.n))
	}
	for i := range part {
		s := &part[i]
		a, c := s.nd.aim(keys[i])
		s.low, s.n, s.hi = 0, int(s.nd.n), a.head.hi
		if c != 0 {
			s.low, s.n = s.n*boolInt(c > 0), 0
		}
	}
	for range bits.Len(uint(entries)) {
		for i := range part {
			s := &part[i]
			if s.n == 0 {
				continue
			}
			half := (s.n + 1) >> 1
			_, below := bits.Sub64(s.nd.entries()[s.low+half-1].head.hi, s.hi, 0)
			s.low += half & -int(below)
			s.n -= half
		}
	}
}

// childOf returns the child of the node at hand that a key belongs into.
func (o *Ordered) childOf(s *nearSearch, key []byte) int32 {
	if at := s.low; at == int(s.nd.n) || s.nd.entries()[at].head.hi != s.hi {
		return s.nd.child(at)
	}
	i, equal := o.search(s.nd, key)
	return s.nd.child(i + boolInt(equal))
}
