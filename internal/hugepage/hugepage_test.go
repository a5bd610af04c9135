package hugepage

import "testing"

// Memory is zero and as long as asked for, however it is backed.
func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, 4096, size, 2*size - 1, 2 * size, 5*size + 123} {
		b := Make(n)
		if len(b) != n {
			t.Fatalf("%d bytes, want %d", len(b), n)
		}
		for i := range b {
			if b[i] != 0 {
				t.Fatalf("byte %d of %d is %d", i, n, b[i])
			}
			b[i] = 1
		}
	}
}
