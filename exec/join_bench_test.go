package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A joinBench is l (k, v) JOIN r (k, v) ON l.k = r.k.
type joinBench struct {
	b       testing.TB
	circuit *exec.Circuit
	store   state.Store
	scans   [2]*exec.Scan
	rows    *zset.Builder
	out     int // rows put out
}

func newJoinBench(b testing.TB, kind exec.JoinKind) *joinBench {
	s := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt))
	j := &joinBench{b: b, store: memory.New(), rows: zset.NewBuilder(s)}
	j.scans = [2]*exec.Scan{{Table: "l", Out: s}, {Table: "r", Out: s}}
	key := &expr.Column{Field: s.Fields[0]}
	out := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt), types.Of(types.BigInt), types.Of(types.BigInt))
	p := &exec.Join{Left: j.scans[0], Right: j.scans[1], Kind: kind, Keys: []exec.JoinKey{{Left: key, Right: key}}, Out: out}
	var err error
	j.circuit, err = exec.NewCircuit(p, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{j.store},
		Out: func(_ int, x *zset.Batch) error { j.out += x.Len; return nil },
	})
	must(b, err)
	return j
}

// push gives a side n rows, the i-th of them (k, v) with the weight that row returns.
func (j *joinBench) push(side, n int, row func(i int) (k, v, weight int64)) {
	for from := 0; from < n; from += vec.BatchRows {
		j.rows.Reset()
		for i := from; i < min(from+vec.BatchRows, n); i++ {
			k, v, w := row(i)
			vec.Append(j.rows.Cols[0], k*7919)
			vec.Append(j.rows.Cols[1], v)
			j.rows.EndRowWeight(w)
		}
		must(j.b, j.circuit.Push(context.Background(), 0, j.scans[side], j.rows.Build()))
	}
}

func (j *joinBench) epoch(n int64, f func()) {
	j.circuit.Begin(n, 0, 0)
	f()
	must(j.b, j.circuit.Finish(context.Background()))
}

// bytesPerRow is the state's size.
func (j *joinBench) bytesPerRow() float64 {
	var bytes, rows int64
	for _, u := range j.store.Usage() {
		bytes, rows = bytes+u.Bytes, rows+u.Rows
	}
	return float64(bytes) / float64(rows)
}

// BenchmarkJoin is a stream of new rows for either side in turn, one of ten with one match, where
// 2^20 rows stand on each side.
func BenchmarkJoin(b *testing.B) {
	for _, c := range []struct {
		name string
		kind exec.JoinKind
	}{{"inner", exec.InnerJoin}, {"left", exec.LeftJoin}} {
		b.Run(c.name, func(b *testing.B) {
			const state, cycle = 1 << 20, 1 << 18
			j := newJoinBench(b, c.kind)
			r := sample.Rand(1)
			// Rows of the left have the keys 10n, those of the right any.
			fresh := make([][2]*zset.Batch, cycle/vec.BatchRows)
			for i := range fresh {
				for side := range 2 {
					x := zset.NewBuilder(j.rows.Build().Schema)
					for range vec.BatchRows {
						vec.Append(x.Cols[0], joinKey(r, side, state)*7919)
						vec.Append(x.Cols[1], r.Int64())
						x.EndRow()
					}
					fresh[i][side] = x.Build()
				}
			}
			j.epoch(0, func() {
				for side := range 2 {
					j.push(side, state, func(int) (int64, int64, int64) { return joinKey(r, side, state), r.Int64(), 1 })
				}
			})
			bytes := j.bytesPerRow()
			done := cputime.PerRow(b, 2*vec.BatchRows)
			in := 0
			j.out = 0
			for i := range b.N {
				// A cycle of rows comes, then goes: the state stays as large as it is.
				at, weight := i%len(fresh), int64(1)
				if i/len(fresh)%2 == 1 {
					weight = -1
				}
				j.circuit.Begin(int64(i+1), 0, 0)
				for side := range 2 {
					x := *fresh[at][side]
					if weight < 0 {
						x = *x.Negated()
					}
					must(b, j.circuit.Push(context.Background(), 0, j.scans[side], &x))
					in += x.Len
				}
				must(b, j.circuit.Finish(context.Background()))
			}
			done()
			b.ReportMetric(bytes, "bytes/row")
			b.ReportMetric(16, "least-bytes/row")
			b.ReportMetric(float64(j.out)/float64(in), "out/in")
		})
	}
}

func joinKey(r *rand.Rand, side, state int) int64 {
	if side == 0 {
		return r.Int64N(int64(state)) * 10
	}
	return r.Int64N(int64(state) * 10)
}

// BenchmarkJoinEpoch is an epoch of 1,000 changed rows while the state grows: what it costs
// follows the change. Each row of the left has one match.
func BenchmarkJoinEpoch(b *testing.B) {
	for _, kind := range []exec.JoinKind{exec.InnerJoin, exec.LeftJoin} {
		for _, rows := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
			b.Run(fmt.Sprintf("%s/rows=%d", []string{"inner", "left"}[kind], rows), func(b *testing.B) {
				j := newJoinBench(b, kind)
				half := rows / 2
				j.epoch(0, func() {
					for side := range 2 {
						j.push(side, half, func(i int) (int64, int64, int64) { return int64(i), 0, 1 })
					}
				})
				r := sample.Rand(1)
				values := map[int64]int64{}
				n := int64(0)
				change := func() {
					n++
					j.epoch(n, func() {
						var key int64
						j.push(1, 1000, func(i int) (int64, int64, int64) {
							if i%2 == 0 {
								key = r.Int64N(int64(half))
								return key, values[key], -1
							}
							values[key]++
							return key, values[key], 1
						})
					})
				}
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					change()
				}
				b.ReportMetric(j.bytesPerRow(), "bytes/row")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "us/epoch")
			})
		}
	}
}
