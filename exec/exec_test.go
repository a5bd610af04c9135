package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/state/statetest"
	"github.com/sqlstream/sqlstream/zset"
)

// A setup is one of the ways in which each test's plan runs. All must agree.
type setup struct {
	name     string
	workers  int
	whole    bool // no partial aggregates
	evicting bool // on the store that moves groups
	crowded  bool // on the store that has no room in memory
	retracts bool // as if the input might take rows back
	restarts bool // after each epoch the circuit is opened anew over the same state
}

var setups = []setup{
	{name: "one worker", workers: 1},
	{name: "two workers", workers: 2},
	{name: "four workers", workers: 4},
	{name: "two workers without partial aggregates", workers: 2, whole: true},
	{name: "one worker on a store that evicts", workers: 1, evicting: true},
	{name: "two workers on a store that evicts", workers: 2, evicting: true},
	{name: "two workers without memory", workers: 2, crowded: true},
	{name: "one worker that expects retractions", workers: 1, retracts: true},
	{name: "one worker that restarts", workers: 1, restarts: true},
	{name: "two workers that restart on a store that evicts", workers: 2, evicting: true, restarts: true},
}

// A run is a plan running in one setup.
type run struct {
	setup
	t       testing.TB
	circuit *exec.Circuit
	errNull bool
	root    exec.Plan
	scans   map[string]*exec.Scan
	stores  []state.Store
	epoch   int64
	turn    int // the worker that gets the next rows

	mu  sync.Mutex
	out *zset.Builder
}

// A planText is what the command plan gave.
type planText struct {
	text       string
	appendOnly bool
	errNull    bool
	scan       *types.Schema // of scans that have no columns in the text
}

func start(t testing.TB, p planText, s setup) *run {
	pl := &planner{workers: s.workers, whole: s.whole, appendOnly: p.appendOnly && !s.retracts, scan: p.scan}
	r := &run{setup: s, t: t, errNull: p.errNull, root: pl.plan(p.text), scans: pl.scans}
	r.out = zset.NewBuilder(r.root.Schema())
	for range s.workers {
		switch {
		case s.evicting:
			r.stores = append(r.stores, statetest.NewEvicting())
		case s.crowded:
			r.stores = append(r.stores, newCrowded(t))
		default:
			r.stores = append(r.stores, memory.New())
		}
	}
	r.open()
	r.circuit.Begin(0, 0, 0)
	return r
}

// A crowded store keeps in memory only what it must.
type crowded struct {
	*memory.Store
	db *cold.DB
}

func newCrowded(t testing.TB) crowded {
	db, err := cold.Open(vfs.NewMem(), "cold", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, db.Close()) })
	return crowded{memory.New(), db}
}

func (s crowded) Evict() { s.Spill(s.db, 0) }

// open makes the circuit, over whatever the stores hold.
func (r *run) open() {
	var err error
	r.circuit, err = exec.NewCircuit(r.root, exec.CircuitOptions{
		Workers: r.workers, Stores: r.stores, EvalErrorNull: r.errNull,
		Out: func(_ int, b *zset.Batch) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.out.Append(b, nil)
			return nil
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// A delta is rows of one table.
type delta struct {
	table string
	rows  *zset.Batch
}

// push gives rows to the workers in turn, in pieces.
func (r *run) push(d delta) error {
	piece := (d.rows.Len + r.workers - 1) / r.workers
	for from := 0; from < d.rows.Len; from += piece {
		b := zset.NewBuilder(d.rows.Schema)
		for i := from; i < min(from+piece, d.rows.Len); i++ {
			b.AppendRow(d.rows, i, d.rows.Weight(i))
		}
		r.evict()
		if err := r.circuit.Push(context.Background(), r.turn%r.workers, r.scans[d.table], b.Build()); err != nil {
			return err
		}
		r.turn++
	}
	return nil
}

func (r *run) evict() {
	for _, s := range r.stores {
		if e, ok := s.(interface{ Evict() }); ok {
			e.Evict()
		}
	}
}

// finish ends an epoch and returns what it put out, consolidated.
func (r *run) finish() (*zset.Batch, error) {
	r.evict()
	if err := r.circuit.Finish(context.Background()); err != nil {
		return nil, err
	}
	if r.epoch++; r.restarts {
		r.open()
	}
	r.circuit.Begin(r.epoch, 0, 0)
	out := zset.Consolidate(r.out.Build())
	r.out.Reset()
	return out, nil
}

// sorted gives a consolidated batch as text in the order of its rows.
func sorted(b *zset.Batch) string {
	rows := make([]int, b.Len)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(i, j int) int { return zset.CompareRows(b.Cols, i, b.Cols, j) })
	var out []byte
	for _, i := range rows {
		out = append(b.AppendRowText(out, i), '\n')
	}
	return string(out)
}

// A file is a test file being run: the plan at hand, in all setups, and the deltas
// that it was given, epoch by epoch.
type file struct {
	plan   planText
	runs   []*run
	epochs [][]delta
	failed bool // an epoch ended in an error, or would with other cuts
	total  *zset.Batch
}

// TestFiles runs the files of testdata. Every plan runs in all setups, and those
// without errors once more with their input cut, shuffled and taken back.
func TestFiles(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var f *file
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "plan":
				f.checkLaws(t)
				f = &file{plan: planText{text: d.Input, appendOnly: d.HasArg("append-only"), errNull: d.HasArg("errors-are-null")}, epochs: [][]delta{nil}, failed: d.HasArg("cut-as-it-is")}
				for _, s := range setups {
					f.runs = append(f.runs, start(t, f.plan, s))
				}
				f.total = zset.NewBuilder(f.runs[0].root.Schema()).Build()
				return ""
			case "feed":
				return f.feed(t, d.CmdArgs[0].Key, d.Input)
			case "epoch":
				return f.epoch(t)
			case "result":
				return sorted(f.total)
			}
			t.Fatalf("no command %s", d.Cmd)
			return ""
		})
		f.checkLaws(t)
	})
}

func (f *file) feed(t *testing.T, table, text string) string {
	var first string
	for i, r := range f.runs {
		rows, err := zset.Parse(r.scans[table].Out, text)
		if err != nil {
			t.Fatal(err)
		}
		d := delta{table, rows}
		if i == 0 {
			f.epochs[len(f.epochs)-1] = append(f.epochs[len(f.epochs)-1], d)
		}
		said := ""
		if err := r.push(d); err != nil {
			said = "error: " + err.Error()
		}
		f.failed = f.failed || said != ""
		if i == 0 {
			first = said
		} else if said != first {
			t.Fatalf("%s: %q, want %q", r.name, said, first)
		}
	}
	return first
}

func (f *file) epoch(t *testing.T) string {
	var first string
	for i, r := range f.runs {
		out, err := r.finish()
		said := ""
		switch {
		case err != nil:
			said, f.failed = "error: "+err.Error(), true
		default:
			said = sorted(out)
		}
		if i > 0 {
			if said != first {
				t.Fatalf("%s:\n%swant\n%s", r.name, said, first)
			}
			continue
		}
		first = said
		if err == nil {
			f.total = zset.Consolidate(f.total, out)
		}
	}
	f.epochs = append(f.epochs, nil)
	return first
}

// checkLaws runs what the plan was given again in other ways, from nothing.
func (f *file) checkLaws(t *testing.T) {
	t.Helper()
	if f == nil || f.failed {
		return
	}
	for seed := range uint64(6) {
		for _, s := range setups {
			r := sample.Rand(seed)
			f.checkOrder(t, s, r)
			f.checkCut(t, s, r)
			if !f.plan.appendOnly {
				f.checkInverse(t, s)
			}
		}
	}
}

// The order of deltas within an epoch does not matter: each epoch puts out the same
// when its rows come one by one in any order.
func (f *file) checkOrder(t *testing.T, s setup, r *rand.Rand) {
	t.Helper()
	plain, mixed := start(t, f.plan, s), start(t, f.plan, s)
	for n, deltas := range f.epochs {
		rows := single(deltas)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, d := range deltas {
			must(t, plain.push(d))
		}
		for _, d := range rows {
			must(t, mixed.push(d))
		}
		want, err := plain.finish()
		must(t, err)
		got, err := mixed.finish()
		must(t, err)
		if sorted(got) != sorted(want) {
			t.Fatalf("%s, epoch %d in another order:\n%swant\n%s", s.name, n, sorted(got), sorted(want))
		}
	}
}

func single(deltas []delta) []delta {
	var rows []delta
	for _, d := range deltas {
		for i := range d.rows.Len {
			b := zset.NewBuilder(d.rows.Schema)
			b.AppendRow(d.rows, i, d.rows.Weight(i))
			rows = append(rows, delta{d.table, b.Build()})
		}
	}
	return rows
}

// How the input is cut into epochs does not matter to the sum of what is put out.
func (f *file) checkCut(t *testing.T, s setup, r *rand.Rand) {
	t.Helper()
	x := start(t, f.plan, s)
	total := zset.NewBuilder(x.root.Schema()).Build()
	end := func() {
		out, err := x.finish()
		must(t, err)
		total = zset.Consolidate(total, out)
	}
	for _, deltas := range f.epochs {
		for _, d := range single(deltas) {
			must(t, x.push(d))
			if r.IntN(3) == 0 && nonNegative(f, d) {
				end()
			}
		}
	}
	end()
	if sorted(total) != sorted(f.total) {
		t.Fatalf("%s, cut otherwise:\n%swant\n%s", s.name, sorted(total), sorted(f.total))
	}
}

// nonNegative says that an epoch may end behind a row: within an epoch a row may be
// taken back before it is added, but not across its end.
func nonNegative(f *file, d delta) bool { return d.rows.Weight(0) > 0 || !f.retractsFirst() }

func (f *file) retractsFirst() bool {
	for _, deltas := range f.epochs {
		sum := map[string]int64{}
		for _, d := range single(deltas) {
			key := d.table + string(zset.AppendKey(nil, d.rows.Cols, 0))
			if sum[key] += d.rows.Weight(0); sum[key] < 0 {
				return true
			}
		}
	}
	return false
}

// What is taken back again, epoch by epoch from the end or all at once, leaves what
// nothing would have left.
func (f *file) checkInverse(t *testing.T, s setup) {
	t.Helper()
	empty := start(t, f.plan, s)
	nothing, err := empty.finish()
	must(t, err)
	for _, atOnce := range []bool{false, true} {
		x := start(t, f.plan, s)
		total := zset.NewBuilder(x.root.Schema()).Build()
		end := func() {
			out, err := x.finish()
			must(t, err)
			total = zset.Consolidate(total, out)
		}
		for _, deltas := range f.epochs {
			for _, d := range deltas {
				must(t, x.push(d))
			}
			end()
		}
		for _, deltas := range slices.Backward(f.epochs) {
			for _, d := range slices.Backward(deltas) {
				must(t, x.push(delta{d.table, d.rows.Negated()}))
			}
			if !atOnce {
				end()
			}
		}
		end()
		if sorted(total) != sorted(nothing) {
			t.Fatalf("%s, after all was taken back:\n%swant\n%s", s.name, sorted(total), sorted(nothing))
		}
	}
}

// printed gives a plan as a tree, a node a line.
func printed(p exec.Plan, depth int) string {
	out := strings.Repeat("  ", depth) + p.String() + "\n"
	for _, in := range p.Inputs() {
		out += printed(in, depth+1)
	}
	return out
}

// Plans print themselves.
func TestPlansPrint(t *testing.T) {
	text := "t = scan k VARCHAR, v INT\nf = filter t: v > 1\np = project f: k, v + 1 AS w\na = aggregate p: COUNT(*) AS n, SUM(w) BY k"
	for _, c := range []struct {
		p    planner
		want string
	}{
		{planner{workers: 1}, `
Aggregate count(*), sum(w) BY k
  Project k, v + 1 AS w
    Filter v > 1
      Scan t [k, v]
`},
		{planner{workers: 2}, `
FinalAggregate count(*), sum(w) BY k
  Exchange by hash of k
    PartialAggregate count(*), sum(w) BY k
      Project k, w
        Project k, v + 1 AS w
          Filter v > 1
            Scan t [k, v]
`},
	} {
		if got := "\n" + printed(c.p.plan(text), 0); got != c.want {
			t.Errorf("%swant%s", got, c.want)
		}
	}
	s := sample.Schema(types.Of(types.BigInt))
	if got := fmt.Sprint((&exec.Exchange{Input: &exec.Scan{Out: s}}).String()); got != "Exchange to one worker" {
		t.Error(got)
	}
}
