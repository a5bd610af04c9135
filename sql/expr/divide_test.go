package expr

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Division by a product gives what division gives, at the ends of the range and around
// multiples of the divisor as well.
func TestDivisor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	divisors := []int64{1, 2, 3, 4, 5, 6, 7, 10, 100, 123, 127, 128, 129, 1000, 1 << 31, 1<<31 - 1, 1<<32 + 1, 1 << 62, 1<<62 + 1, math.MaxInt64 - 1, math.MaxInt64}
	for range 300 {
		divisors = append(divisors, 1+r.Int64()>>r.IntN(63))
	}
	for _, d := range divisors {
		xs := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, d, -d, d - 1, 1 - d}
		for range 200 {
			x := r.Int64() - r.Int64()
			xs = append(xs, x>>r.IntN(63), x/d*d, x/d*d-1)
		}
		q, m := make([]int64, len(xs)), make([]int64, len(xs))
		quoConst(q, xs, d)
		modConst(m, xs, d)
		for i, x := range xs {
			if q[i] != x/d || m[i] != x%d {
				t.Fatalf("%d by %d: %d and %d, want %d and %d", x, d, q[i], m[i], x/d, x%d)
			}
		}
	}
}
