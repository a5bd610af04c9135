package exec_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/state/statetest"
	"github.com/sqlstream/sqlstream/zset"
)

// An upserts is an Upsert by the first of three columns, running in one or more workers.
type upserts struct {
	t       *testing.T
	scan    *exec.Scan
	circuit *exec.Circuit
	stores  []state.Store
	out     *zset.Builder
	epoch   int64
}

func startUpserts(t *testing.T, workers int, evicting bool) *upserts {
	u := &upserts{t: t, scan: &exec.Scan{Table: "t", Columns: []int{0, 1, 2}, Out: columnsOf("k INT NOT NULL, v INT, s VARCHAR")}}
	u.out = zset.NewBuilder(u.scan.Out)
	var in exec.Plan = u.scan
	if workers > 1 {
		in = &exec.Exchange{Input: in, Keys: []int{0}}
	}
	for range workers {
		if evicting {
			u.stores = append(u.stores, statetest.NewEvicting())
		} else {
			u.stores = append(u.stores, memory.New())
		}
	}
	done := make(chan struct{}, 1)
	c, err := exec.NewCircuit(&exec.Upsert{Input: in, Keys: []int{0}}, exec.CircuitOptions{
		Workers: workers, Stores: u.stores,
		Out: func(_ int, b *zset.Batch) error {
			done <- struct{}{}
			u.out.Append(b, nil)
			<-done
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	u.circuit = c
	c.Begin(0, 0, 0)
	return u
}

func (u *upserts) push(worker int, text string) {
	u.t.Helper()
	b, err := zset.Parse(u.scan.Out, text)
	must(u.t, err)
	for _, s := range u.stores {
		if e, ok := s.(*statetest.Evicting); ok {
			e.Evict()
		}
	}
	must(u.t, u.circuit.Push(context.Background(), worker, u.scan, b))
}

// end ends the epoch and returns what it put out, consolidated.
func (u *upserts) end() *zset.Batch {
	u.t.Helper()
	must(u.t, u.circuit.Finish(context.Background()))
	u.epoch++
	u.circuit.Begin(u.epoch, 0, 0)
	out := zset.Consolidate(u.out.Build()).Clone()
	u.out.Reset()
	return out
}

// The last change of a key in an epoch counts, and only what it changes is put out.
func TestUpsert(t *testing.T) {
	for _, workers := range []int{1, 3} {
		u := startUpserts(t, workers, workers == 1)
		ignored := int64(0)
		for _, c := range []struct {
			changes, want string
			ignored       int64
		}{
			{"+1 1 10 a\n+1 2 20 b\n+1 3 NULL NULL", "+1 1 10 a\n+1 2 20 b\n+1 3 NULL NULL\n", 0},
			{"+1 1 11 a\n+1 1 12 a", "-1 1 10 a\n+1 1 12 a\n", 0},
			{"+1 1 12 a\n+1 2 20 b", "", 0},
			{"+1 2 99 x\n+1 2 20 b", "", 0},
			{"-1 2 NULL NULL", "-1 2 20 b\n", 0},
			{"-1 2 NULL NULL\n-1 7 NULL NULL", "", 2},
			{"-1 1 NULL NULL\n+1 1 13 c", "-1 1 12 a\n+1 1 13 c\n", 0},
			{"+1 2 21 b\n-1 2 NULL NULL", "", 1},
			{"-1 3 NULL NULL\n+1 3 NULL NULL", "", 0},
			{"-1 1 NULL NULL\n-1 1 NULL NULL\n-1 3 NULL NULL\n+1 4 4 d", "-1 1 13 c\n-1 3 NULL NULL\n+1 4 4 d\n", 0},
		} {
			u.push(0, c.changes)
			if got := sorted(u.end()); got != c.want {
				t.Fatalf("%d workers: %q gives\n%swant\n%s", workers, c.changes, got, c.want)
			}
			if ignored += c.ignored; u.circuit.Ignored() != ignored {
				t.Fatalf("%d workers: after %q %d deletes were ignored, want %d", workers, c.changes, u.circuit.Ignored(), ignored)
			}
		}
	}
}

// However changes are cut into epochs, what is put out adds up to the last row of each
// key. Each worker has keys of its own, as each partition of a topic has.
func TestUpsertAddsUp(t *testing.T) {
	for seed := range uint64(20) {
		r := sample.Rand(seed)
		workers := 1 + r.IntN(3)
		u := startUpserts(t, workers, r.IntN(2) == 0)
		want := map[int]string{}
		total := zset.NewBuilder(u.scan.Out).Build()
		for range 40 {
			for range 1 + r.IntN(4) {
				worker := r.IntN(workers)
				var text strings.Builder
				for range r.IntN(30) {
					k := r.IntN(12)*workers + worker
					row := fmt.Sprintf("%d %d s%d", k, r.IntN(3), r.IntN(2))
					if r.IntN(3) == 0 {
						fmt.Fprintf(&text, "-1 %d NULL NULL\n", k)
						delete(want, k)
						continue
					}
					fmt.Fprintf(&text, "+1 %s\n", row)
					want[k] = "+1 " + row + "\n"
				}
				u.push(worker, text.String())
			}
			delta := u.end()
			total = zset.Consolidate(total, delta)
			rows := ""
			for _, k := range slices.Sorted(maps.Keys(want)) {
				rows += want[k]
			}
			if got := sorted(total); got != rows {
				t.Fatalf("seed %d, %d workers:\n%swant\n%s", seed, workers, got, rows)
			}
		}
	}
}

// More changes than wait at a time are put out in parts that add up to the same.
func TestUpsertOfWholeTopic(t *testing.T) {
	u := startUpserts(t, 1, false)
	const keys = 1000
	rounds := 1500
	if testing.Short() { // the race detector's turn
		rounds = 100
	}
	b := zset.NewBuilder(u.scan.Out)
	for round := range rounds {
		b.Reset()
		for k := range keys {
			appendInts(b, k, round)
		}
		must(t, u.circuit.Push(context.Background(), 0, u.scan, b.Build()))
	}
	got := u.end()
	if got.Len != keys {
		t.Fatalf("%d rows, want %d", got.Len, keys)
	}
	if text := got.String(); strings.Count(text, fmt.Sprintf(" %d NULL\n", rounds-1)) != keys {
		t.Errorf("the rows are not the last ones")
	}
}

func appendInts(b *zset.Builder, k, v int) {
	row, err := zset.Parse(b.Schema, fmt.Sprintf("+1 %d %d NULL", k, v))
	if err != nil {
		panic(err)
	}
	b.AppendRow(row, 0, 1)
}
