package nexmark_test

import (
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
}
