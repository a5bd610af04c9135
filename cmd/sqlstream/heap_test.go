package main

import (
	"math"
	"testing"
)

// A process whose queries may hold little does not leave much more to be collected; one that
// may hold half of the machine's memory does not take all of it.
func TestHeapFollowsTheMemoryLimit(t *testing.T) {
	const mib, machine = 1 << 20, int64(24) << 30
	for _, c := range []struct {
		live, limit int64
		percent     int
		bound       int64
	}{
		{live: 100 * mib, limit: 0, percent: 132, bound: math.MaxInt64},
		{live: 100 * mib, limit: 64 * mib, percent: 132, bound: 192 * mib},
		{live: 10 * mib, limit: machine / 2, percent: 400, bound: machine/4*3 + heapBase},
		{live: machine / 2, limit: machine / 2, percent: 100, bound: machine/4*3 + heapBase},
	} {
		if got := heapPercent(c.live, c.limit); got != c.percent {
			t.Errorf("%d live, limit %d: %d percent, want %d", c.live, c.limit, got, c.percent)
		}
		if got := heapBound(c.limit); got != c.bound {
			t.Errorf("limit %d: bound %d, want %d", c.limit, got, c.bound)
		}
	}
}
