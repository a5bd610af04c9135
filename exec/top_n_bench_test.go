package exec_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
)

// BenchmarkTopN is the first 10 rows of each of 100,000 partitions where 100 rows of each
// have been, in epochs of 2^20 rows that come. The state has the first 10 rows alone.
func BenchmarkTopN(b *testing.B) {
	const rows, partitions = 1 << 20, 100_000
	for _, c := range []struct {
		name, node string
		appendOnly bool
	}{
		{"append-only", "top t: 10 BY v DESC PER k", true},
		{"append-only/number", "top t: 10 NUMBER BY v DESC PER k", true},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := sample.Rand(1)
			x := newOrderBench(b, c.node, c.appendOnly)
			push := func() {
				x.epoch(rows, func(i int) ([3]int64, int64) {
					return [3]int64{r.Int64N(partitions), int64(i), r.Int64()}, 1
				})
			}
			for range 10 {
				push()
			}
			x.out = 0
			done := cputime.PerRow(b, rows)
			for range b.N {
				push()
			}
			done()
			b.ReportMetric(float64(x.out)/float64(b.N*rows), "out/in")
			b.ReportMetric(x.bytesPerRow(10*partitions), "bytes/row")
			b.ReportMetric(16+8./10, "least-bytes/row")
		})
	}
}

// BenchmarkTopNEpoch is an epoch of 1,000 changed rows while the state grows: of many
// partitions of 100 rows, and of one.
func BenchmarkTopNEpoch(b *testing.B) {
	for _, shape := range []string{"many", "one"} {
		for _, rows := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
			b.Run(fmt.Sprintf("%s/rows=%d", shape, rows), func(b *testing.B) {
				r := sample.Rand(1)
				x := newOrderBench(b, "top t: 10 BY v DESC PER k", false)
				partition := func(i int64) int64 {
					if shape == "many" {
						return i / 100
					}
					return 0
				}
				values := make([]int64, rows)
				for i := range values {
					values[i] = r.Int64N(1 << 40)
				}
				x.epoch(rows, func(i int) ([3]int64, int64) {
					return [3]int64{partition(int64(i)), int64(i), values[i]}, 1
				})
				x.out = 0
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					var at int64
					x.epoch(1000, func(i int) ([3]int64, int64) {
						w := int64(-1)
						if i%2 == 0 {
							at = r.Int64N(int64(rows))
						} else {
							values[at], w = r.Int64N(1<<40), 1
						}
						return [3]int64{partition(at), at, values[at]}, w
					})
				}
				b.ReportMetric(x.bytesPerRow(rows), "bytes/row")
				b.ReportMetric(float64(x.out)/float64(b.N), "out/epoch")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "us/epoch")
			})
		}
	}
}
