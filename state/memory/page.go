package memory

import "github.com/sqlstream/sqlstream/vec"

// pages is memory for rows. The first page grows by doubling, so that few rows take
// little; the others are of one size and never move.
type pages struct {
	view  vec.Rows
	first []byte
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
		p.view.SetChunk(row>>pageShift, make([]byte, p.view.Width<<pageShift))
		p.room += pageRows
		return
	}
	p.room = max(firstRows, 2*p.room)
	page := make([]byte, p.room*p.view.Width)
	copy(page, p.first)
	p.first = page
	p.view.SetChunk(0, page)
}

// shrink gives back pages beyond those of the first n rows.
func (p *pages) shrink(n int) {
	if keep := max(1, (n+pageRows-1)>>pageShift); keep < p.view.Chunks() {
		p.view.Truncate(keep)
		p.room = keep << pageShift
	}
}

func (p *pages) bytes() int64 { return int64(p.room) * int64(p.view.Width) }
