// Package cputime tells how long the process has computed: on a machine that does
// other things as well, a better measure of a program's speed than a clock.
package cputime

import (
	"runtime"
	"testing"

	"github.com/sqlstream/sqlstream/internal/rusage"
)

// PerRow reports the time that a benchmark took for each of the rows of one
// iteration, by the clock (ns/row) and by what the process computed (cpu-ns/row).
// Call it before the timer starts, and what it returns at the end.
func PerRow(b *testing.B, rows int) func() {
	runtime.GC() // what was made before the timer is not to be cleaned up on its account
	b.ReportAllocs()
	b.ResetTimer()
	start := rusage.CPU()
	return func() {
		cpu := rusage.CPU() - start
		n := float64(b.N) * float64(rows)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/row")
		b.ReportMetric(float64(cpu.Nanoseconds())/n, "cpu-ns/row")
		b.ReportMetric(0, "ns/op")
	}
}
