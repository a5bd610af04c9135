package benchmark_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/benchmark"
	"github.com/sqlstream/sqlstream/internal/broker"
)

// Topics of several partitions hold the events in their order: none of them is late, and
// who reads the topics again finds them whole.
func TestNoEventOfATopicIsLate(t *testing.T) {
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0", AutoCreate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	w := &benchmark.Workload{Name: "ordered", Tables: []benchmark.Table{{
		Name: "bid", Generator: "nexmark-bid",
		Columns: "auction BIGINT, date_time TIMESTAMP(3), WATERMARK FOR date_time AS date_time",
	}}}
	o := benchmark.Options{Events: 50_000, Splits: 3, Workers: 2, Bootstrap: b.Addr()}
	for range 2 {
		if err := w.Load(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		rep, err := w.Run(t.Context(), benchmark.Query{Name: "q", SQL: "SELECT auction FROM bid", Mode: "APPEND"}, o)
		if err != nil {
			t.Fatal(err)
		}
		if r := rep.Runs[0]; r.OutputRows != 46_000 {
			t.Errorf("%d rows come out, want 46000", r.OutputRows)
		}
	}
}
