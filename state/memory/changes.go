package memory

import "math/bits"

// changes is what groups have to tell at the next Save. A group is marked where it is
// marked dirty, once an epoch, which costs next to nothing.
type changes struct {
	touched bitmap  // groups that may have changed since the last Save
	young   bitmap  // groups made since then
	gone    keyHeap // keys of groups that were there then
}

// born notes a new group.
func (c *changes) born(g int32) {
	c.touched.set(g)
	c.young.set(g)
}

// reset forgets all.
func (c *changes) reset() {
	clear(c.touched)
	clear(c.young)
	c.gone.reset()
}

func (c *changes) bytes() int64 {
	return int64(8*(cap(c.touched)+cap(c.young)) + cap(c.gone.data) + 8*cap(c.gone.ends))
}

// A bitmap is a set of groups.
type bitmap []uint64

func (b *bitmap) set(g int32) {
	w := int(g >> 6)
	if w >= len(*b) {
		b.reach(w)
	}
	(*b)[w] |= 1 << (g & 63)
}

func (b *bitmap) reach(word int) {
	*b = append(*b, make([]uint64, max(word+1, 2*len(*b))-len(*b))...)
}

func (b bitmap) has(g int32) bool {
	w := int(g >> 6)
	return w < len(b) && b[w]>>(g&63)&1 != 0
}

func (b bitmap) unset(g int32) {
	if w := int(g >> 6); w < len(b) {
		b[w] &^= 1 << (g & 63)
	}
}

// each calls f for the members in ascending order until it fails.
func (b bitmap) each(f func(g int32) error) error {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if err := f(int32(i<<6 + bits.TrailingZeros64(w))); err != nil {
				return err
			}
		}
	}
	return nil
}

// A keyHeap is keys one after the other.
type keyHeap struct {
	data []byte
	ends []int
}

// end makes a key of what was appended to data.
func (k *keyHeap) end(data []byte) {
	k.data = data
	k.ends = append(k.ends, len(data))
}

func (k *keyHeap) each(f func(key []byte) error) error {
	from := 0
	for _, end := range k.ends {
		if err := f(k.data[from:end]); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// maxIdleKeys is how many bytes of keys an empty heap keeps room for.
const maxIdleKeys = 1 << 20

func (k *keyHeap) reset() {
	if cap(k.data) > maxIdleKeys {
		k.data, k.ends = nil, nil
	}
	k.data, k.ends = k.data[:0], k.ends[:0]
}
