package memory

import "github.com/sqlstream/sqlstream/state"

// A bound is how many bytes a table may hold while it is loaded; 0 for any number.
type bound int64

// Bound lets a table that is about to be loaded hold so many bytes at most: more goes beyond
// memory as it comes. No key is then set twice, and none deleted.
func (m *Map) Bound(to state.Cold, bytes int64) {
	m.chill(to)
	m.bound = bound(bytes)
}

// Bound is that of a Map.
func (x *Index) Bound(to state.Cold, bytes int64) {
	x.chill(to)
	x.bound = bound(bytes)
}

// Bound is that of a Map.
func (o *Ordered) Bound(to state.Cold, bytes int64) {
	o.chill(to)
	o.bound = bound(bytes)
}

// passed reports that a table holds too much, and how much is to be left.
func (b bound) passed(held int64) (keep int64, yes bool) {
	return int64(b) / 2, b > 0 && held > int64(b)
}

// relieve makes room in a map that is being loaded.
func (m *Map) relieve() {
	if keep, yes := m.bound.passed(m.bytes()); yes {
		m.Clean() // nothing is dirty: the tags of what was loaded are of an epoch that has passed
		m.evict(keep)
	}
}

func (x *Index) relieve() {
	if keep, yes := x.bound.passed(x.bytes()); yes {
		x.evict(keep)
	}
}

func (o *Ordered) relieve() {
	if keep, yes := o.bound.passed(o.bytes()); yes {
		o.evict(keep)
	}
}
