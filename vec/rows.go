package vec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
)

// Rows is a store of fixed-width, pointer-free rows found by number: the groups
// of an aggregate, a page of state. It grows by whole chunks and never moves a row
// of its own accord.
type Rows struct {
	Width int // bytes of a row, a multiple of 8
	Base  int // where in the row the reader's part begins

	chunks []unsafe.Pointer
	shift  uint32 // log2 of the rows in a chunk
	mask   uint32
	limit  int // rows there is memory for; kept where invariants are checked
}

// NewRows returns a store without memory, of chunks of 1<<shift rows.
func NewRows(shift uint, width int) Rows {
	return Rows{Width: width, shift: uint32(shift), mask: 1<<shift - 1}
}

// Chunks returns the number of chunks.
func (r *Rows) Chunks() int { return len(r.chunks) }

// SetChunk makes data the i-th chunk, a new one where i is Chunks(). Only the last
// may be shorter than 1<<shift rows; what is in it then is all that may be read.
func (r *Rows) SetChunk(i int, data []byte) {
	p := unsafe.Pointer(unsafe.SliceData(data))
	if i == len(r.chunks) {
		r.chunks = append(r.chunks, p)
	}
	r.chunks[i] = p
	r.limit = (i + 1) << r.shift
	if r.Width > 0 {
		r.limit = i<<r.shift + len(data)/r.Width
	}
}

// Truncate drops the chunks from the n-th on.
func (r *Rows) Truncate(n int) {
	clear(r.chunks[n:])
	r.chunks = r.chunks[:n]
	r.limit = n << r.shift
}

// Ptr returns the address of a row's part. It is good until the store's owner
// says otherwise; rows do not move when others are added.
func (r *Rows) Ptr(row int32) unsafe.Pointer {
	if invariants.Enabled {
		r.check(row)
	}
	return unsafe.Add(r.chunks[uint32(row)>>(r.shift&31)], int(uint32(row)&r.mask)*r.Width+r.Base)
}

func (r *Rows) check(row int32) {
	if row < 0 || int(row) >= r.limit {
		invariants.Failf("row %d of %d", row, r.limit)
	}
}

// At returns the same rows seen from another base.
func (r Rows) At(base int) Rows {
	r.Base = base
	return r
}

// RowsOver returns the view of data as rows of the given width, in one chunk.
func RowsOver(data []byte, width int) Rows {
	r := NewRows(31, width)
	r.SetChunk(0, data)
	return r
}
