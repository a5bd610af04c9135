package vec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
)

// Align is the alignment and padding of every buffer, as Arrow recommends.
const Align = 64

// A Mem hands out buffers and takes them back in stack order. A circuit marks
// its Mem, pushes a batch through the operators, and releases the mark: the next
// batch writes into the same, still cached, memory. Whoever keeps a value past
// that point copies it. The zero Mem is ready. A Mem serves one goroutine.
type Mem struct {
	chunks [][]byte // each Align-aligned
	chunk  int      // the chunk in use
	used   int      // bytes used of it
}

// Chunks grow until a batch of 8192 rows seldom spans two of them.
const (
	minChunk = 1 << 16
	maxChunk = 1 << 20
)

// A Mark is a position of a Mem.
type Mark struct{ chunk, used int }

// Alloc returns n bytes whose content is undefined, aligned to Align and with
// capacity up to the next multiple of Align. They are good until a mark taken
// before is released.
func (m *Mem) Alloc(n int) []byte {
	size := (n + Align - 1) &^ (Align - 1)
	for m.chunk < len(m.chunks) {
		if c := m.chunks[m.chunk]; m.used+size <= len(c) {
			b := c[m.used : m.used+n : m.used+size]
			m.used += size
			return b
		}
		m.chunk++
		m.used = 0
	}
	m.chunks = append(m.chunks, Aligned(max(size, min(minChunk<<len(m.chunks), maxChunk))))
	m.used = size
	return m.chunks[m.chunk][:n:size]
}

// Mark returns the present position, to be released later.
func (m *Mem) Mark() Mark { return Mark{m.chunk, m.used} }

// Release takes back everything allocated since the mark.
func (m *Mem) Release(k Mark) {
	if invariants.Enabled {
		m.poison(k)
	}
	m.chunk, m.used = k.chunk, k.used
}

// Reset takes back everything, keeping the memory for the next use.
func (m *Mem) Reset() { m.Release(Mark{}) }

// Size returns the bytes the Mem holds, used or not.
func (m *Mem) Size() int64 {
	var n int64
	for _, c := range m.chunks {
		n += int64(len(c))
	}
	return n
}

// poison overwrites what a release gives back, so that a reader of stale memory
// sees nonsense at once.
func (m *Mem) poison(k Mark) {
	for i := k.chunk; i < len(m.chunks) && i <= m.chunk; i++ {
		c := m.chunks[i]
		if i == m.chunk {
			c = c[:m.used]
		}
		if i == k.chunk {
			c = c[k.used:]
		}
		for j := range c {
			c[j] = 0xDB
		}
	}
}

// Aligned returns n zero bytes of ordinary memory, aligned to Align and padded to
// a multiple of it.
func Aligned(n int) []byte {
	size := (n + Align - 1) &^ (Align - 1)
	b := make([]byte, size+Align)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (Align - 1))
	return b[skip : skip+n : skip+size]
}

// Alloc returns n values of undefined content from m.
func Alloc[T Fixed](m *Mem, n int) []T {
	var z T
	b := m.Alloc(n * int(unsafe.Sizeof(z)))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// AllocWords returns the words of a bitmap for n rows, all zero.
func AllocWords(m *Mem, n int) []uint64 {
	w := Alloc[uint64](m, Words(n))
	clear(w)
	return w
}
