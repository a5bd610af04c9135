package exec_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/rusage"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A tight run is a plan whose state outgrows memory. Its tables are of two BIGINTs.
type tight struct {
	t testing.TB
	*exec.Circuit
	scans  map[string]*exec.Scan
	store  *memory.Store
	tier   *cold.Tier
	budget int64
	epoch  int64
	rows   *zset.Builder
	sums   []int64 // of the output: the weights, then each column times its weight
}

func newTight(t testing.TB, fs vfs.FS, plan string, budget int64) *tight {
	s := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt))
	pl := &planner{workers: 1, scan: s}
	root := pl.plan(plan)
	x := &tight{t: t, scans: pl.scans, store: memory.New(), budget: budget, rows: zset.NewBuilder(s), sums: make([]int64, 1+root.Schema().Len())}
	dir := fs.PathJoin(t.TempDir(), "cold")
	must(t, fs.MkdirAll(dir, 0o700))
	x.tier = cold.NewTier(func(memory int64) (*cold.DB, error) { return cold.Open(fs, dir, memory) })
	t.Cleanup(func() { must(t, x.tier.Close()) })
	var err error
	x.Circuit, err = exec.NewCircuit(root, exec.CircuitOptions{Workers: 1, Stores: []state.Store{x.store}, Out: x.take})
	must(t, err)
	return x
}

func (x *tight) take(_ int, b *zset.Batch) error {
	for i := range b.Len {
		w := b.Weight(i)
		x.sums[0] += w
		for k, c := range b.Cols {
			if c.Type.Kind == types.BigInt {
				x.sums[k+1] += w * vec.Slice[int64](c)[c.At(i)]
			}
		}
	}
	return nil
}

// run puts n rows (a, b) into each table, so many an epoch.
func (x *tight) run(c *tightCase, n, perEpoch int) {
	ctx := context.Background()
	for from := 0; from < n; from += perEpoch {
		x.epoch++
		x.Begin(x.epoch, 0, 0)
		for i := from; i < min(from+perEpoch, n); i += vec.BatchRows {
			for side, table := range c.tables {
				x.rows.Reset()
				for k := i; k < min(i+vec.BatchRows, from+perEpoch, n); k++ {
					a, b := c.row(n, side, k)
					vec.Append(x.rows.Cols[0], a)
					vec.Append(x.rows.Cols[1], b)
					x.rows.EndRow()
				}
				must(x.t, x.Push(ctx, 0, x.scans[table], x.rows.Build()))
			}
		}
		must(x.t, x.Finish(ctx))
		must(x.t, x.tier.Spill([]*memory.Store{x.store}, x.budget))
	}
	if want := c.want(int64(n)); !slices.Equal(x.sums, want) {
		x.t.Fatalf("the output adds up to %d, want %d", x.sums, want)
	}
}

// held is what state takes in memory and beyond.
func (x *tight) held() (memory, beyond int64) {
	for _, u := range x.store.Usage() {
		memory, beyond = memory+u.Bytes, beyond+u.Spilled
	}
	return memory, beyond
}

// A tightCase is a plan, its input, and what its output adds up to.
type tightCase struct {
	name, plan string
	tables     []string
	bytes      int                               // of state for a row of each table, about
	row        func(n, side, i int) (a, b int64) // the i-th of n of a table
	want       func(n int64) []int64             // the number of rows, then the sum of each column
}

// shuffled is the i-th of the numbers below n in an order without pattern.
func shuffled(i, n int) int64 { return int64(i%n) * 1_000_003 % int64(n) }

func sumBelow(n int64) int64 { return n * (n - 1) / 2 }

var tightCases = []tightCase{
	{
		name: "aggregate", plan: "t = scan\nx = aggregate t: COUNT(*) AS n, COUNT(b) AS m BY a", tables: []string{"t"}, bytes: 40,
		row:  func(n, _, i int) (a, b int64) { return shuffled(i, n/2), int64(i) }, // each key twice
		want: func(n int64) []int64 { return []int64{n / 2, sumBelow(n / 2), n, n} },
	},
	{
		name: "distinct", plan: "t = scan\nx = aggregate t: BY a, b", tables: []string{"t"}, bytes: 40,
		row:  func(n, _, i int) (a, b int64) { return shuffled(i, n/2), 7 },
		want: func(n int64) []int64 { return []int64{n / 2, sumBelow(n / 2), n / 2 * 7} },
	},
	{
		name: "join", plan: "l = scan\nr = scan\nx = inner join l, r: a = a", tables: []string{"l", "r"}, bytes: 200,
		row:  func(n, side, i int) (a, b int64) { return shuffled(i+side*n/2, n), int64(side) },
		want: func(n int64) []int64 { return []int64{n, sumBelow(n), 0, sumBelow(n), n} },
	},
	{
		name: "extremes", plan: "t = scan\nx = aggregate t: MAX(b) AS m BY a", tables: []string{"t"}, bytes: 70,
		row:  func(n, _, i int) (a, b int64) { return shuffled(i, n/2), int64(i / (n / 2)) },
		want: func(n int64) []int64 { return []int64{n / 2, sumBelow(n / 2), n / 2} },
	},
}

// State that takes ten times the memory it may have gives the right answer all the same, and
// in the memory that it may have.
func TestTenTimesTheMemory(t *testing.T) {
	const rows, perEpoch = 200_000, 1 << 14
	cases := tightCases
	if testing.Short() { // the race detector's turn
		cases = cases[:1]
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			roomy := newTight(t, vfs.NewMem(), c.plan, math.MaxInt64)
			roomy.run(&c, rows/len(c.tables), perEpoch)
			all, _ := roomy.held()
			x := newTight(t, vfs.NewMem(), c.plan, all/10)
			x.run(&c, rows/len(c.tables), perEpoch)
			if memory, beyond := x.held(); memory > all/9 || beyond < all/10 {
				t.Errorf("of %d bytes %d are in memory, and %d beyond", all, memory, beyond)
			}
		})
	}
}

// BenchmarkTenTimesTheMemory is a row of input where memory has room for a tenth of the
// state, 64 MiB, and keys come in no order.
func BenchmarkTenTimesTheMemory(b *testing.B) {
	const budget = 64 << 20
	for _, c := range tightCases {
		b.Run(c.name, func(b *testing.B) {
			n := 10 * budget / c.bytes &^ 1
			cpu := rusage.CPU()
			for range b.N {
				x := newTight(b, vfs.Default, c.plan, budget)
				x.run(&c, n, 1<<16)
				memory, beyond := x.held()
				b.ReportMetric(float64(memory)/(1<<20), "MiB-in-memory")
				b.ReportMetric(float64(beyond)/(1<<20), "MiB-beyond")
			}
			rows := float64(b.N * n * len(c.tables))
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(rows/(rusage.CPU()-cpu).Seconds(), "rows/cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
