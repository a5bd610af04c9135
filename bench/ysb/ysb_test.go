package ysb_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/bench/ysb"
	"github.com/sqlstream/sqlstream/internal/benchmark"
)

// In whatever epochs, splits and order the events come, the counts are those of all events
// at once, and what is known of them holds.
func TestVerified(t *testing.T) {
	for _, o := range []benchmark.Options{
		{Events: 100_000, Seed: 1},
		{Events: 60_000, Seed: 2, EpochRows: 7_000, OutOfOrder: 1000},
		{Events: 60_000, Seed: 3, EpochRows: 9_000, Splits: 3, Workers: 2},
	} {
		o.Verify = true
		rep, err := ysb.Workload.Run(t.Context(), ysb.Workload.Queries[0], o)
		if err != nil || !rep.Verified {
			t.Errorf("%+v: %v, %s", o, err, rep.Verdict)
		}
		if r := rep.Runs[0]; r.Records != o.Events+1000 {
			t.Errorf("%d records were read", r.Records)
		}
	}
}
