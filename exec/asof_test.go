package exec_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Each left row stands beside the right row that is nearest in time of those on the right
// side of it, and of several with that time beside the greatest, however the rows of both
// sides come and go.
func TestAsofIsLookingAtEachPair(t *testing.T) {
	for i, c := range []struct {
		op    string
		meets func(l, r int) bool
	}{
		{">=", func(l, r int) bool { return l >= r }},
		{">", func(l, r int) bool { return l > r }},
		{"<=", func(l, r int) bool { return l <= r }},
		{"<", func(l, r int) bool { return l < r }},
	} {
		for j, on := range []string{" ON k = k", "", " ON k <=> k"} {
			for k, kind := range []string{"left", "inner"} {
				same := func(l, r int) bool { return on == "" || l == r && (l != null || j == 2) }
				nearer := func(r, than numRow) bool {
					if r[1] != than[1] {
						return r[1] > than[1] == (c.op[0] == '>')
					}
					return slices.Compare(r[:], than[:]) > 0
				}
				checkLaw(t, uint64(10*i+2*j+k), law{
					text:   "l" + numScan + "r" + numScan + "a = " + kind + " asof l, r: o " + c.op + " o" + on,
					tables: []string{"l", "r"}, most: numRow{2, 6, 3}, brief: true, begin: 4,
					means: func(tables []map[numRow]int) map[string]int {
						out := map[string]int{}
						for l, n := range tables[0] {
							var best *numRow
							for r := range tables[1] {
								if same(l[0], r[0]) && l[1] != null && r[1] != null && c.meets(l[1], r[1]) && (best == nil || nearer(r, *best)) {
									best = &r
								}
							}
							switch {
							case best != nil:
								out[l.String()+" "+best.String()] += n
							case kind == "left":
								out[l.String()+" NULL NULL NULL"] += n
							}
						}
						return out
					},
				})
			}
		}
	}
}

// What the watermark lets an asof join forget is asked for no more: whatever rows come that
// are not below it, the result is that of all rows, and the state does not grow with them.
func TestAsofForgetsWhatNothingAsksFor(t *testing.T) {
	for i, op := range []string{">=", ">"} {
		for _, s := range setups {
			if s.whole || s.retracts {
				continue
			}
			r := sample.Rand(uint64(i))
			tables := "l" + numScan + "r" + numScan
			forgets := start(t, planText{text: tables + "a = left asof l, r: o " + op + " o ON k = k FORGET"}, s)
			keeps := start(t, planText{text: tables + "a = left asof l, r: o " + op + " o ON k = k"}, s)
			marks := map[string]int64{}
			total := [2]*zset.Batch{zset.NewBuilder(keeps.root.Schema()).Build(), zset.NewBuilder(keeps.root.Schema()).Build()}
			for epoch := range 100 {
				for _, table := range []string{"l", "r"} {
					d := delta{table, comingRows(r, forgets.scans[table].Out, marks[table])}
					must(t, forgets.push(d))
					must(t, keeps.push(d))
					if r.IntN(3) > 0 {
						marks[table] += int64(r.IntN(5))
						forgets.pass(table, marks[table])
					}
				}
				for at, x := range []*run{forgets, keeps} {
					out, err := x.finish()
					must(t, err)
					total[at] = zset.Consolidate(total[at], out)
				}
				if got, want := sorted(total[0]), sorted(total[1]); got != want {
					t.Fatalf("%s, %s, epoch %d: %s", op, s.name, epoch, firstDifference(got, want))
				}
			}
			rows := [2]int64{}
			for at, x := range []*run{forgets, keeps} {
				for _, n := range x.circuit.Stats() {
					rows[at] += n.StateRows
				}
			}
			if 4*rows[0] > rows[1] {
				t.Errorf("%s, %s: %d rows are kept, and %d where nothing is forgotten", op, s.name, rows[0], rows[1])
			}
		}
	}
}

// comingRows are some rows of which the second column is not below a watermark.
func comingRows(r *rand.Rand, schema *types.Schema, mark int64) *zset.Batch {
	b := zset.NewBuilder(schema)
	for range r.IntN(10) {
		vec.Append(b.Cols[0], int64(r.IntN(3)))
		vec.Append(b.Cols[1], mark+int64(r.IntN(8)))
		vec.Append(b.Cols[2], int64(r.IntN(1000)))
		b.EndRow()
	}
	return b.Build()
}
