// Package hugepage makes large memory that the processor finds fast. Where rows are
// looked up at random over tens of megabytes, most of the time goes into translating
// addresses: with pages of 2 MiB instead of 4 KiB there is little to translate.
package hugepage

import "unsafe"

// size is the size of a huge page on the machines that have them.
const size = 2 << 20

// Make returns n zero bytes of ordinary Go memory. Where they would fill a huge page
// they begin on one, and the system is asked to use such pages; it may not.
func Make(n int) []byte {
	if n < size {
		return make([]byte, n)
	}
	b := make([]byte, n+size)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (size - 1))
	b = b[skip : skip+n : skip+n]
	advise(b[:n&^(size-1)])
	return b
}
