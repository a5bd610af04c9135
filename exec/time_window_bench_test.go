package exec_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// newTimeBench is an orderBench of a node over t (k, o, v), o a time.
func newTimeBench(b testing.TB, node func(in exec.Plan, out *types.Schema) exec.Plan) *orderBench {
	p := planner{workers: 1, appendOnly: true}
	in := p.plan("t = scan k BIGINT, o TIMESTAMP(3), v BIGINT")
	out := &types.Schema{Fields: append([]types.Field(nil), in.Schema().Fields...)}
	for _, name := range []string{"window_start", "window_end", "window_time"} {
		out.Fields = append(out.Fields, types.Field{Name: name, Type: in.Schema().Fields[1].Type, NotNull: true})
	}
	x := &orderBench{b: b, store: memory.New(), scan: p.scans["t"], rows: zset.NewBuilder(p.scans["t"].Out)}
	var err error
	x.circuit, err = exec.NewCircuit(node(in, out), exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{x.store},
		Out: func(_ int, d *zset.Batch) error { x.out += d.Len; return nil },
	})
	must(b, err)
	return x
}

// expanded puts the windows of a function beside rows.
func expanded(f function.Table, seconds ...int64) func(exec.Plan, *types.Schema) exec.Plan {
	return func(in exec.Plan, out *types.Schema) exec.Plan {
		at := in.Schema().Fields[1]
		args, have, constants := []expr.Expr{&expr.Column{Index: 1, Field: at}}, []types.Type{at.Type}, []any{nil}
		for _, s := range seconds {
			l := expr.Micros(s * types.MicrosPerSecond)
			args, have, constants = append(args, l), append(have, l.T), append(constants, l.Value)
		}
		bound, err := f.Bind(have, constants)
		if err != nil {
			panic(err)
		}
		return &exec.Expand{Input: in, Func: bound, Args: args, AppendOnly: true, Out: out}
	}
}

// BenchmarkTimeWindow is what a row costs until its windows stand beside it, by the number
// of windows that it is in.
func BenchmarkTimeWindow(b *testing.B) {
	const rows = 1 << 18
	for _, w := range []struct {
		name string
		node func(exec.Plan, *types.Schema) exec.Plan
	}{
		{"tumble", expanded(table.Tumble, 10)},
		{"hop=2", expanded(table.Hop, 5, 10)},
		{"hop=10", expanded(table.Hop, 1, 10)},
		{"hop=60", expanded(table.Hop, 1, 60)},
		{"cumulate=1..10", expanded(table.Cumulate, 1, 10)},
	} {
		b.Run(w.name, func(b *testing.B) {
			x := newTimeBench(b, w.node)
			at := int64(0)
			done := cputime.PerRow(b, rows)
			for b.Loop() {
				x.epoch(rows, func(i int) ([3]int64, int64) {
					at += 100
					return [3]int64{int64(i), at, 1}, 1
				})
			}
			done()
		})
	}
}

// BenchmarkSession is what an event costs: in sessions of about so many events, of which
// some thousand go on at a time and end within the epoch, or go on from one to the next.
func BenchmarkSession(b *testing.B) {
	const rows = 1 << 17
	for _, events := range []int64{1, 10, 100} {
		for _, epochs := range []int64{1, 8} {
			b.Run(fmt.Sprintf("events=%d/epochs=%d", events, epochs), func(b *testing.B) {
				x := newTimeBench(b, func(in exec.Plan, out *types.Schema) exec.Plan {
					return &exec.Session{Input: in, Partition: []int{0}, Time: 1, Gap: 10 * types.MicrosPerSecond, AppendOnly: true, Out: out}
				})
				// Users are active one after the other, each for its events, a second apart.
				r, n := sample.Rand(1), int64(0)
				open := rows / events * epochs
				next := func(int) ([3]int64, int64) {
					wave, in := n/(open*events), n%(open*events)
					n++
					return [3]int64{wave*open + in%open, (wave*events + in/open) * types.MicrosPerSecond, r.Int64N(1000)}, 1
				}
				done := cputime.PerRow(b, rows)
				for b.Loop() {
					x.epoch(rows, next)
				}
				done()
			})
		}
	}
}
