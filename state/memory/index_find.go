package memory

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/vec"
)

// shortChain is how many rows of a key are looked through for one of them: that costs about what
// a look into a table costs that is larger than the nearest caches, and no memory.
const shortChain = 4

// find sets heads to the groups of keys, and rows to the stored rows, -1 where there is none.
// With add both are made: a new row has the weight 0.
func (x *Index) find(keys, columns []*vec.Vec, heads, rows []int32, add bool) {
	n := len(rows)
	x.heads.find(keys, n, heads, add)
	x.many = x.many[:0]
	if x.areListed(heads) {
		x.many = room(x.many, n)
	} else {
		x.rows.readKeys(columns, n)
		for from := 0; from < n; from += nearRows {
			to := min(from+nearRows, n)
			x.findChained(from, heads[from:to], rows[from:to], add)
		}
	}
	if len(x.many) > 0 {
		x.findListed(columns, heads, rows, add)
	}
}

// areListed reports that the chains of all keys are long.
func (x *Index) areListed(heads []int32) bool {
	chains := x.heads.Rows()
	for _, h := range heads {
		if h < 0 || (*chain)(chains.Ptr(h)).listed == 0 {
			return false
		}
	}
	return true
}

// findChained finds rows from one of the call on in the chains of their keys, and leaves those
// whose chain is long to findListed. It reads the next row of each chain before it looks at
// any, so that none waits for another.
func (x *Index) findChained(from int, heads, rows []int32, add bool) {
	var firsts, next, at, left [nearRows]int32 // left are those still looked for
	var tags [nearRows]uint32
	chains, view := x.heads.Rows(), x.rows.Rows()
	hashes, back := x.rows.hashes[from:from+len(rows)], -headerSize-8*x.rows.keyLen
	n := 0
	for i, h := range heads {
		rows[i] = -1
		if h < 0 {
			continue
		}
		c := (*chain)(chains.Ptr(h))
		if c.listed != 0 || x.listing {
			c.listed = 1
			x.many = append(x.many, int32(from+i))
			firsts[i] = -1
			continue
		}
		if firsts[i] = c.first; c.first != 0 {
			next[i], left[n] = c.first, int32(i)
			n++
		}
	}
	for range shortChain {
		rest := left[:n]
		for k, i := range rest {
			at[k] = next[i]
			p := view.Ptr(at[k] - 1)
			tags[k] = (*header)(unsafe.Add(p, back)).tag
			next[i] = (*links)(unsafe.Add(p, x.link)).next
		}
		n = 0
		for k, i := range rest {
			switch r := at[k] - 1; {
			case tags[k] == uint32(hashes[i]) && x.rows.hasKey(r, from+int(i)):
				rows[i] = r
			case next[i] != 0:
				left[n] = i
				n++
			}
		}
	}
	for _, i := range left[:n] {
		x.list(heads[i])
		x.many = append(x.many, int32(from)+i)
		firsts[i] = -1
	}
	if !add {
		return
	}
	for i, r := range rows {
		if r < 0 && firsts[i] >= 0 {
			rows[i] = x.addChained(from+i, heads[i], firsts[i])
		}
	}
}

// addChained adds a row that was not in its chain when that began with the row first.
func (x *Index) addChained(i int, head, first int32) int32 {
	chains := x.heads.Rows()
	for at := (*chain)(chains.Ptr(head)).first; at != first; at = x.links(at - 1).next {
		if x.rows.hasKey(at-1, i) {
			return at - 1
		}
	}
	r := x.rows.addUnlisted(i)
	x.chain(r, x.links(r), head)
	return r
}

// addNew adds rows that are not there.
func (x *Index) addNew(columns []*vec.Vec, heads, rows []int32) {
	x.rows.readKeys(columns, len(rows))
	for i, head := range heads {
		r := x.rows.addUnlisted(i)
		rows[i] = r
		l := x.links(r)
		x.chain(r, l, head)
		if chains := x.heads.Rows(); (*chain)(chains.Ptr(head)).listed != 0 {
			x.rows.list(r)
			l.listed = 1
		}
	}
}

// findListed finds rows in the table.
func (x *Index) findListed(columns []*vec.Vec, heads, rows []int32, add bool) {
	if len(x.many) == len(rows) {
		for i := range x.many {
			x.many[i] = int32(i)
		}
	} else {
		x.mem.Reset()
		some := make([]*vec.Vec, len(columns))
		for i, c := range columns {
			some[i] = vec.Gather(&x.mem, c, x.many)
		}
		columns = some
	}
	x.found = room(x.found, len(x.many))
	x.rows.find(columns, len(x.many), x.found, add)
	for k, i := range x.many {
		r := x.found[k]
		if rows[i] = r; r < 0 {
			continue
		}
		if l := x.links(r); l.head == 0 {
			x.chain(r, l, heads[i])
			l.listed = 1
		}
	}
}

// list puts the rows of a key into the table.
func (x *Index) list(head int32) {
	chains := x.heads.Rows()
	c := (*chain)(chains.Ptr(head))
	if c.listed != 0 {
		return
	}
	c.listed = 1
	x.eachRow(head, func(r int32) bool {
		x.rows.list(r)
		x.links(r).listed = 1
		return true
	})
}

// listAll puts all rows into the table, from now on.
func (x *Index) listAll() {
	x.listing = true
	for _, h := range x.heads.groupRows.all(nil) {
		x.list(h)
	}
}

// listMany ends listAll: only the rows of long chains stay in the table.
func (x *Index) listMany() {
	x.listing = false
	x.rows.table = newTable()
	chains := x.heads.Rows()
	for _, h := range x.heads.groupRows.all(nil) {
		n := 0
		x.eachRow(h, func(r int32) bool {
			x.links(r).listed = 0
			n++
			return true
		})
		if (*chain)(chains.Ptr(h)).listed = 0; n > shortChain {
			x.list(h)
		}
	}
}

// eachRow calls f for the rows of a key until it returns false.
func (x *Index) eachRow(head int32, f func(r int32) bool) {
	chains := x.heads.Rows()
	for at := (*chain)(chains.Ptr(head)).first; at != 0 && f(at-1); at = x.links(at - 1).next {
	}
}

// chain puts a row before the others of its key.
func (x *Index) chain(r int32, l *links, head int32) {
	chains := x.heads.Rows()
	c := (*chain)(chains.Ptr(head))
	*l = links{next: c.first, head: head + 1}
	if c.first != 0 {
		x.links(c.first - 1).prev = r + 1
	}
	c.first = r + 1
}

func (x *Index) links(r int32) *links {
	view := x.rows.Rows()
	return (*links)(unsafe.Add(view.Ptr(r), x.link))
}
