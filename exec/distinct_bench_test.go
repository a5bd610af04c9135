package exec_test

import (
	"context"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// BenchmarkDistinct is SELECT DISTINCT of a column, of input that only comes, in epochs of
// 2^20 rows: of values that are there, and of new ones alone.
func BenchmarkDistinct(b *testing.B) {
	for _, c := range benchKeys {
		for _, fresh := range []bool{false, true} {
			name := benchName(c.groups, c.text)
			if fresh {
				name += "/fresh"
			}
			b.Run(name, func(b *testing.B) {
				batches := benchBatches(c.groups, c.text)
				s := &types.Schema{Fields: batches[0].Schema.Fields[:1]}
				scan := &exec.Scan{Table: "t", Out: batches[0].Schema}
				var store state.Store
				open := func() *exec.Circuit {
					store = memory.New()
					circuit, err := exec.NewCircuit(&exec.Aggregate{
						Input: scan, Group: []expr.Expr{&expr.Column{Field: s.Fields[0]}}, AppendOnly: true, Out: s,
					}, exec.CircuitOptions{Workers: 1, Stores: []state.Store{store}, Out: func(int, *zset.Batch) error { return nil }})
					must(b, err)
					return circuit
				}
				epoch := func(circuit *exec.Circuit, n int) {
					circuit.Begin(int64(n), 0, 0)
					pushAll(b, circuit, scan, batches)
					must(b, circuit.Finish(context.Background()))
				}
				circuit := open()
				epoch(circuit, 0)
				done := cputime.PerRow(b, 1<<20)
				for i := range b.N {
					if fresh {
						circuit = open()
					}
					epoch(circuit, i+1)
				}
				done()
				least := 8
				if c.text {
					least = len("user-0000000000")
				}
				reportState(b, store, least)
			})
		}
	}
}
