package memory

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/sqlstream/sqlstream/state"
)

// keyChanges is what an Ordered has to tell at the next Save, beside the marks of its keys.
type keyChanges struct {
	leaves bitmap  // nodes that may have marked keys
	gone   keyHeap // keys that were there at the last Save
	below  []byte  // the greatest bound under which all were evicted
}

func (c *keyChanges) evicted(bound []byte) {
	if bytes.Compare(bound, c.below) > 0 {
		c.below = append(c.below[:0], bound...)
	}
}

// keep begins to note changes: all that is there counts as one.
func (o *Ordered) keep() {
	o.warmAll()
	o.changes = &keyChanges{}
	for id := o.leafFor(nil); id >= 0; id = o.node(id).next {
		for i := range o.node(id).entries() {
			o.node(id).entries()[i].off |= changedKey | youngKey
		}
		o.mark(id)
	}
}

// marks returns the marks of a key that changes.
func (o *Ordered) marks(young uint16) uint16 {
	if o.changes == nil {
		return 0
	}
	return changedKey | young
}

// mark notes that a leaf may have marked keys.
func (o *Ordered) mark(leaf int32) {
	if o.changes != nil {
		o.changes.leaves.set(leaf)
	}
}

// noteGone notes that a key is about to go.
func (o *Ordered) noteGone(e *entry, key []byte) {
	if c := o.changes; c != nil && e.off&youngKey == 0 {
		c.gone.end(append(c.gone.data, key...))
	}
}

// Shape implements state.Table.
func (o *Ordered) Shape() string { return state.OrderedShape }

// Save implements state.Table.
func (o *Ordered) Save(to state.Delta) error {
	c := o.changes
	if c.below != nil {
		if err := to.Below(c.below); err != nil {
			return err
		}
	}
	if err := c.gone.each(to.Delete); err != nil {
		return err
	}
	var key, value []byte
	err := c.leaves.each(func(id int32) error {
		nd := o.node(id)
		ents := nd.entries()
		for i := range ents {
			e := &ents[i]
			if e.off&changedKey == 0 {
				continue
			}
			key, value = o.appendKey(key[:0], nd, i), binary.AppendVarint(value[:0], nd.weight(e))
			if err := to.Set(key, value); err != nil {
				return err
			}
			e.off &= offMask
		}
		return nil
	})
	o.forgetChanges()
	return err
}

func (o *Ordered) forgetChanges() {
	clear(o.changes.leaves)
	o.changes.gone.reset()
	o.changes.below = nil
}

// An orderedLoader fills an Ordered.
type orderedLoader struct {
	o    *Ordered
	kept *keyChanges
}

// Load implements state.Table.
func (o *Ordered) Load() state.Loader {
	l := &orderedLoader{o, o.changes}
	o.changes = nil
	return l
}

// Below implements state.Delta.
func (l *orderedLoader) Below(bound []byte) error {
	l.o.EvictBelow(bound)
	return nil
}

// Delete implements state.Delta.
func (l *orderedLoader) Delete(key []byte) error {
	if w := l.o.weightOf(key); w != 0 {
		l.o.Add(key, -w)
	}
	return nil
}

// Set implements state.Delta.
func (l *orderedLoader) Set(key, value []byte) error {
	weight, n := binary.Varint(value)
	if n != len(value) || n <= 0 || weight == 0 {
		return errors.New("a key has no weight")
	}
	l.o.Add(key, weight-l.o.weightOf(key))
	l.o.relieve()
	return nil
}

// Done implements state.Loader.
func (l *orderedLoader) Done() error {
	l.o.bound = 0
	l.o.changes = l.kept
	return nil
}

// weightOf returns the weight of a key, 0 where it is not there.
func (o *Ordered) weightOf(key []byte) int64 {
	o.warm(key)
	nd := o.node(o.leafFor(key))
	i, there := o.search(nd, key)
	if !there {
		return 0
	}
	return nd.weight(&nd.entries()[i])
}
