package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// history makes epochs of random rows, some of which take back rows of earlier
// epochs or of the same one.
func history(r *rand.Rand, s *types.Schema, epochs, rows int, retract bool) [][]delta {
	var out [][]delta
	live := zset.NewBuilder(s)
	for range epochs {
		fresh := sample.Batch(r, s, rows, false)
		live.Append(fresh, nil)
		deltas := []delta{{"t", fresh}}
		if retract {
			b, keep := zset.NewBuilder(s), zset.NewBuilder(s)
			all := live.Build()
			for i := range all.Len {
				if r.IntN(3) == 0 {
					b.AppendRow(all, i, -1)
				} else {
					keep.AppendRow(all, i, 1)
				}
			}
			deltas = append(deltas, delta{"t", b.Build()})
			live = keep
		}
		out = append(out, deltas)
	}
	return out
}

// After every epoch the sum of what was put out equals what a new circuit puts out
// for the sum of the input, whatever the types of keys and values, on every store and
// with any number of workers. The sum of floats is exact only where rows may be taken
// back.
func TestIncrementalIsBatch(t *testing.T) {
	for seed := range uint64(12) {
		r := sample.Rand(seed)
		retract := seed%2 == 0
		keys := sample.AnyTypes(r, 1+r.IntN(2))
		s := sample.Schema(append(keys, types.Of(types.BigInt), types.DecimalOf(10, 2), types.Of(types.Varchar), types.Of(types.Double))...)
		v := func(i int) string { return s.Fields[len(keys)+i].Name }
		p := planText{appendOnly: !retract, scan: s, text: "t = scan\na = aggregate t: " + fmt.Sprintf(
			"COUNT(*) AS n, COUNT(%s), SUM(%s), AVG(%s), MIN(%s), MAX(%s), MIN(%s), SUM(%s) BY %s",
			v(0), v(0), v(1), v(0), v(1), v(2), v(3), s.Fields[0].Name)}
		if !retract {
			p.text = strings.Replace(p.text, "SUM("+v(3), "MAX("+v(3), 1)
		}
		if len(keys) > 1 {
			p.text += ", " + s.Fields[1].Name
		}
		epochs := history(r, s, 4, 250, retract)
		for _, set := range setups {
			checkIncremental(t, p, s, set, epochs)
		}
	}
}

func checkIncremental(t *testing.T, p planText, s *types.Schema, set setup, epochs [][]delta) {
	t.Helper()
	x := start(t, p, set)
	total := zset.NewBuilder(x.root.Schema()).Build()
	input := zset.NewBuilder(s)
	for n, deltas := range epochs {
		for _, d := range deltas {
			must(t, x.push(d))
			input.Append(d.rows, nil)
		}
		out, err := x.finish()
		must(t, err)
		total = zset.Consolidate(total, out)
		y := start(t, p, setups[0])
		must(t, y.push(delta{"t", zset.Consolidate(input.Build())}))
		want, err := y.finish()
		must(t, err)
		if sorted(total) != sorted(want) {
			t.Fatalf("%s of %s, %s, epoch %d: %s", p.text, s, set.name, n, firstDifference(sorted(total), sorted(want)))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("%q, want %q", g[i], w[i])
		}
	}
	return fmt.Sprintf("%d rows, want %d", len(g), len(w))
}

// More groups than are put out at a time, and rows than are taken in at a time, are
// as good as few.
func TestManyGroups(t *testing.T) {
	s := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt))
	p := planText{text: "t = scan a BIGINT, b BIGINT\nx = aggregate t: COUNT(*) AS n, SUM(b), MAX(b) BY a"}
	const total = 30_000
	for _, set := range setups {
		x := start(t, p, set)
		if set.evicting || set.crowded {
			continue // it would take long, and has been through the same code with few
		}
		push := func(weight int64, times int) {
			b := zset.NewBuilder(s)
			for i := range total * times {
				vec.Append(b.Cols[0], int64(i%total))
				vec.Append(b.Cols[1], int64(i))
				b.EndRowWeight(weight)
			}
			must(t, b.Build().Parts(func(part *zset.Batch) error { return x.push(delta{"t", part}) }))
		}
		push(1, 2)
		out, err := x.finish()
		must(t, err)
		if out.Len != total || out.Weights != nil {
			t.Fatalf("%s: %d rows, weights %v", set.name, out.Len, out.Weights != nil)
		}
		for i := range out.Len {
			k := vec.Slice[int64](out.Cols[0])[i]
			if got, want := string(out.AppendRowText(nil, i)), fmt.Sprintf("+1 %d 2 %d %d", k, 2*k+total, k+total); got != want {
				t.Fatalf("%s: %s, want %s", set.name, got, want)
			}
		}
		push(-1, 1)
		if out, err = x.finish(); err != nil || out.Len != 2*total {
			t.Fatalf("%s: %d rows change, want %d; %v", set.name, out.Len, 2*total, err)
		}
	}
}

// Workers may be given rows side by side: the result is the same.
func TestWorkersSideBySide(t *testing.T) {
	r := sample.Rand(3)
	s := sample.Schema(types.Of(types.Varchar), types.Of(types.BigInt))
	p := planText{text: "t = scan a VARCHAR, b BIGINT\nf = filter t: b IS NOT NULL\nx = aggregate f: COUNT(*) AS n, SUM(b), MAX(b) BY a\ny = aggregate x: COUNT(*) AS groups, SUM(n)"}
	epochs := history(r, s, 5, 2000, true)
	one, wants := start(t, p, setups[0]), []string{}
	for _, set := range setups {
		x := start(t, p, set)
		if set.workers == 1 {
			continue
		}
		for n, deltas := range epochs {
			for _, d := range deltas {
				x.pushSideBySide(d)
			}
			got, err := x.finish()
			must(t, err)
			if set.name == setups[1].name {
				for _, d := range deltas {
					must(t, one.push(d))
				}
				want, err := one.finish()
				must(t, err)
				wants = append(wants, sorted(want))
			}
			if sorted(got) != wants[n] {
				t.Fatalf("%s, epoch %d: %s", set.name, n, firstDifference(sorted(got), wants[n]))
			}
		}
	}
}

// pushSideBySide gives each worker its share of the rows at the same time.
func (r *run) pushSideBySide(d delta) {
	var wg sync.WaitGroup
	for w := range r.workers {
		wg.Go(func() {
			for from := w * 100; from < d.rows.Len; from += r.workers * 100 {
				b := zset.NewBuilder(d.rows.Schema)
				for i := from; i < min(from+100, d.rows.Len); i++ {
					b.AppendRow(d.rows, i, d.rows.Weight(i))
				}
				if err := r.circuit.Push(context.Background(), w, r.scans[d.table], b.Build()); err != nil {
					r.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A batch for a scan that the circuit does not have is an error.
func TestPushToAnotherScan(t *testing.T) {
	x := start(t, planText{text: "t = scan a BIGINT"}, setups[0])
	err := x.circuit.Push(context.Background(), 0, &exec.Scan{Table: "other"}, sample.Batch(sample.Rand(1), sample.Schema(types.Of(types.BigInt)), 1, false))
	if err == nil || err.Error() != "no scan of other in this circuit" {
		t.Error(err)
	}
}

// Each node counts the rows that it was given and those that it put out.
func TestStats(t *testing.T) {
	for _, set := range setups[:3] {
		x := start(t, planText{text: "t = scan a BIGINT\nf = filter t: a > 2"}, set)
		b, err := zset.Parse(x.scans["t"].Out, "+1 1\n+1 2\n+1 3\n+1 4\n")
		must(t, err)
		must(t, x.push(delta{"t", b}))
		_, err = x.finish()
		must(t, err)
		if got := fmt.Sprint(x.circuit.Stats()); got != "[{Scan t [a] 4 4 0 0 0s} {Filter a > 2 4 2 0 0 0s}]" {
			t.Errorf("%s: %s", set.name, got)
		}
	}
}

// Each operator's time is its own: what it hands on is the time of who takes it. Its
// state is counted in all workers.
func TestStatsOfTimeAndState(t *testing.T) {
	scan := &exec.Scan{Table: "t", Columns: []int{0}, Out: columnsOf("a BIGINT")}
	clock := time.Duration(0)
	c, err := exec.NewCircuit(&exec.Net{Input: &exec.Filter{Input: scan, Pred: parseExpr("a > 1", scan.Out)}}, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{memory.New()},
		Clock: func() time.Duration { clock += time.Second; return clock },
		Out:   func(int, *zset.Batch) error { clock += time.Hour; return nil },
	})
	must(t, err)
	c.Begin(0, 0, 0)
	b, err := zset.Parse(scan.Out, "+1 1\n+1 2\n+1 3\n")
	must(t, err)
	must(t, c.Push(context.Background(), 0, scan, b))
	must(t, c.Finish(context.Background()))
	stats := c.Stats()
	// Each turn of the clock is a second: the filter runs before and after the net's
	// Apply, each Finish takes one, and the output an hour of the last operator's.
	for i, want := range []time.Duration{1 * time.Second, 3 * time.Second, 2*time.Second + time.Hour} {
		if stats[i].Time != want {
			t.Errorf("%s took %s, want %s", stats[i].Plan, stats[i].Time, want)
		}
	}
	if s := stats[2]; s.StateRows != 2 || s.StateBytes <= 0 || stats[1].StateRows != 0 {
		t.Errorf("%d rows and %d bytes of state", s.StateRows, s.StateBytes)
	}
}

// A worker's panic comes out of the call that ran it.
func TestPanicOfAWorker(t *testing.T) {
	x := start(t, planText{text: "t = scan a BIGINT\nx = aggregate t: COUNT(*) AS n BY a"}, setups[1])
	b, err := zset.Parse(x.scans["t"].Out, "-1 1\n")
	must(t, err)
	must(t, x.push(delta{"t", b}))
	defer func() {
		if p := recover(); fmt.Sprint(p) != "internal error: a group has -1 rows" {
			t.Errorf("recovered %v", p)
		}
	}()
	if _, err := x.finish(); err != nil {
		t.Error(err)
	}
}
