package memory

import "github.com/sqlstream/sqlstream/vec"

// pages is memory for rows. The first page grows by doubling, so that few rows take
// little; the others are of one size and never move.
type pages struct {
	view  vec.Rows
	first []byte
	slab  slab
	room  int // rows there is memory for
}

const (
	pageShift = 12
	pageRows  = 1 << pageShift
	firstRows = 16
)

func newPages(width int) pages { return pages{view: vec.NewRows(pageShift, width)} }

// reach makes room for a row, where all before it have room.
func (p *pages) reach(row int) {
	if row < p.room {
		return
	}
	if p.room >= pageRows {
		p.view.SetChunk(row>>pageShift, p.slab.take(p.view.Width<<pageShift))
		p.room += pageRows
		return
	}
	p.room = max(firstRows, 2*p.room)
	page := make([]byte, p.room*p.view.Width)
	copy(page, p.first)
	p.first = page
	p.view.SetChunk(0, page)
}

// shrink gives all memory but the first page back if the first n rows would do with
// a quarter of it.
func (p *pages) shrink(n int) {
	if p.room > pageRows && n < p.room/4 {
		p.view.Truncate(1)
		p.room, p.slab = pageRows, slab{}
	}
}

func (p *pages) bytes() int64 { return int64(len(p.first) + p.slab.held) }
