package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/vec"
)

// groupRows keeps a row for each group, which groups are dirty, and how those were
// before.
type groupRows struct {
	rows   pages
	keyLen int     // words of key before each row
	width  int     // bytes of the part that the operator sees
	groups int32   // gids given out, free ones included
	free   []int32 // gids of deleted groups
	live   int

	track bool
	fresh []int32 // groups made and not yet taken up by the expiry, where there is one

	quiet   bool     // nobody asks which groups are dirty
	moving  bool     // what is made was there before: it is nothing new, nor is it touched
	changes *changes // nil where nothing lasts
	loading bool     // nothing gets dirty

	epoch uint32 // rows with this tag are dirty
	dirty []int32
	old   pages
}

// A header stands before the key of each row.
type header struct {
	tag uint32 // the epoch of the last touch; of quiet groups half of the hash
	len uint32 // of a key in the arena; freeRow for a group that is not there
}

const (
	headerSize = 8
	freeRow    = ^uint32(0)
)

func newGroupRows(keyLen, width int) groupRows {
	base := headerSize + 8*keyLen
	g := groupRows{rows: newPages(base + width), keyLen: keyLen, width: width, epoch: 1, old: newPages(width)}
	g.rows.view.Base = base
	return g
}

// header returns the header of a group.
func (r *groupRows) header(g int32) *header {
	return (*header)(unsafe.Add(r.rows.view.Ptr(g), -headerSize-8*r.keyLen))
}

// key returns the words between a group's header and its row.
func (r *groupRows) key(g int32) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(r.rows.view.Ptr(g), -8*r.keyLen)), r.keyLen)
}

// word returns the only word of a group's key, or the first.
func (r *groupRows) word(g int32) *uint64 {
	return (*uint64)(unsafe.Add(r.rows.view.Ptr(g), -8*r.keyLen))
}

func (r *groupRows) row(g int32) []byte {
	return unsafe.Slice((*byte)(r.rows.view.Ptr(g)), r.width)
}

// add makes a group with a row of zeros.
func (r *groupRows) add() int32 {
	r.live++
	var g int32
	if n := len(r.free); n > 0 {
		g = r.free[n-1]
		r.free = r.free[:n-1]
	} else {
		g = r.groups
		r.groups++
		r.rows.reach(int(g))
	}
	*r.header(g) = header{}
	clear(r.row(g))
	if r.track {
		r.fresh = append(r.fresh, g)
	}
	if r.changes != nil && !r.moving {
		r.changes.born(g)
	}
	return g
}

func (r *groupRows) remove(g int32) {
	*r.header(g) = header{len: freeRow}
	r.free = append(r.free, g)
	r.live--
}

// touch keeps a copy of each row before its first change in the epoch.
func (r *groupRows) touch(gids []int32) {
	epoch, back := r.epoch, -headerSize-8*r.keyLen
	view := r.rows.view
	for _, g := range gids {
		h := (*header)(unsafe.Add(view.Ptr(g), back))
		if h.tag != epoch {
			h.tag = epoch
			r.soil(g)
		}
	}
}

// soil makes a group dirty.
func (r *groupRows) soil(g int32) {
	if r.loading {
		return
	}
	if r.changes != nil {
		r.changes.touched.set(g)
	}
	at := len(r.dirty)
	r.dirty = append(r.dirty, g)
	r.old.reach(at)
	copy(unsafe.Slice((*byte)(r.old.view.Ptr(int32(at))), r.width), r.row(g))
}

// Rows implements state.Map.
func (r *groupRows) Rows() vec.Rows { return r.rows.view }

// Dirty implements state.Map.
func (r *groupRows) Dirty() []int32 { return r.dirty }

// Old implements state.Map.
func (r *groupRows) Old() vec.Rows { return r.old.view }

// Clean implements state.Map.
func (r *groupRows) Clean() {
	r.old.shrink(len(r.dirty))
	r.dirty = r.dirty[:0]
	if r.epoch++; r.epoch == 0 { // tags of long ago must not come back
		for g := range r.groups {
			r.header(g).tag = 0
		}
		r.epoch = 1
	}
}

// all appends every group in memory.
func (r *groupRows) all(gids []int32) []int32 {
	for g := range r.groups {
		if r.header(g).len != freeRow {
			gids = append(gids, g)
		}
	}
	return gids
}

func (r *groupRows) bytes() int64 { return r.rows.bytes() + r.old.bytes() }
