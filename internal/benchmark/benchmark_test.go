package benchmark_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sqlstream/sqlstream/internal/benchmark"
)

// numbers is a workload of one table.
func numbers(query, mode string, facts ...benchmark.Fact) (*benchmark.Workload, benchmark.Query) {
	w := &benchmark.Workload{
		Name:   "numbers",
		Tables: []benchmark.Table{{Name: "bid", Generator: "nexmark-bid", Columns: "auction BIGINT, price BIGINT"}},
		Facts:  func(int64) []benchmark.Fact { return facts },
	}
	return w, benchmark.Query{Name: "q", SQL: query, Mode: mode}
}

// A report has each run, and says whether the query put out what it had to.
func TestReport(t *testing.T) {
	for _, c := range []struct {
		query, mode, fact, verdict string
		output                     int64
	}{
		{"SELECT auction FROM bid", "APPEND", "SELECT 1", "equal", 46},
		{"SELECT COUNT(*) AS n FROM bid", "UPDATE", "SELECT COUNT(*) - 45 FROM bid", "equal", 1},
		{"SELECT auction, PROCTIME() AS at FROM bid", "APPEND", "SELECT 1", "equal", 46},
		{"SELECT auction FROM bid", "APPEND", "SELECT 0", "not so: a fact", 46},
		{"SELECT auction, RAND() AS r FROM bid", "APPEND", "SELECT 1", "46 rows, the bounded query has 46; of the first too many, of the others too few:", 46},
	} {
		w, q := numbers(c.query, c.mode, benchmark.Fact{What: "a fact", Query: c.fact})
		rep, err := w.Run(t.Context(), q, benchmark.Options{Events: 50, Runs: 3, Verify: true})
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if !strings.HasPrefix(rep.Verdict, c.verdict) {
			t.Errorf("%s: verdict %q, want %q", c.query, rep.Verdict, c.verdict)
		}
		if len(rep.Runs) != 3 {
			t.Fatalf("%s: %d runs", c.query, len(rep.Runs))
		}
		for _, r := range rep.Runs {
			if r.Records != 46 || r.OutputRows != c.output || r.Epochs != 1 || r.Seconds <= 0 || r.EpochP50 <= 0 || r.EpochP99 < r.EpochP50 {
				t.Errorf("%s: %+v", c.query, r)
			}
		}
	}
}

// Epochs take no more rows than they may; what is kept is counted.
func TestEpochs(t *testing.T) {
	w, q := numbers("SELECT auction, COUNT(*) AS n FROM bid GROUP BY auction", "UPDATE")
	rep, err := w.Run(t.Context(), q, benchmark.Options{Events: 500, EpochRows: 100, Workers: 2, Splits: 2, OutOfOrder: 50})
	if err != nil {
		t.Fatal(err)
	}
	if r := rep.Runs[0]; r.Epochs != 5 || r.Records != 460 || r.StateRows == 0 || r.StateBytes == 0 || rep.Parallelism != 2 || rep.Verdict != "" {
		t.Errorf("%+v", rep)
	}
}

// A broker that is away is waited for, and said.
func TestBrokerIsAway(t *testing.T) {
	w, _ := numbers("SELECT auction FROM bid", "APPEND")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var said atomic.Value
	err := w.Load(ctx, benchmark.Options{Events: 50, Bootstrap: "127.0.0.1:1", Notice: func(text string) {
		said.CompareAndSwap(nil, text)
		cancel()
	}})
	if text, _ := said.Load().(string); !errors.Is(err, context.Canceled) || !strings.Contains(text, "127.0.0.1:1") {
		t.Errorf("%q is said; %v", text, err)
	}
}

// A median is between the two in the middle.
func TestMedian(t *testing.T) {
	of := func(seconds ...float64) float64 {
		runs := make([]benchmark.Run, len(seconds))
		for i, s := range seconds {
			runs[i].Seconds = s
		}
		return benchmark.Median(runs, func(r *benchmark.Run) float64 { return r.Seconds })
	}
	if of() != 0 || of(3) != 3 || of(5, 1, 2) != 2 || of(4, 1, 8, 2) != 3 {
		t.Errorf("medians %v, %v, %v, %v", of(), of(3), of(5, 1, 2), of(4, 1, 8, 2))
	}
}
