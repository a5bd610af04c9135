package memory

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// useShift is how many calls (as a power of two) count as one time when it is asked which
// leaf was used last.
const useShift = 10

// age is in which of a few classes a leaf lies by when it was used last.
func (o *Ordered) age(nd *node) int { return bits.Len32(o.clock>>useShift - nd.last) }

// pinned reports that a leaf has to stay: the next Save asks for keys of it.
func (o *Ordered) pinned(id int32) bool {
	return o.changes != nil && o.changes.leaves.has(id) &&
		slices.ContainsFunc(o.node(id).entries(), func(e entry) bool { return e.off&changedKey != 0 })
}

// evict moves leaves out of memory, those that were not used for long first, until it
// holds no more than so many bytes, as far as may be.
func (o *Ordered) evict(keep int64) {
	c, held := o.cold, o.bytes()
	if c == nil || c.walks > 0 || held <= keep || o.n == 0 {
		return
	}
	var leaves []int32
	var classes [ages]int
	loose := 0
	for id := o.leafFor(nil); id >= 0; id = o.node(id).next {
		leaves = append(leaves, id)
		if !o.pinned(id) {
			classes[o.age(o.node(id))]++
			loose++
		}
	}
	stay := int(int64(len(leaves))*keep/held) - (len(leaves) - loose)
	left := youngest(classes[:], max(stay, 0))
	goes := make([]bool, len(leaves))
	some := false
	for i, id := range leaves {
		if a := o.age(o.node(id)); !o.pinned(id) {
			if goes[i] = left[a] == 0; goes[i] {
				some = true
			} else {
				left[a]--
			}
		}
	}
	if some {
		o.rebuild(leaves, goes)
	}
}

// rebuild makes the set anew of some of its leaves; the others go.
func (o *Ordered) rebuild(leaves []int32, goes []bool) {
	c := o.cold
	fresh := newOrdered()
	fresh.changes = o.changes
	if o.changes != nil {
		o.changes.leaves = nil
	}
	var key, value []byte
	var run *keyRange // of leaves that go, one behind the other
	var runs []keyRange
	for i, id := range leaves {
		nd := o.node(id)
		if nd.n == 0 {
			continue
		}
		if first := o.appendKey(nil, nd, 0); goes[i] && run == nil {
			runs = append(runs, keyRange{from: first})
			run = &runs[len(runs)-1]
		} else if !goes[i] && run != nil {
			run.to, run = first, nil
		}
		fresh.clock = nd.last << useShift
		for k := range nd.entries() {
			key = o.appendKey(key[:0], nd, k)
			v := nd.valueOf(k)
			if !goes[i] {
				fresh.place(key, v)
				continue
			}
			value = binary.AppendVarint(value[:0], v.val)
			c.keys.Set(key, value)
			c.n++
			c.bytes += int64(len(key) + keyWeight)
		}
	}
	c.keys.Flush()
	c.ranges = united(append(c.ranges, runs...))
	o.nodes, o.slab, o.spare, o.root, o.n, o.arena = fresh.nodes, fresh.slab, fresh.spare, fresh.root, fresh.n, fresh.arena
	o.known = false
}

// united sorts ranges and joins those that meet.
func united(ranges []keyRange) []keyRange {
	slices.SortFunc(ranges, func(a, b keyRange) int { return bytes.Compare(a.from, b.from) })
	out := ranges[:0]
	for _, r := range ranges {
		last := len(out) - 1
		switch {
		case last < 0 || out[last].to != nil && bytes.Compare(out[last].to, r.from) < 0:
			out = append(out, r)
		case out[last].to != nil && (r.to == nil || bytes.Compare(r.to, out[last].to) > 0):
			out[last].to = r.to
		}
	}
	return out
}
