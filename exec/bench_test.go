package exec_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// benchBatches are rows (key, value) of 2^20 rows in batches, keys drawn from the
// given number; text makes keys of about 16 bytes.
func benchBatches(groups int, text bool) []*zset.Batch {
	r := sample.Rand(1)
	key := types.Of(types.BigInt)
	if text {
		key = types.Of(types.Varchar)
	}
	s := sample.Schema(key, types.Of(types.BigInt))
	var out []*zset.Batch
	for range 1 << 20 / vec.BatchRows {
		b := zset.NewBuilder(s)
		for range vec.BatchRows {
			k := r.Int64N(int64(groups))
			if text {
				b.Cols[0].AppendString(fmt.Sprintf("user-%010d", k*7919))
			} else {
				vec.Append(b.Cols[0], k*7919)
			}
			vec.Append(b.Cols[1], r.Int64N(1000))
			b.EndRow()
		}
		out = append(out, b.Build())
	}
	return out
}

func bound(b testing.TB, f function.Aggregate, args ...types.Type) *function.Bound {
	x, err := f.Bind(args)
	if err != nil {
		b.Fatal(err)
	}
	return x
}

// benchAggregate is SELECT a, COUNT(*), SUM(b), MIN(b), MAX(b) … GROUP BY a.
func benchAggregate(b *testing.B, s *types.Schema, appendOnly bool) (*exec.Circuit, *exec.Scan) {
	scan := &exec.Scan{Table: "t", Out: s}
	key, val := &expr.Column{Field: s.Fields[0]}, &expr.Column{Index: 1, Field: s.Fields[1]}
	p := &exec.Aggregate{Input: scan, Group: []expr.Expr{key}, AppendOnly: appendOnly, Out: &types.Schema{}}
	p.Out.Fields = append(p.Out.Fields, s.Fields[0])
	for _, f := range []function.Aggregate{aggregate.Count, aggregate.Sum, aggregate.Min, aggregate.Max} {
		c := exec.AggregateCall{Name: f.Name}
		if f.Name == "count" {
			c.Func = bound(b, f)
		} else {
			c.Func, c.Args = bound(b, f, val.Field.Type), []expr.Expr{val}
		}
		p.Calls = append(p.Calls, c)
		p.Out.Fields = append(p.Out.Fields, types.Field{Name: f.Name, Type: c.Func.Returns})
	}
	c, err := exec.NewCircuit(p, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{memory.New()},
		Out: func(int, *zset.Batch) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	return c, scan
}

func must(b testing.TB, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// One epoch is 2^20 rows; what Finish costs is in apply+finish alone.
func BenchmarkAggregate(b *testing.B) {
	for _, c := range []struct {
		groups int
		text   bool
	}{{100, false}, {100_000, false}, {5_000_000, false}, {100, true}, {100_000, true}, {5_000_000, true}} {
		batches := benchBatches(c.groups, c.text)
		name := fmt.Sprintf("BIGINT/%d", c.groups)
		if c.text {
			name = fmt.Sprintf("VARCHAR/%d", c.groups)
		}
		for _, part := range []string{"apply", "apply+finish"} {
			b.Run(name+"/"+part, func(b *testing.B) {
				ctx := context.Background()
				circuit, scan := benchAggregate(b, batches[0].Schema, true)
				epoch := int64(0)
				run := func(finish bool) {
					for _, x := range batches {
						must(b, circuit.Push(ctx, 0, scan, x))
					}
					if !finish {
						b.StopTimer()
					}
					must(b, circuit.Finish(ctx))
					if !finish {
						b.StartTimer()
					}
					epoch++
					circuit.Begin(epoch, 0, 0)
				}
				circuit.Begin(epoch, 0, 0)
				run(true)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					run(part == "apply+finish")
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<20), "ns/row")
			})
		}
	}
}
