package exec_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
)

// BenchmarkExtreme is MIN and MAX of 100,000 groups of 10 rows, in epochs of 2^17 changed
// rows: any rows go, and as many come.
func BenchmarkExtreme(b *testing.B) {
	const rows, groups, changed = 1_000_000, 100_000, 1 << 17
	r := sample.Rand(1)
	x := newOrderBench(b, "aggregate t: MIN(v), MAX(v) BY k", false)
	values := make([]int64, rows)
	for i := range values {
		values[i] = r.Int64()
	}
	x.epoch(rows, func(i int) ([3]int64, int64) { return [3]int64{int64(i) % groups, 0, values[i]}, 1 })
	var at int64
	change := func() {
		x.epoch(changed, func(i int) ([3]int64, int64) {
			w := int64(-1)
			if i%2 == 0 {
				at = r.Int64N(rows)
			} else {
				values[at], w = r.Int64(), 1
			}
			return [3]int64{at % groups, 0, values[at]}, w
		})
	}
	change()
	done := cputime.PerRow(b, changed)
	for range b.N {
		change()
	}
	done()
	b.ReportMetric(x.bytesPerRow(rows), "bytes/row")
	b.ReportMetric(8+8./10, "least-bytes/row")
}
