package vec_test

import (
	"testing"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/vec"
)

// Buffers are aligned, do not overlap, and have their padding to themselves.
func TestMemBuffersAreApart(t *testing.T) {
	r := sample.Rand(3)
	var m vec.Mem
	var all [][]byte
	for i := range 2000 {
		n := r.IntN(5000)
		if i%100 == 0 {
			n = 1<<20 + r.IntN(1<<20) // beyond a chunk
		}
		b := m.Alloc(n)
		if len(b) != n || cap(b)%vec.Align != 0 || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%vec.Align != 0 {
			t.Fatalf("%d bytes: length %d, capacity %d at %p", n, len(b), cap(b), b)
		}
		b = b[:cap(b)]
		for j := range b {
			b[j] = byte(i)
		}
		all = append(all, b)
	}
	for i, b := range all {
		for _, x := range b {
			if x != byte(i) {
				t.Fatalf("buffer %d was written over", i)
			}
		}
	}
}

// What was allocated before a mark outlives its release; what came after gives its
// memory to the next.
func TestMemReleasesInStackOrder(t *testing.T) {
	var m vec.Mem
	before := m.Alloc(100)
	before[0] = 1
	mark := m.Mark()
	first := m.Alloc(1 << 21)
	m.Alloc(10)
	m.Release(mark)
	again := m.Alloc(1 << 21)
	if &first[0] != &again[0] {
		t.Error("released memory is not used again")
	}
	if before[0] != 1 {
		t.Error("memory from before the mark was given away")
	}
	size := m.Size()
	m.Reset()
	if b := m.Alloc(100); &b[0] != &before[0] || m.Size() != size {
		t.Error("reset memory is not used again")
	}
}

// Where invariants are checked, a reader of released memory sees nonsense.
func TestMemPoisonsWhatItReleases(t *testing.T) {
	if !invariants.Enabled {
		t.Log("this build does not poison")
		return
	}
	var m vec.Mem
	kept := m.Alloc(64)
	clear(kept)
	mark := m.Mark()
	small, large := m.Alloc(100), m.Alloc(1<<21)
	clear(small)
	clear(large)
	m.Release(mark)
	for _, b := range [][]byte{small, large} {
		for i, x := range b {
			if x != 0xDB {
				t.Fatalf("byte %d is %#x", i, x)
			}
		}
	}
	if kept[0] != 0 {
		t.Error("memory from before the mark was poisoned")
	}
}
