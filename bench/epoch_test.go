package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/rusage"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An epochQuery is a query whose state grows with its tables.
type epochQuery struct {
	name, ddl, query string
	// row is the i-th row of n, in its v-th version: its table, which is l or t, or r, and its columns.
	row func(i, n, v int64) (table int, k, o, x int64)
	// least is the bytes of the values that any engine must keep for each row, to know what
	// the next change makes of the result: those of a group once.
	least float64
}

const (
	oneTable  = "CREATE TABLE t (k BIGINT, o BIGINT, v BIGINT)"
	twoTables = "CREATE TABLE l (k BIGINT, o BIGINT); CREATE TABLE r (k BIGINT, v BIGINT)"
)

// mix spreads numbers.
func mix(i, v int64) int64 {
	x := (uint64(i) + uint64(v)<<32 + 1) * 0x9E3779B97F4A7C15
	x = (x ^ x>>29) * 0xBF58476D1CE4E5B9
	return int64(x >> 24)
}

// grouped puts so many rows into a group, their values in no order.
func grouped(size int64) func(i, n, v int64) (int, int64, int64, int64) {
	return func(i, n, v int64) (int, int64, int64, int64) { return 0, i % max(n/size, 1), i, mix(i, v) }
}

// sided is pairs of rows, one of each side. Of the right every second moves to and fro
// between the key of its pair and one that nothing has.
func sided(leaves bool) func(i, n, v int64) (int, int64, int64, int64) {
	return func(i, n, v int64) (int, int64, int64, int64) {
		k := i / 2
		if leaves && i%2 == 1 && (i/2+v)%2 == 1 {
			k = -k - 1
		}
		return int(i % 2), k, mix(i, 0), mix(i, v)
	}
}

var epochQueries = []epochQuery{
	{"join", twoTables, "SELECT l.k, o, v FROM l JOIN r ON l.k = r.k", sided(false), 16},
	{"left-join", twoTables, "SELECT l.k, o, v FROM l LEFT JOIN r ON l.k = r.k", sided(true), 16},
	{"distinct", oneTable, "SELECT DISTINCT v FROM t", func(i, n, v int64) (int, int64, int64, int64) { return 0, 0, 0, mix(i, v) % (n / 2) }, 3.5},
	{"min-max", oneTable, "SELECT k, MIN(v), MAX(v) FROM t GROUP BY k", grouped(10), 8.8},
	{"top-10", oneTable, "SELECT k, o, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS place FROM t) AS x WHERE place <= 10", grouped(100), 16.1},
	{"row-number", oneTable, "SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS place FROM t", grouped(10), 16.8},
	{
		"three-views", oneTable + `;
		CREATE VIEW totals AS SELECT k, SUM(v % 1000) AS total FROM t GROUP BY k;
		CREATE VIEW sizes AS SELECT total % 100 AS size, COUNT(*) AS n, MAX(total) AS largest FROM totals GROUP BY total % 100;
		CREATE VIEW first AS SELECT size, n, largest FROM sizes ORDER BY n DESC LIMIT 10`,
		"SELECT * FROM first", grouped(10), 4,
	},
}

// An epochBench is a query that runs.
type epochBench struct {
	b       *testing.B
	q       epochQuery
	n       int64
	store   state.Store
	circuit *exec.Circuit
	scans   [2]*exec.Scan
	rows    [2]*zset.Builder
	used    [2][]int // the columns that are read
	version []uint8
	epochs  int64
	emitted int

	recompute time.Duration // of the query over all rows
	took      float64       // an epoch, in microseconds
	spread    float64       // of its series, in %

	bytesPerRow float64
	goMap       map[int64]int64 // in place of a query
}

// open plans the query and makes its circuit.
func (e *epochBench) open() {
	e.store, e.version = memory.New(), make([]uint8, e.n)
	if e.q.query == "" {
		e.goMap = map[int64]int64{}
		return
	}
	p := plantest.New()
	e.must(plantest.Define(p, e.q.ddl))
	parsed, err := plantest.Parse(e.q.query)
	e.must(err)
	plan, err := p.Plan(parsed)
	e.must(err)
	for _, leaf := range plan.Leaves {
		table := 0
		if leaf.Scan.Table == "r" {
			table = 1
		}
		e.scans[table], e.rows[table] = leaf.Scan, zset.NewBuilder(leaf.Scan.Out)
		for _, f := range leaf.Scan.Out.Fields {
			e.used[table] = append(e.used[table], map[string]int{"k": 0, "o": 1, "v": 2}[f.Name])
		}
	}
	e.circuit, err = exec.NewCircuit(plan.Physical, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{e.store},
		Out: func(_ int, d *zset.Batch) error { e.emitted += d.Len; return nil },
	})
	e.must(err)
}

func (e *epochBench) must(err error) {
	if err != nil {
		e.b.Helper()
		e.b.Fatal(err)
	}
}

// add gives the circuit the version at hand of a row.
func (e *epochBench) add(i, weight int64) {
	if e.goMap != nil {
		key := mix(i, int64(e.version[i]))
		if e.goMap[key] += weight; e.goMap[key] == 0 {
			delete(e.goMap, key)
		}
		return
	}
	table, k, o, v := e.q.row(i, e.n, int64(e.version[i]))
	rows := e.rows[table]
	values := [3]int64{k, o, v}
	for c, at := range e.used[table] {
		vec.Append(rows.Cols[c], values[at])
	}
	rows.EndRowWeight(weight)
	if rows.Len() == vec.BatchRows {
		e.flush(table)
	}
}

func (e *epochBench) flush(table int) {
	if e.rows[table] == nil || e.rows[table].Len() == 0 {
		return
	}
	e.must(e.circuit.Push(context.Background(), 0, e.scans[table], e.rows[table].Build()))
	e.rows[table].Reset()
}

// epoch runs one of what f adds, and returns what it took of a processor's time.
func (e *epochBench) epoch(f func()) time.Duration {
	start := rusage.CPU()
	if e.goMap != nil {
		f()
		return rusage.CPU() - start
	}
	e.circuit.Begin(e.epochs, 0, 0)
	f()
	e.flush(0)
	e.flush(1)
	e.must(e.circuit.Finish(context.Background()))
	e.epochs++
	return rusage.CPU() - start
}

// load computes the query over all rows, which come in no order.
func (e *epochBench) load() time.Duration {
	const most = 1 << 20
	step := int64(0x9E3779B1) % e.n
	for gcd(step, e.n) != 1 {
		step++
	}
	var took time.Duration
	at := int64(0)
	for from := int64(0); from < e.n; from += most {
		took += e.epoch(func() {
			for range min(most, e.n-from) {
				e.add(at, 1)
				at = (at + step) % e.n
			}
		})
	}
	return took
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// change makes other rows of 500, which is 1,000 changed rows.
func (e *epochBench) change(r *rand.Rand) {
	for range 500 {
		i := r.Int64N(e.n)
		if e.scans[1] != nil {
			i |= 1 // of the right side
		}
		e.add(i, -1)
		e.version[i]++
		e.add(i, 1)
	}
}

// bytes is what the state takes of memory.
func (e *epochBench) bytes() int64 {
	n := int64(0)
	for _, u := range e.store.Usage() {
		n += u.Bytes
	}
	return n
}

// series is how many parts the epochs of a run are divided into; the median of each is one
// measurement.
const series = 6

// medians returns the median of each part, in ascending order, in microseconds.
func medians(took []time.Duration) []float64 {
	var out []float64
	for i := range series {
		part := slices.Sorted(slices.Values(took[i*len(took)/series : (i+1)*len(took)/series]))
		if len(part) > 0 {
			out = append(out, float64(part[len(part)/2].Nanoseconds())/1000)
		}
	}
	slices.Sort(out)
	return out
}

// BenchmarkEpochOf1000 is an epoch of 1,000 changed rows while the state grows a thousandfold,
// in time of a processor: the median of six series, and how far the quickest and the slowest
// of these are apart. Beside it stand what computing the query over all rows takes, by the same
// engine in the same run, and what the state takes of memory for each row of the tables, and
// would at least. What memory that is far away costs is shown by a map of Go. In the end all of
// it is printed as the tables of docs/performance.md.
func BenchmarkEpochOf1000(b *testing.B) {
	sizes := []int64{10_000, 100_000, 1_000_000, 10_000_000}
	var times, bytes strings.Builder
	all := append(slices.Clone(epochQueries), epochQuery{name: "go-map"})
	for _, q := range all {
		var ran []*epochBench
		var took, size string
		for _, n := range sizes {
			e := &epochBench{q: q, n: n}
			b.Run(fmt.Sprintf("%s/rows=%d", q.name, n), e.run)
			if e.took > 0 {
				ran = append(ran, e)
				took += fmt.Sprintf(" %.0f ± %.0f %% |", e.took, e.spread/2)
				size += fmt.Sprintf(" %.0f |", e.bytesPerRow)
			}
			e.store, e.circuit, e.goMap = nil, nil, nil
			debug.FreeOSMemory()
		}
		if len(ran) < len(sizes) {
			continue
		}
		first, last := ran[0], ran[len(ran)-1]
		fmt.Fprintf(&times, "| %s |%s %.1f | %.1f s |\n", q.name, took, last.took/first.took, last.recompute.Seconds())
		if q.query != "" {
			fmt.Fprintf(&bytes, "| %s |%s %.3g |\n", q.name, size, q.least)
		}
	}
	if times.Len() == 0 {
		return
	}
	const head = "\n| query | 10⁴ | 10⁵ | 10⁶ | 10⁷ | "
	fmt.Printf(head+"10⁷ ÷ 10⁴ | all anew, 10⁷ rows |\n|---|---|---|---|---|---|---|\n%s", times.String())
	fmt.Printf(head+"at least |\n|---|---|---|---|---|---|\n%s\n", bytes.String())
}

func (e *epochBench) run(b *testing.B) {
	e.b = b
	r := sample.Rand(uint64(e.epochs))
	if e.store == nil {
		e.open()
		e.recompute = e.load()
		for range 20 {
			e.epoch(func() { e.change(r) })
		}
	}
	e.emitted = 0
	var took []time.Duration
	b.ResetTimer()
	for range b.N {
		took = append(took, e.epoch(func() { e.change(r) }))
	}
	b.StopTimer()
	m := medians(took)
	mid := (m[len(m)/2] + m[(len(m)-1)/2]) / 2
	e.took, e.spread = mid, 100*(m[len(m)-1]-m[0])/mid
	b.ReportMetric(e.took, "us/epoch")
	b.ReportMetric(e.spread, "spread-%")
	b.ReportMetric(float64(e.recompute.Microseconds())/1000, "recompute-ms")
	e.bytesPerRow = float64(e.bytes()) / float64(e.n)
	b.ReportMetric(e.bytesPerRow, "bytes/row")
	b.ReportMetric(e.q.least, "least-bytes/row")
	b.ReportMetric(float64(e.emitted)/float64(len(took)), "rows-out")
	b.ReportMetric(0, "ns/op")
}
