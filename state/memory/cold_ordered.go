package memory

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/sqlstream/sqlstream/state"
)

// coldKeys is what an Ordered has beyond memory: all keys of some ranges, and no others.
// A call that leads into a range brings in a piece of it around the key.
type coldKeys struct {
	keys   state.Space
	ranges []keyRange // ascending, apart from one another
	n      int
	bytes  int64
	walks  int // that are under way: keys do not come in under another one
}

// A keyRange is the keys from one to before another; nil is behind all.
type keyRange struct{ from, to []byte }

// How many keys come in at a time, above and below the one that is asked for, and how many
// times a walk does that before it reads on without.
const (
	piecesUp   = 12
	piecesDown = 4
	walkPieces = 4
)

// chill gives a set a place beyond memory.
func (o *Ordered) chill(to state.Cold) {
	if o.cold == nil {
		o.cold = &coldKeys{keys: to.Space(false)}
	}
}

func (c *coldKeys) beyond() int {
	if c == nil {
		return 0
	}
	return c.n
}

func (c *coldKeys) spilled() int64 {
	if c == nil {
		return 0
	}
	return c.bytes
}

// behind returns the place of the first range that begins behind a key.
func (c *coldKeys) behind(key []byte) int {
	return sort.Search(len(c.ranges), func(i int) bool { return bytes.Compare(c.ranges[i].from, key) > 0 })
}

// at returns the place of the range that a key lies in, -1 for none.
func (c *coldKeys) at(key []byte) int {
	i := c.behind(key) - 1
	if i >= 0 && !c.ranges[i].reaches(key) {
		return -1
	}
	return i
}

// reaches reports that a range which begins at or before a key has it.
func (r keyRange) reaches(key []byte) bool { return r.to == nil || bytes.Compare(key, r.to) < 0 }

// below returns the place of the range that what is just below a key lies in, -1 for none;
// nil is behind all keys.
func (c *coldKeys) below(key []byte) int {
	i := len(c.ranges) - 1
	if key != nil {
		i = sort.Search(len(c.ranges), func(i int) bool { return bytes.Compare(c.ranges[i].from, key) >= 0 }) - 1
	}
	if i < 0 {
		return -1
	}
	if to := c.ranges[i].to; to != nil && (key == nil || bytes.Compare(to, key) < 0) {
		return -1
	}
	return i
}

// warm brings in what is around a key.
func (o *Ordered) warm(key []byte) {
	if c := o.cold; c != nil && len(c.ranges) > 0 {
		if i := c.at(key); i >= 0 {
			o.bring(i, key, piecesUp, piecesDown)
		}
	}
}

// A coldKey is a key on its way into memory.
type coldKey struct {
	key    []byte
	weight int64
}

func weightOf(value []byte) int64 {
	w, _ := binary.Varint(value)
	return w
}

// bring takes keys out of a range, so many from a key on and so many below it; nil is
// behind all keys.
func (o *Ordered) bring(i int, key []byte, up, down int) {
	c := o.cold
	r := c.ranges[i]
	low, high := r.from, key
	var come []coldKey
	c.keys.Descend(r.from, key, func(k, v []byte) bool {
		if down == 0 {
			low = come[len(come)-1].key
			return false
		}
		down--
		come = append(come, coldKey{bytes.Clone(k), weightOf(v)})
		return true
	})
	if up > 0 {
		high = r.to
		c.keys.Ascend(key, r.to, func(k, v []byte) bool {
			if up == 0 {
				high = bytes.Clone(k)
				return false
			}
			up--
			come = append(come, coldKey{bytes.Clone(k), weightOf(v)})
			return true
		})
	}
	var rest []keyRange
	if !bytes.Equal(r.from, low) {
		rest = append(rest, keyRange{r.from, low})
	}
	if high != nil && (r.to == nil || !bytes.Equal(high, r.to)) {
		rest = append(rest, keyRange{bytes.Clone(high), r.to})
	}
	c.ranges = slices.Replace(c.ranges, i, i+1, rest...)
	for _, k := range come {
		c.keys.Delete(k.key)
		c.n--
		c.bytes -= int64(len(k.key) + keyWeight)
		o.place(k.key, keyed{val: k.weight})
	}
	c.keys.Flush()
}

// keyWeight is about what a weight takes beyond memory.
const keyWeight = 1

// place puts in a key that is not in memory.
func (o *Ordered) place(key []byte, v keyed) {
	leaf := o.leafFor(key)
	i, _ := o.search(o.node(leaf), key)
	o.n++
	o.insert(leaf, i, key, v)
}

// A coldWalk is a walk over keys of which some are beyond memory.
type coldWalk struct {
	o       *Ordered
	yield   func(key []byte, weight int64) bool
	more    bool
	outer   bool // no other walk is under way
	fetched int
}

func (o *Ordered) coldWalk(yield func(key []byte, weight int64) bool) *coldWalk {
	return &coldWalk{o: o, yield: yield, more: true, outer: o.cold.walks == 0}
}

func (w *coldWalk) take(key []byte, weight int64) bool {
	w.more = w.yield(key, weight)
	return w.more
}

func (w *coldWalk) read(key, value []byte) bool { return w.take(key, weightOf(value)) }

// mayFetch reports that a range is to come in piece by piece, and not to be read through.
func (w *coldWalk) mayFetch() bool {
	w.fetched++
	return w.outer && w.fetched <= walkPieces
}

// ascend is Ascend.
func (w *coldWalk) ascend(from, to []byte) {
	c := w.o.cold
	c.walks++
	defer func() { c.walks-- }()
	at := from
	if at == nil {
		at = []byte{}
	}
	for w.more {
		i := c.at(at)
		if i >= 0 && w.mayFetch() {
			w.o.bring(i, at, piecesUp, piecesDown)
			i = -1
		}
		end := to
		if i >= 0 {
			if next := c.ranges[i].to; next != nil && (to == nil || bytes.Compare(next, to) < 0) {
				end = next
			}
			c.keys.Ascend(at, end, w.read)
		} else {
			if next := c.behind(at); next < len(c.ranges) && (to == nil || bytes.Compare(c.ranges[next].from, to) < 0) {
				end = c.ranges[next].from
			}
			w.o.ascend(at, end, w.take)
		}
		if end == nil || to != nil && bytes.Equal(end, to) {
			return
		}
		at = end
	}
}

// descend is Descend.
func (w *coldWalk) descend(from, to []byte) {
	c := w.o.cold
	c.walks++
	defer func() { c.walks-- }()
	at := to
	for w.more {
		i := c.below(at)
		if i >= 0 && w.mayFetch() {
			w.o.bring(i, at, 0, piecesUp)
			i = -1
		}
		end := from
		if i >= 0 {
			if next := c.ranges[i].from; bytes.Compare(next, from) > 0 {
				end = next
			}
			c.keys.Descend(end, at, w.read)
		} else {
			if next := c.endBelow(at); next != nil && bytes.Compare(next, from) > 0 {
				end = next
			}
			w.o.descend(end, at, w.take)
		}
		if bytes.Equal(end, from) {
			return
		}
		at = end
	}
}

// endBelow is where the last range ends that ends at or below a key; nil for none.
func (c *coldKeys) endBelow(key []byte) []byte {
	i := len(c.ranges)
	if key != nil {
		i = sort.Search(len(c.ranges), func(i int) bool { return !c.ranges[i].endsBy(key) })
	}
	if i == 0 {
		return nil
	}
	return c.ranges[i-1].to
}

// endsBy reports that a range ends at or below a key.
func (r keyRange) endsBy(key []byte) bool { return r.to != nil && bytes.Compare(r.to, key) <= 0 }

// evictCold removes the keys beyond memory that are under a bound, and reports whether
// there were any.
func (o *Ordered) evictCold(bound []byte) bool {
	c := o.cold
	if c == nil {
		return false
	}
	before := c.n
	for len(c.ranges) > 0 && bytes.Compare(c.ranges[0].from, bound) < 0 {
		r := &c.ranges[0]
		end := r.to
		if end == nil || bytes.Compare(bound, end) < 0 {
			end = bytes.Clone(bound)
		}
		c.keys.Ascend(r.from, end, func(k, _ []byte) bool {
			c.n--
			c.bytes -= int64(len(k) + keyWeight)
			return true
		})
		c.keys.DeleteRange(r.from, end)
		if r.to == nil || !bytes.Equal(end, r.to) {
			r.from = end
			break
		}
		c.ranges = c.ranges[1:]
	}
	c.keys.Flush()
	return c.n < before
}
