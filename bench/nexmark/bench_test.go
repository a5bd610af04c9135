package nexmark_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/bench/nexmark"
	"github.com/sqlstream/sqlstream/internal/benchmark"
)

// The command lets the heap of a busy process grow further than Go's default before
// it collects; the figures are of the same setting.
func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" && slices.ContainsFunc(os.Args, isBench) {
		debug.SetGCPercent(400)
	}
	os.Exit(m.Run())
}

func isBench(arg string) bool { return len(arg) > 12 && arg[:12] == "-test.bench=" }

// BenchmarkQueries runs each query over a million events, made up by the process itself.
// Mrec/cpu-s is records that the query reads for each second of CPU time.
func BenchmarkQueries(b *testing.B) {
	for _, q := range nexmark.Workload.Queries {
		benchmarkQuery(b, q)
	}
}

// BenchmarkWindows is what a bid costs in windows that overlap, by how many of them it is in,
// and in those that do not.
func BenchmarkWindows(b *testing.B) {
	group := func(name, windows string) {
		benchmarkQuery(b, benchmark.Query{
			Name: name, Mode: "APPEND",
			SQL: "SELECT window_end, COUNT(*), AVG(price) FROM " + windows + " GROUP BY window_start, window_end",
		})
	}
	group("tumble", "TUMBLE(bid, DESCRIPTOR(date_time), INTERVAL 1 SECOND)")
	for _, n := range []int{2, 10, 60, 600, 3600} {
		group(fmt.Sprintf("hop=%d", n), fmt.Sprintf("HOP(bid, DESCRIPTOR(date_time), INTERVAL 1 SECOND, INTERVAL %d SECOND)", n))
	}
	for _, n := range []int{2, 10, 60, 600, 3600} {
		group(fmt.Sprintf("cumulate=%d", n), fmt.Sprintf("CUMULATE(bid, DESCRIPTOR(date_time), INTERVAL 1 SECOND, INTERVAL %d SECOND)", n))
	}
}

func benchmarkQuery(b *testing.B, q benchmark.Query) {
	b.Run(q.Name, func(b *testing.B) {
		var records, spent float64
		for b.Loop() {
			rep, err := nexmark.Workload.Run(b.Context(), q, benchmark.Options{Events: 1_000_000, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			records += float64(rep.Runs[0].Records)
			spent += rep.Runs[0].CPUSeconds
		}
		b.ReportMetric(records/1e6/spent, "Mrec/cpu-s")
		b.ReportMetric(spent*1e9/records, "cpu-ns/rec")
	})
}
