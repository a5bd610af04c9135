package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// An Index keeps each distinct row once, in a Map whose key is all of the row, and
// chains the rows of one key. A second Map has the first row of each key's chain. So a
// row is found, to be added to or taken back, as fast under a key of a million rows as
// under one of its own.
type Index struct {
	shape state.IndexShape
	rows  *Map
	heads *Map

	head  []int32 // of the call at hand
	zero  []int32 // rows whose weight was 0 at some time since the last Settle
	gone  []int32
	empty []int32
	link  int // where in a row its links are

	cold    *coldRows // nil where there is nothing beyond memory
	bound   bound
	changes *changes // of rows; nil where nothing lasts
}

// links chain the rows of one key. A row's number in them is one more than its number,
// so that zero bytes mean none.
type links struct {
	next, prev int32
	head       int32 // the group of the key
	_          int32
}

const linksSize = int(unsafe.Sizeof(links{}))

func newIndex(shape state.IndexShape) *Index {
	width := 8 + 8*shape.Words
	x := &Index{
		shape: shape, link: width,
		rows:  newMap(state.MapShape{Keys: shape.Columns, Width: width + linksSize, Expiry: shape.Expiry}),
		heads: newMap(state.MapShape{Keys: shape.Keys, Width: 8}),
	}
	x.rows.quiet, x.heads.quiet = true, true
	return x
}

// Add implements state.Index.
func (x *Index) Add(keys, columns []*vec.Vec, weights []int64, rows []int32) {
	n := len(rows)
	if x.cold != nil {
		x.warmRows(keys, columns, rows)
	}
	x.rows.find(columns, n, rows, true)
	x.head = room(x.head, n)
	x.heads.find(keys, n, x.head, true)
	view := x.rows.Rows()
	for i, r := range rows {
		p := view.Ptr(r)
		l := (*links)(unsafe.Add(p, x.link))
		if l.head == 0 {
			x.chain(r, l, x.head[i])
		}
		w := (*int64)(p)
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

// chain puts a row before the others of its key.
func (x *Index) chain(r int32, l *links, head int32) {
	view := x.heads.Rows()
	first := (*int32)(view.Ptr(head))
	*l = links{next: *first, head: head + 1}
	if *first != 0 {
		x.links(*first - 1).prev = r + 1
	}
	*first = r + 1
}

func (x *Index) links(r int32) *links {
	view := x.rows.Rows()
	return (*links)(unsafe.Add(view.Ptr(r), x.link))
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
			p.Heads[i] = *(*int32)(view.Ptr(h))
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
	x.gone, x.empty = x.gone[:0], x.empty[:0]
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
		} else if *(*int32)(heads.Ptr(head)) = l.next; l.next == 0 {
			x.empty = append(x.empty, head)
		}
		*l = links{}
		x.gone = append(x.gone, r)
	}
	x.zero = x.zero[:0]
	if x.cold != nil {
		x.settleCold()
	}
	x.rows.Delete(x.gone)
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
