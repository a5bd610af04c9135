package exec

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// Keys come out as comparing them orders them, equal ones as they came: few and many, of one
// length and of several, alike at their beginnings, in the middle and far behind.
func TestKeySort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s keySort
	for range 300 {
		n, width, spread := r.IntN(600), r.IntN(60), 1+r.IntN(255)
		prefix := bytes.Repeat([]byte{7}, r.IntN(20))
		fixed, quiet := r.IntN(2) == 0, r.IntN(4)
		keys := make([][]byte, n)
		for i := range keys {
			size := width
			if !fixed {
				size = r.IntN(width + 1)
			}
			k := bytes.Clone(prefix)
			for j := range size {
				b := byte(0)
				if quiet == 0 || j%(quiet*3) == 0 {
					b = byte(r.IntN(spread))
				}
				k = append(k, b)
			}
			keys[i] = k
		}
		want := make([]int32, n)
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortStableFunc(want, func(a, b int32) int { return bytes.Compare(keys[a], keys[b]) })
		var got []int32
		for _, k := range s.sort(n, func(i int) []byte { return keys[i] }) {
			got = append(got, k.row)
		}
		if !slices.Equal(got, want) && n > 0 {
			t.Fatalf("%d keys of up to %d bytes, of one length: %v", n, width, fixed)
		}
	}
}
