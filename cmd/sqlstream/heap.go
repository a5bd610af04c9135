package main

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"

	"github.com/sqlstream/sqlstream"
)

const (
	busyRows  = 50_000   // an epoch of so many rows has work to do
	heapExtra = 32 << 20 // what a busy process may leave uncollected beside Go's own measure
	heapBase  = 96 << 20 // what a process takes beside what its queries hold
)

// easeCollector lets the heap of a busy process grow a little further than Go's default before
// it is collected, so that one whose live data are next to nothing is not collected all the
// time; as they grow, Go's own measure takes over. More did not pay where it was measured, since
// queries leave little to be collected, and that is memory, too. Whoever sets GOGC or GOMEMLIMIT is obeyed.
func easeCollector(p sqlstream.Progress) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapBound(p.MemoryLimitBytes))
	}
	if p.NumInputRows < busyRows || os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(heapPercent(int64(live[0].Value.Uint64()), p.MemoryLimitBytes))
}

// heapBound is from how much memory on the process would rather be slow than take more,
// where all its queries may hold so many bytes, 0 for any number. Left to itself it would
// take twice what they hold: by default all memory of the machine.
func heapBound(limit int64) int64 {
	if limit == 0 || limit > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return limit + limit/2 + heapBase
}

// heapPercent is how much a heap with so many live bytes may grow before it is collected.
func heapPercent(live, limit int64) int {
	extra := int64(heapExtra)
	if limit > 0 {
		extra = min(extra, limit/2)
	}
	return int(min(100+extra*100/max(live, 1<<20), 400))
}
