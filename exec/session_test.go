package exec_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A visit is a row: a partition, a second, and a value.
type visit struct{ k, at, v int64 }

// visits puts rows into a batch. A second that is NULL stands for none.
func visits(s *types.Schema, rows []visit, weight int64) *zset.Batch {
	b := zset.NewBuilder(s)
	for _, r := range rows {
		vec.Append(b.Cols[0], r.k)
		if r.at == null {
			b.Cols[1].AppendNull()
		} else {
			vec.Append(b.Cols[1], r.at*types.MicrosPerSecond)
		}
		vec.Append(b.Cols[2], r.v)
		b.EndRowWeight(weight)
	}
	return b.Build()
}

// sessionsOf is what sessions mean: the rows of each partition, sorted, divided wherever
// there is more than the gap between two.
func sessionsOf(s *types.Schema, rows []visit, gap int64) *zset.Batch {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r visit) bool { return r.at == null })
	slices.SortFunc(rows, func(a, b visit) int {
		if a.k != b.k {
			return int(a.k - b.k)
		}
		return int(a.at - b.at)
	})
	out := zset.NewBuilder(s)
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].k == rows[from].k && rows[to].at-rows[to-1].at <= gap {
			to++
		}
		start, end := rows[from].at*types.MicrosPerSecond, (rows[to-1].at+gap)*types.MicrosPerSecond
		for ; from < to; from++ {
			r := rows[from]
			for i, v := range []int64{r.k, r.at * types.MicrosPerSecond, r.v, start, end, end - 1000} {
				vec.Append(out.Cols[i], v)
			}
			out.EndRow()
		}
	}
	return out.Build()
}

// After every epoch of random rows, some of them taken back, the sum of what was put out is
// what sessions mean, on every store and with any number of workers.
func TestSessionsOfRandomRows(t *testing.T) {
	s := types.NewSchema(
		types.Field{Name: "k", Type: types.Of(types.BigInt)},
		types.Field{Name: "ts", Type: types.Type{Kind: types.Timestamp, Precision: 3}},
		types.Field{Name: "v", Type: types.Of(types.BigInt)})
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		for _, set := range setups {
			x := start(t, planText{scan: s, text: "t = scan\nw = session t: 3 BY ts PER k"}, set)
			total := zset.NewBuilder(x.root.Schema()).Build()
			var live []visit
			for range 12 {
				var come, gone []visit
				for range r.IntN(12) {
					if len(live) > 0 && r.IntN(100) < 40 {
						i := r.IntN(len(live))
						gone, live = append(gone, live[i]), slices.Delete(live, i, i+1)
						continue
					}
					v := visit{int64(r.IntN(3)), int64(r.IntN(60) - 30), int64(r.IntN(2))}
					if r.IntN(20) == 0 {
						v.at = null
					}
					come, live = append(come, v), append(live, v)
				}
				must(t, x.push(delta{"t", visits(s, come, 1)}))
				must(t, x.push(delta{"t", visits(s, gone, -1)}))
				out, err := x.finish()
				must(t, err)
				total = zset.Consolidate(total, out)
				if want := zset.Consolidate(sessionsOf(x.root.Schema(), live, 3)); sorted(total) != sorted(want) {
					t.Fatalf("seed %d, %s: %s", seed, set.name, firstDifference(sorted(total), sorted(want)))
				}
			}
		}
	}
}
