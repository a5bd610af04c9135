package memory

import "encoding/binary"

// insert puts a new key into a leaf at i. Where there is no room nodes on the way are
// divided, until there is.
func (o *Ordered) insert(leaf int32, i int, key []byte, v keyed) {
	for {
		nd := o.node(leaf)
		if o.fit(nd, key, v.val) {
			o.put(nd, i, key, v)
			o.mark(leaf)
			return
		}
		o.split(leaf, len(o.path), i == int(nd.n))
		leaf = o.leafFor(key)
		i, _ = o.search(o.node(leaf), key)
	}
}

// put makes an entry where there is room for it.
func (o *Ordered) put(nd *node, i int, key []byte, v keyed) {
	if v.long = len(key) > maxInline; v.long {
		v.ref = o.arena.add(key)
	}
	nd.put(i, key, v)
	if nd.prefix == 0 && (nd.n == 8 || nd.n == 64) { // what they have in common shows by now
		o.rewrite(nd, o.common(nd, 0, nd, int(nd.n)-1), nil)
	}
}

// fit makes room for a key in a node, or reports that there is none.
func (o *Ordered) fit(nd *node, key []byte, val int64) bool {
	common := commonOf(key, nd.common[:nd.prefix])
	need := space(key, common, val)
	switch {
	case common < int(nd.prefix):
		if o.size(nd, common)+need > len(nd.body) {
			return false
		}
	case nd.free() >= need:
		return true
	case nd.free()+int(nd.dead) < need:
		return false
	}
	o.rewrite(nd, common, nil)
	return true
}

// size is the bytes that a node's entries would take with so many bytes in common.
func (o *Ordered) size(nd *node, common int) int {
	n := 0
	for i := range nd.entries() {
		e := &nd.entries()[i]
		n += entrySize + e.recordSize()
		if e.len != longKey {
			n += max(0, int(e.len)+int(nd.prefix)-common-headBytes) - max(0, int(e.len)-headBytes)
		}
	}
	return n
}

// common is how many bytes two keys, and all between them, have in common.
func (o *Ordered) common(a *node, i int, b *node, j int) int {
	o.parts[0] = o.appendKey(o.parts[0][:0], a, i)
	o.parts[1] = o.appendKey(o.parts[1][:0], b, j)
	return commonOf(o.parts[0], o.parts[1])
}

// rewrite writes a node anew, without dead bytes and with so many bytes in common, and the
// entries of the next, if not nil, behind its own.
func (o *Ordered) rewrite(nd *node, common int, next *node) {
	if nd.n == 0 {
		nd.reset(nil)
		return
	}
	*o.was = *nd
	o.parts[0] = o.appendKey(o.parts[0][:0], nd, 0)
	nd.reset(o.parts[0][:common])
	o.append(nd, o.was, 0, int(o.was.n))
	if next != nil {
		o.append(nd, next, 0, int(next.n))
	}
}

// refill gives a node some entries of another.
func (o *Ordered) refill(nd, from *node, first, end int) {
	nd.reset(nil)
	if first < end {
		common := o.common(from, first, from, end-1)
		nd.reset(o.parts[0][:min(common, len(o.parts[0]))])
	}
	o.append(nd, from, first, end)
}

// append puts entries of another node behind those of a node, which has of each what it
// has of the others.
func (o *Ordered) append(to, from *node, first, end int) {
	ents := from.entries()
	for i := first; i < end; i++ {
		if to.prefix != from.prefix {
			o.parts[0] = o.appendKey(o.parts[0][:0], from, i)
			to.put(int(to.n), o.parts[0], from.valueOf(i))
			continue
		}
		e := ents[i]
		size := e.recordSize()
		to.top -= uint16(size)
		copy(to.body[to.top:], from.body[e.at():e.at()+size])
		e.off = to.top | e.off&^offMask
		to.n++
		to.entries()[to.n-1] = e
	}
}

// split divides a node that has so many above it on the path, or one of those, where there
// is no room for another child. Where its end was to grow, keys are likely to come in
// order, and most of it stays together. The path is not good any more.
func (o *Ordered) split(id int32, above int, end bool) {
	o.known = false
	nd := o.node(id)
	half := int(nd.n) / 2
	if end {
		half = int(nd.n) - int(nd.n)/16 - 1
	}
	parent, at := int32(-1), 0
	if above > 0 {
		parent, at = o.path[above-1].node, o.path[above-1].at
	} else {
		parent = o.make(int(nd.level) + 1)
		o.node(parent).first = id
		o.root = parent
	}
	sep := o.separator(nd, half)
	pd := o.node(parent)
	if !o.fit(pd, sep, 0) {
		o.split(parent, above-1, at == int(pd.n))
		return
	}
	right := o.make(int(nd.level))
	o.put(pd, at, sep, keyed{val: int64(right)})
	rd := o.node(right)
	*o.was = *nd
	if nd.level > 0 {
		rd.first = nd.child(half + 1)
		o.forget(nd, half, half+1)
		o.refill(rd, o.was, half+1, int(o.was.n))
	} else {
		o.refill(rd, o.was, half, int(o.was.n))
		rd.next, rd.prev = nd.next, id
		nd.next = right
		if rd.next >= 0 {
			o.node(rd.next).prev = right
		}
		o.mark(right)
	}
	o.refill(nd, o.was, 0, half)
}

// separator returns the key that divides a node at an entry: of a leaf, the beginning of
// that entry's that is above the one before it. It is good until the next call.
func (o *Ordered) separator(nd *node, at int) []byte {
	o.sep = o.appendKey(o.sep[:0], nd, at)
	if nd.level > 0 {
		return o.sep
	}
	o.parts[0] = o.appendKey(o.parts[0][:0], nd, at-1)
	n := 0
	for n < len(o.parts[0]) && o.parts[0][n] == o.sep[n] {
		n++
	}
	return o.sep[:n+1]
}

// shrink follows up the loss of keys of the leaf that path leads to: an empty one goes, a
// small one is joined with one beside it.
func (o *Ordered) shrink(leaf int32) {
	if len(o.path) == 0 {
		return
	}
	nd := o.node(leaf)
	if nd.n == 0 {
		o.unlink(leaf)
		o.remove(leaf, len(o.path))
		return
	}
	if nd.used() >= len(nd.body)/4 {
		return
	}
	s := o.path[len(o.path)-1]
	pd := o.node(s.node)
	if pd.n == 0 {
		return
	}
	at := min(s.at, int(pd.n)-1) // of the left one
	left, right := pd.child(at), pd.child(at+1)
	ld, rd := o.node(left), o.node(right)
	most := len(nd.body) * 3 / 4
	if ld.used()+rd.used() > most {
		return
	}
	common := o.common(ld, 0, rd, int(rd.n)-1)
	if o.size(ld, common)+o.size(rd, common) > most {
		return
	}
	o.rewrite(ld, common, rd)
	o.mark(left)
	o.unlink(right)
	o.path[len(o.path)-1].at = at + 1
	o.remove(right, len(o.path))
}

// unlink takes a leaf out of the list of leaves.
func (o *Ordered) unlink(leaf int32) {
	nd := o.node(leaf)
	if nd.next >= 0 {
		o.node(nd.next).prev = nd.prev
	}
	if nd.prev >= 0 {
		o.node(nd.prev).next = nd.next
	}
	if o.changes != nil {
		o.changes.leaves.unset(leaf)
	}
}

// remove takes a node out of the one above it, of which there are so many on the path, and
// that one, too, where it was its only child.
func (o *Ordered) remove(id int32, above int) {
	o.known = false
	for ; above > 0; above-- {
		o.spare = append(o.spare, id)
		s := o.path[above-1]
		pd := o.node(s.node)
		if pd.n == 0 {
			id = s.node
			continue
		}
		if s.at == 0 {
			pd.first = pd.child(1)
		}
		at := max(s.at-1, 0)
		o.forget(pd, at, at+1)
		pd.cut(at, at+1)
		break
	}
	if above == 0 { // nothing is left
		o.node(id).level = 0
		o.node(id).reset(nil)
		o.node(id).next, o.node(id).prev = -1, -1
		o.root = id
	}
	for rd := o.node(o.root); rd.level > 0 && rd.n == 0; rd = o.node(o.root) {
		o.spare = append(o.spare, o.root)
		o.root = rd.first
	}
}

// forget gives up what entries have in the arena.
func (o *Ordered) forget(nd *node, from, to int) {
	if o.arena.held == 0 {
		return
	}
	for i := from; i < to; i++ {
		if e := &nd.entries()[i]; e.len == longKey {
			o.arena.drop(uint32(len(o.longOf(nd, e))))
		}
	}
}

// tidy copies the long keys that are in use into a new arena where too few of its bytes
// are.
func (o *Ordered) tidy() {
	if !o.arena.wasteful() {
		return
	}
	var fresh arena
	o.moveLong(o.root, &fresh)
	o.arena = fresh
}

func (o *Ordered) moveLong(id int32, to *arena) {
	nd := o.node(id)
	for i := range nd.entries() {
		if e := &nd.entries()[i]; e.len == longKey {
			binary.NativeEndian.PutUint64(nd.inline(e), to.add(o.longOf(nd, e)))
		}
	}
	if nd.level > 0 {
		for i := range int(nd.n) + 1 {
			o.moveLong(nd.child(i), to)
		}
	}
}
