package exec_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
)

// benchAsof joins the rows of which v is not negative to those of which it is.
const benchAsof = "filter t: v >= 0\nr = filter t: v < 0\na = left asof x, r: o >= o ON k = k"

// BenchmarkAsof is rows of 100,000 keys in the order of their time, every other one of the
// right side, in epochs of 2^18.
func BenchmarkAsof(b *testing.B) {
	const rows = 1 << 18
	r := sample.Rand(1)
	x := newOrderBench(b, benchAsof, true)
	at := int64(0)
	push := func() {
		x.epoch(rows, func(int) ([3]int64, int64) {
			at++
			return [3]int64{r.Int64N(100_000), at, 500 - at%2*1000}, 1
		})
	}
	for range 4 {
		push()
	}
	done := cputime.PerRow(b, rows)
	for range b.N {
		push()
	}
	done()
	b.ReportMetric(x.bytesPerRow(int(at)), "bytes/row")
}

// BenchmarkAsofEpoch is an epoch of 1,000 rows of the right side that come amid others and
// go again, while the state grows.
func BenchmarkAsofEpoch(b *testing.B) {
	for _, rows := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			r := sample.Rand(1)
			x := newOrderBench(b, benchAsof, false)
			x.epoch(rows, func(i int) ([3]int64, int64) {
				return [3]int64{int64(i / 100), int64(2 * i), int64(500 - i%2*1000)}, 1
			})
			x.out = 0
			b.ResetTimer()
			for n := 0; b.Loop(); n++ {
				weight := int64(1 - 2*(n%2))
				if n%2 == 0 {
					r = sample.Rand(uint64(n))
				} else {
					r = sample.Rand(uint64(n - 1))
				}
				x.epoch(1000, func(int) ([3]int64, int64) {
					at := r.Int64N(int64(rows))
					return [3]int64{at / 100, 2*at + 1, -7}, weight
				})
			}
			b.ReportMetric(float64(x.out)/float64(b.N), "out/epoch")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "us/epoch")
		})
	}
}
