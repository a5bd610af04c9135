package exec_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An orderBench is a plan over t (k, o, v) on one worker.
type orderBench struct {
	b       testing.TB
	circuit *exec.Circuit
	store   state.Store
	scan    *exec.Scan
	rows    *zset.Builder
	epochs  int64
	out     int // rows put out
}

func newOrderBench(b testing.TB, node string, appendOnly bool) *orderBench {
	p := planner{workers: 1, appendOnly: appendOnly}
	root := p.plan("t = scan k BIGINT, o BIGINT, v BIGINT\nx = " + node)
	x := &orderBench{b: b, store: memory.New(), scan: p.scans["t"], rows: zset.NewBuilder(p.scans["t"].Out)}
	var err error
	x.circuit, err = exec.NewCircuit(root, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{x.store},
		Out: func(_ int, d *zset.Batch) error { x.out += d.Len; return nil },
	})
	must(b, err)
	return x
}

// epoch gives the circuit n rows, of which f returns the i-th and its weight.
func (x *orderBench) epoch(n int, f func(i int) (row [3]int64, weight int64)) {
	x.circuit.Begin(x.epochs, 0, 0)
	x.epochs++
	for from := 0; from < n; from += vec.BatchRows {
		x.rows.Reset()
		for i := from; i < min(from+vec.BatchRows, n); i++ {
			row, w := f(i)
			for c, v := range row {
				vec.Append(x.rows.Cols[c], v)
			}
			x.rows.EndRowWeight(w)
		}
		must(x.b, x.circuit.Push(context.Background(), 0, x.scan, x.rows.Build()))
	}
	must(x.b, x.circuit.Finish(context.Background()))
}

func (x *orderBench) bytesPerRow(rows int) float64 {
	var bytes int64
	for _, u := range x.store.Usage() {
		bytes += u.Bytes
	}
	return float64(bytes) / float64(rows)
}

var benchWindows = []struct{ name, node string }{
	{"lag", "window t: lag(v) AS x BY o PER k"},
	{"row_number", "window t: row_number() AS x BY o PER k"},
	{"sum", "window t: sum(v) OVER ROWS UNBOUNDED PRECEDING TO CURRENT ROW AS x BY o PER k"},
	{"sum_10", "window t: sum(v) OVER ROWS 10 PRECEDING TO CURRENT ROW AS x BY o PER k"},
	{"range_10", "window t: sum(v) OVER RANGE 10 PRECEDING TO CURRENT ROW AS x BY o PER k"},
}

// BenchmarkWindow is rows of 100,000 partitions that come at the ends of these, in epochs
// of 2^20.
func BenchmarkWindow(b *testing.B) {
	const rows = 1 << 20
	for _, w := range benchWindows {
		b.Run(w.name, func(b *testing.B) {
			r := sample.Rand(1)
			x := newOrderBench(b, w.node, true)
			at, begun := int64(0), int64(0)
			push := func() {
				x.epoch(rows, func(int) ([3]int64, int64) {
					at++
					return [3]int64{r.Int64N(100_000), at, r.Int64N(1000)}, 1
				})
			}
			push()
			done := cputime.PerRow(b, rows)
			for i := range b.N {
				if i%4 == 3 { // so that the state does not grow without end
					x, begun = newOrderBench(b, w.node, true), at
				}
				push()
			}
			done()
			b.ReportMetric(x.bytesPerRow(int(at-begun)), "bytes/row")
			b.ReportMetric(16+8*100_000/float64(at-begun), "least-bytes/row")
		})
	}
}

// BenchmarkWindowEpoch is an epoch of 1,000 changed rows while the state grows: of many
// partitions of 10 rows; of one, anywhere in it; and at its end.
func BenchmarkWindowEpoch(b *testing.B) {
	for _, w := range benchWindows {
		for _, shape := range []string{"many", "anywhere", "end"} {
			if shape == "anywhere" && (w.name == "row_number" || w.name == "sum") {
				continue // every row behind changes, too
			}
			for _, rows := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
				b.Run(fmt.Sprintf("%s/%s/rows=%d", w.name, shape, rows), func(b *testing.B) {
					benchWindowEpoch(b, w.node, shape, rows)
				})
			}
		}
	}
}

func benchWindowEpoch(b *testing.B, node, shape string, rows int) {
	r := sample.Rand(1)
	x := newOrderBench(b, node, false)
	partition := func(i int64) int64 {
		if shape == "many" {
			return i / 10
		}
		return 0
	}
	x.epoch(rows, func(i int) ([3]int64, int64) { return [3]int64{partition(int64(i)), int64(i), 0}, 1 })
	values := map[int64]int64{}
	end := int64(rows)
	x.out = 0
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		var at int64
		x.epoch(1000, func(i int) ([3]int64, int64) {
			switch {
			case shape == "end":
				end++
				return [3]int64{0, end, 1}, 1
			case i%2 == 0:
				at = r.Int64N(int64(rows))
				return [3]int64{partition(at), at, values[at]}, -1
			}
			values[at]++
			return [3]int64{partition(at), at, values[at]}, 1
		})
	}
	b.ReportMetric(x.bytesPerRow(int(end)), "bytes/row")
	b.ReportMetric(float64(x.out)/float64(b.N), "out/epoch")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "us/epoch")
}
