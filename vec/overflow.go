package vec

import "math"

// An Overflow is the value of a panic that means that a column cannot hold its
// texts: offsets are of 32 bits, as Arrow has them. It is no bug but a limit; who
// recovers panics makes an error of it.
type Overflow struct{}

// Error says what to do.
func (*Overflow) Error() string {
	return "one column would hold more than 2 GiB of text at once; take in fewer rows at a time, or shorter texts"
}

// fits panics where a column's texts have too many bytes for its offsets.
func fits(n int) {
	if n > math.MaxInt32 {
		panic(&Overflow{})
	}
}
