package exec_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/cputime"
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

// reportState reports the bytes that each row of the state takes, and those of its values.
func reportState(b *testing.B, store state.Store, least int) {
	var bytes, rows int64
	for _, u := range store.Usage() {
		bytes, rows = bytes+u.Bytes, rows+u.Rows
	}
	b.ReportMetric(float64(bytes)/float64(rows), "bytes/row")
	b.ReportMetric(float64(least), "least-bytes/row")
}

func must(b testing.TB, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// benchKeys are the kinds and numbers of keys that aggregates are measured with.
var benchKeys = []struct {
	groups int
	text   bool
}{{100, false}, {100_000, false}, {5_000_000, false}, {100, true}, {100_000, true}, {5_000_000, true}}

func benchName(groups int, text bool) string {
	if text {
		return fmt.Sprintf("VARCHAR/%d", groups)
	}
	return fmt.Sprintf("BIGINT/%d", groups)
}

// COUNT, SUM, MIN and MAX of rows whose groups are there, on input that only adds.
func BenchmarkApply(b *testing.B) {
	for _, c := range benchKeys {
		b.Run(benchName(c.groups, c.text), func(b *testing.B) {
			batches := benchBatches(c.groups, c.text)
			circuit, scan := benchAggregate(b, batches[0].Schema, true)
			pushAll(b, circuit, scan, batches)
			done := cputime.PerRow(b, vec.BatchRows)
			for i := range b.N {
				must(b, circuit.Push(context.Background(), 0, scan, batches[i%len(batches)]))
			}
			done()
		})
	}
}

func pushAll(b testing.TB, circuit *exec.Circuit, scan *exec.Scan, batches []*zset.Batch) {
	for _, x := range batches {
		must(b, circuit.Push(context.Background(), 0, scan, x))
	}
}

// The same in epochs of 2^20 rows, with what each puts out. Of 5,000,000 groups
// nearly every row changes another one.
func BenchmarkEpoch(b *testing.B) {
	for _, c := range benchKeys {
		for _, appendOnly := range []bool{true, false} {
			name := benchName(c.groups, c.text)
			if !appendOnly {
				name += "/retracting"
			}
			b.Run(name, func(b *testing.B) {
				batches := benchBatches(c.groups, c.text)
				circuit, scan := benchAggregate(b, batches[0].Schema, appendOnly)
				done := cputime.PerRow(b, 1<<20)
				for i := range b.N {
					circuit.Begin(int64(i), 0, 0)
					pushAll(b, circuit, scan, batches)
					must(b, circuit.Finish(context.Background()))
				}
				done()
			})
		}
	}
}

// What a program written for this one query would do with Go's own map.
func BenchmarkApplyFloor(b *testing.B) {
	type sums struct{ count, sum, min, max int64 }
	for _, c := range benchKeys {
		b.Run(benchName(c.groups, c.text), func(b *testing.B) {
			batches := benchBatches(c.groups, c.text)
			words, texts := map[int64]*sums{}, map[string]*sums{}
			add := func(x *zset.Batch) {
				values := vec.Slice[int64](x.Cols[1])
				for i, v := range values {
					var s *sums
					if c.text {
						if s = texts[x.Cols[0].Str(i)]; s == nil {
							s = &sums{min: v, max: v}
							texts[string(x.Cols[0].Bytes(i))] = s
						}
					} else {
						k := vec.Slice[int64](x.Cols[0])[i]
						if s = words[k]; s == nil {
							s = &sums{min: v, max: v}
							words[k] = s
						}
					}
					s.count++
					s.sum += v
					s.min, s.max = min(s.min, v), max(s.max, v)
				}
			}
			for _, x := range batches {
				add(x)
			}
			done := cputime.PerRow(b, vec.BatchRows)
			for i := range b.N {
				add(batches[i%len(batches)])
			}
			done()
		})
	}
}

// BenchmarkUpsert is an epoch of 1,000 changed rows while the state grows: what it costs
// follows the change.
func BenchmarkUpsert(b *testing.B) {
	for _, rows := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			s := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt))
			scan := &exec.Scan{Table: "t", Out: s}
			store := memory.New()
			c, err := exec.NewCircuit(&exec.Upsert{Input: scan, Keys: []int{0}}, exec.CircuitOptions{
				Workers: 1, Stores: []state.Store{store}, Out: func(int, *zset.Batch) error { return nil },
			})
			if err != nil {
				b.Fatal(err)
			}
			r := sample.Rand(1)
			out := zset.NewBuilder(s)
			epoch := int64(0)
			change := func(n int, key func(i int) int64) {
				c.Begin(epoch, 0, 0)
				for from := 0; from < n; from += vec.BatchRows {
					out.Reset()
					for i := from; i < min(from+vec.BatchRows, n); i++ {
						vec.Append(out.Cols[0], key(i)*7919)
						vec.Append(out.Cols[1], r.Int64())
						out.EndRow()
					}
					if err := c.Push(context.Background(), 0, scan, out.Build()); err != nil {
						b.Fatal(err)
					}
				}
				if err := c.Finish(context.Background()); err != nil {
					b.Fatal(err)
				}
				epoch++
			}
			change(rows, func(i int) int64 { return int64(i) })
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				change(1000, func(int) int64 { return r.Int64N(int64(rows)) })
			}
			var bytes int64
			for _, u := range store.Usage() {
				bytes += u.Bytes
			}
			b.ReportMetric(float64(bytes)/float64(rows), "bytes/row")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "us/epoch")
		})
	}
}
