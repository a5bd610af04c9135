package memory

import "unsafe"

// An Ordered is a B+ tree: keys with their weights in leaves, which are linked, and above
// them nodes that lead there. Nodes are blocks of one size and refer to each other by
// number, so that the garbage collector does not walk them.
type Ordered struct {
	nodes []unsafe.Pointer // *node
	slab  slab
	spare []int32 // nodes that are not in use
	root  int32
	n     int

	arena arena // of long keys
	path  []step
	known bool   // path leads to the leaf of the last call
	key   []byte // of a walk
	parts [2][]byte
	sep   []byte
	was   *node // what a node was while it is written anew

	clock uint32    // calls, to tell which leaf was used last
	cold  *coldKeys // nil where there is nothing beyond memory
	bound bound

	changes *keyChanges // nil where nothing lasts
}

// A step is a node on the way to a leaf, and which of its children is next.
type step struct {
	node int32
	at   int
}

func newOrdered() *Ordered {
	o := &Ordered{was: &node{}}
	o.root = o.make(0)
	return o
}

func (o *Ordered) node(id int32) *node { return (*node)(o.nodes[id]) }

// make returns an empty node.
func (o *Ordered) make(level int) int32 {
	var id int32
	if n := len(o.spare); n > 0 {
		id, o.spare = o.spare[n-1], o.spare[:n-1]
	} else {
		id = int32(len(o.nodes))
		o.nodes = append(o.nodes, unsafe.Pointer(unsafe.SliceData(o.slab.take(nodeSize))))
	}
	nd := o.node(id)
	nd.reset(nil)
	nd.level, nd.next, nd.prev = uint8(level), -1, -1
	return id
}

// leafFor finds the leaf that a key belongs into. Keys often come in order: where the way
// to the last one's leaf leads to this one's, too, it goes back no further than it must.
func (o *Ordered) leafFor(key []byte) int32 {
	id, last := o.root, -1
	if o.known {
		last = len(o.path) - 1
	}
	for ; last >= 0; last-- {
		s := o.path[last]
		nd := o.node(s.node)
		a, c := nd.aim(key)
		if c != 0 {
			continue
		}
		if o.between(nd, &a, s.at-1, s.at) {
			id = nd.child(s.at)
			break
		}
		if o.between(nd, &a, 0, int(nd.n)-1) {
			id = s.node
			last--
			break
		}
	}
	o.path = o.path[:last+1]
	o.known = true
	o.clock++
	for {
		nd := o.node(id)
		if nd.level == 0 {
			nd.last = o.clock >> useShift
			return id
		}
		i, equal := o.search(nd, key)
		i += boolInt(equal)
		o.path = append(o.path, step{id, i})
		id = nd.child(i)
	}
}

// between reports that there are two such entries of a node, and that a key lies between them.
func (o *Ordered) between(nd *node, a *aim, i, j int) bool {
	if i < 0 || i >= j || j >= int(nd.n) {
		return false
	}
	ents := nd.entries()
	return o.compare(nd, &ents[i], a) <= 0 && o.compare(nd, &ents[j], a) > 0
}

// Add implements state.Ordered.
func (o *Ordered) Add(key []byte, weight int64) int64 {
	if o.cold != nil {
		o.warm(key)
	}
	leaf := o.leafFor(key)
	nd := o.node(leaf)
	i, there := o.search(nd, key)
	if !there {
		if weight != 0 {
			o.n++
			o.insert(leaf, i, key, keyed{val: weight, marks: o.marks(youngKey)})
		}
		return weight
	}
	e := &nd.entries()[i]
	total := nd.weight(e) + weight
	switch {
	case total == 0:
		o.n--
		o.noteGone(e, key)
		o.drop(leaf, i, i+1)
	case e.val != wideWeight && !isWide(total):
		e.val = int32(total)
		e.off |= o.marks(0)
		o.mark(leaf)
	default:
		v := keyed{val: total, marks: o.marks(e.off & youngKey)}
		o.forget(nd, i, i+1)
		nd.cut(i, i+1)
		o.insert(leaf, i, key, v)
	}
	return total
}

// drop takes keys out of the leaf that path leads to.
func (o *Ordered) drop(leaf int32, from, to int) {
	nd := o.node(leaf)
	o.forget(nd, from, to)
	nd.cut(from, to)
	o.tidy()
	o.shrink(leaf)
}

// Ascend implements state.Ordered.
func (o *Ordered) Ascend(from, to []byte, yield func(key []byte, weight int64) bool) {
	if c := o.cold; c != nil && len(c.ranges) > 0 {
		o.coldWalk(yield).ascend(from, to)
		return
	}
	o.ascend(from, to, yield)
}

// ascend is Ascend of the keys in memory.
func (o *Ordered) ascend(from, to []byte, yield func(key []byte, weight int64) bool) {
	key := o.key
	o.key = nil // a walk within this one has another
	defer func() { o.key = key }()
	id, i := o.leafFor(from), 0
	if from != nil {
		i, _ = o.search(o.node(id), from)
	}
	for ; id >= 0; i = 0 {
		nd := o.node(id)
		end, c := aim{}, 1
		if to != nil {
			end, c = nd.aim(to)
		}
		if c < 0 {
			return
		}
		prefix := int(nd.prefix)
		key = append(key[:0], nd.common[:prefix]...)
		for ents := nd.entries(); i < len(ents); i++ {
			e := &ents[i]
			if c == 0 && o.compare(nd, e, &end) >= 0 {
				return
			}
			if key = o.appendRest(key[:prefix], nd, e); !yield(key, nd.weight(e)) {
				return
			}
		}
		id = nd.next
	}
}

// Descend implements state.Ordered.
func (o *Ordered) Descend(from, to []byte, yield func(key []byte, weight int64) bool) {
	if c := o.cold; c != nil && len(c.ranges) > 0 {
		o.coldWalk(yield).descend(from, to)
		return
	}
	o.descend(from, to, yield)
}

// descend is Descend of the keys in memory.
func (o *Ordered) descend(from, to []byte, yield func(key []byte, weight int64) bool) {
	key := o.key
	o.key = nil
	defer func() { o.key = key }()
	var id int32
	var i int
	if to == nil {
		id = o.last()
		i = int(o.node(id).n)
	} else {
		id = o.leafFor(to)
		i, _ = o.search(o.node(id), to)
	}
	for {
		nd := o.node(id)
		end, c := aim{}, -1
		if from != nil {
			end, c = nd.aim(from)
		}
		if c > 0 {
			return
		}
		prefix := int(nd.prefix)
		key = append(key[:0], nd.common[:prefix]...)
		for ents := nd.entries(); i > 0; i-- {
			e := &ents[i-1]
			if c == 0 && o.compare(nd, e, &end) < 0 {
				return
			}
			if key = o.appendRest(key[:prefix], nd, e); !yield(key, nd.weight(e)) {
				return
			}
		}
		if id = nd.prev; id < 0 {
			return
		}
		i = int(o.node(id).n)
	}
}

// last returns the last leaf.
func (o *Ordered) last() int32 {
	id := o.root
	for o.node(id).level > 0 {
		id = o.node(id).child(int(o.node(id).n))
	}
	return id
}

// EvictBelow implements state.Ordered. Whole leaves go at once.
func (o *Ordered) EvictBelow(bound []byte) {
	n, some := o.n, o.evictCold(bound)
	for o.n > 0 {
		o.known = false
		leaf := o.leafFor(nil)
		nd := o.node(leaf)
		i, _ := o.search(nd, bound)
		whole := i == int(nd.n)
		if i > 0 {
			o.n -= i
			o.drop(leaf, 0, i)
		}
		if !whole {
			break
		}
	}
	if o.changes != nil && (some || o.n < n) {
		o.changes.evicted(bound)
	}
}

// Len implements state.Ordered.
func (o *Ordered) Len() int { return o.n + o.cold.beyond() }

func (o *Ordered) bytes() int64 {
	n := int64(o.slab.held) + o.arena.held + 8*int64(cap(o.nodes))
	if c := o.changes; c != nil {
		n += int64(8*cap(c.leaves) + cap(c.gone.data) + 8*cap(c.gone.ends))
	}
	return n
}
