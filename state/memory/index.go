package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// An Index keeps each distinct row once, as a group of a Map whose key is all of the row, and
// chains the rows of one key. A second Map has the chain of each key. A row is looked for in
// its key's chain while that is short; where it is long the row is listed in the table of the
// first Map, too. So most rows cost one table, and a row is found, to be added to or taken
// back, as fast under a key of a million rows as under one of its own.
type Index struct {
	shape state.IndexShape
	rows  *Map
	heads *Map

	head    []int32 // of the call at hand
	many    []int32 // those of its rows that are looked for in the table
	found   []int32 // what is found there
	mem     vec.Mem
	listing bool // all rows are listed

	zero   []int32 // rows whose weight was 0 at some time since the last Settle
	gone   []int32 // of those, what is removed
	listed []int32 // the same that is in the table
	empty  []int32
	link   int // where in a row its links are

	cold    *coldRows // nil where there is nothing beyond memory
	bound   bound
	changes *changes // of rows; nil where nothing lasts
}

// links chain the rows of one key. A row's number in them is one more than its number,
// so that zero bytes mean none.
type links struct {
	next, prev int32
	head       int32 // the group of the key
	listed     int32 // 1 for a row that is in the table of rows
}

// A chain is the row of a key.
type chain struct {
	first  int32
	listed int32 // 1 where its rows are in the table, from when they were many until there is none
}

const (
	linksSize = int(unsafe.Sizeof(links{}))
	chainSize = int(unsafe.Sizeof(chain{}))
)

func newIndex(shape state.IndexShape) *Index {
	width := 8 + 8*shape.Words
	x := &Index{
		shape: shape, link: width,
		rows:  newMap(state.MapShape{Keys: shape.Columns, Width: width + linksSize, Expiry: shape.Expiry}),
		heads: newMap(state.MapShape{Keys: shape.Keys, Width: chainSize}),
	}
	x.rows.quiet, x.heads.quiet = true, true
	return x
}

// Add implements state.Index.
func (x *Index) Add(keys, columns []*vec.Vec, weights []int64, rows []int32) {
	if x.cold != nil {
		x.warmRows(keys, columns, rows)
	}
	x.head = room(x.head, len(rows))
	x.find(keys, columns, x.head, rows, true)
	x.weigh(weights, rows)
}

// AddNew implements state.Index.
func (x *Index) AddNew(keys, columns []*vec.Vec, weights []int64, rows []int32) {
	if x.cold != nil { // what is beyond memory of a key comes before what is new
		x.Add(keys, columns, weights, rows)
		return
	}
	x.head = room(x.head, len(rows))
	x.heads.find(keys, len(rows), x.head, true)
	x.addNew(columns, x.head, rows)
	x.weigh(weights, rows)
}

// weigh adds weights to rows that were found or made.
func (x *Index) weigh(weights []int64, rows []int32) {
	view := x.rows.Rows()
	for i, r := range rows {
		w := (*int64)(view.Ptr(r))
		if weights == nil {
			*w++
		} else {
			*w += weights[i]
		}
		if *w == 0 {
			x.zero = append(x.zero, r)
		}
	}
	if x.cold != nil {
		x.seen(x.head)
	}
	x.Touch(rows)
}

// Probe implements state.Index.
func (x *Index) Probe(keys []*vec.Vec, n int, p *state.Probe) {
	p.Heads = room(p.Heads, n)
	if x.cold != nil {
		x.warmHeads(keys, n, p.Heads)
	}
	x.heads.find(keys, n, p.Heads, false)
	if x.cold != nil {
		x.seen(p.Heads)
	}
	view := x.heads.Rows()
	for i, h := range p.Heads {
		if h >= 0 {
			p.Heads[i] = (*chain)(view.Ptr(h)).first
		} else {
			p.Heads[i] = 0
		}
	}
	p.At, p.Rest = -1, 0
}

// Next implements state.Index.
func (x *Index) Next(p *state.Probe) bool {
	keys, rows := p.Key[:0], p.Row[:0]
	limit := cap(keys)
	view := x.rows.Rows()
	at, rest := p.At, p.Rest
	for len(keys) < limit {
		if rest == 0 {
			if at++; at >= len(p.Heads) {
				break
			}
			rest = p.Heads[at]
			continue
		}
		keys, rows = append(keys, int32(at)), append(rows, rest-1)
		rest = (*links)(unsafe.Add(view.Ptr(rest-1), x.link)).next
	}
	p.Key, p.Row, p.At, p.Rest = keys, rows, at, rest
	return len(keys) > 0
}

// Rows implements state.Index.
func (x *Index) Rows() vec.Rows { return x.rows.Rows() }

// Touch implements state.Index.
func (x *Index) Touch(rows []int32) {
	if x.cold != nil {
		x.cold.changed(rows)
	}
	if x.changes == nil {
		return
	}
	for _, r := range rows {
		x.changes.touched.set(r)
	}
}

// Columns implements state.Index.
func (x *Index) Columns(rows []int32, out []*vec.Builder) { x.rows.Keys(rows, out) }

// All implements state.Index.
func (x *Index) All(rows []int32) []int32 {
	if x.cold != nil {
		x.warmAll()
		x.cold.busy = true
	}
	return x.rows.groupRows.all(rows)
}

// Expire implements state.Index.
func (x *Index) Expire(bound *vec.Vec) {
	if x.cold != nil {
		x.expireCold(bound)
	}
	at := len(x.zero)
	x.zero = x.rows.Below(bound, x.zero)
	view := x.rows.Rows()
	for _, r := range x.zero[at:] {
		*(*int64)(view.Ptr(r)) = 0
	}
}

// Settle implements state.Index.
func (x *Index) Settle() {
	x.gone, x.listed, x.empty = x.gone[:0], x.listed[:0], x.empty[:0]
	view, heads := x.rows.Rows(), x.heads.Rows()
	for _, r := range x.zero {
		p := view.Ptr(r)
		l := (*links)(unsafe.Add(p, x.link))
		if *(*int64)(p) != 0 || l.head == 0 {
			continue
		}
		head := l.head - 1
		if x.cold != nil {
			x.forget(r, head)
		}
		if l.next != 0 {
			x.links(l.next - 1).prev = l.prev
		}
		if l.prev != 0 {
			x.links(l.prev - 1).next = l.next
		} else if (*chain)(heads.Ptr(head)).first = l.next; l.next == 0 {
			x.empty = append(x.empty, head)
		}
		if l.listed == 0 {
			x.gone = append(x.gone, r)
		} else {
			x.listed = append(x.listed, r)
		}
		*l = links{}
	}
	x.zero = x.zero[:0]
	if x.cold != nil {
		x.settleCold()
	}
	x.rows.deleteUnlisted(x.gone)
	x.rows.Delete(x.listed)
	x.heads.Delete(x.empty)
}

// Len implements state.Index.
func (x *Index) Len() int { return x.rows.Len() + x.cold.beyond() }

func (x *Index) bytes() int64 {
	n := x.rows.bytes() + x.heads.bytes()
	if c := x.cold; c != nil {
		n += int64(cap(c.marks) + cap(c.keys) + 4*cap(c.used) + cap(c.wanted.data) + cap(c.values))
	}
	return n
}

func room(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n, max(n, vec.BatchRows))
	}
	return s[:n]
}
