// Package hugepage makes large memory that the processor finds fast. Where rows are
// looked up at random over tens of megabytes, most of the time goes into translating
// addresses: with pages of 2 MiB instead of 4 KiB there is little to translate.
package hugepage

import "unsafe"

// size is the size of a huge page on the machines that have them.
const size = 2 << 20

// Make returns n zero bytes of ordinary Go memory. If there are enough of them to
// hold a huge page, the system is asked to use such pages; it may not.
func Make(n int) []byte {
	b := make([]byte, n)
	if n < 2*size {
		return b
	}
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (size - 1))
	if whole := (n - skip) &^ (size - 1); whole > 0 {
		advise(b[skip : skip+whole])
	}
	return b
}
