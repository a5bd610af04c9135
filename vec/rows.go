package vec

import "unsafe"

// Rows is a store of fixed-width, pointer-free rows found by number: the groups
// of an aggregate, a page of state. It grows by whole chunks and never moves a row.
type Rows struct {
	Chunks [][]byte // each of 1<<Shift rows; all but a view's last are full length
	Shift  uint     // log2 of the rows in a chunk
	Width  int      // bytes of a row, a multiple of 8
	Base   int      // where in the row the reader's part begins
}

// Ptr returns the address of a row's part. It is good until the store's owner
// says otherwise; rows do not move when others are added.
func (r *Rows) Ptr(row int32) unsafe.Pointer {
	c := r.Chunks[uint32(row)>>r.Shift]
	at := int(uint32(row)&(1<<r.Shift-1))*r.Width + r.Base
	return unsafe.Pointer(&c[at])
}

// At returns the same rows seen from another base.
func (r Rows) At(base int) Rows {
	r.Base = base
	return r
}

// RowsOver returns the view of data as rows of the given width, in one chunk.
func RowsOver(data []byte, width int) Rows {
	return Rows{Chunks: [][]byte{data}, Shift: 31, Width: width}
}
