package exec_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A tide is the rows of a table that come and go, none below its watermark.
type tide struct {
	mark int64
	live [][3]int64
}

// delta is n changes, in which rows come, and such go that are not below the watermark.
func (w *tide) delta(r *rand.Rand, schema *types.Schema, n int) *zset.Batch {
	b := zset.NewBuilder(schema)
	for range n {
		row, weight := [3]int64{int64(r.IntN(200)), w.mark + int64(r.IntN(8)), int64(r.IntN(1000))}, int64(1)
		if at := r.IntN(len(w.live) + 1); r.IntN(4) == 0 && at < len(w.live) && w.live[at][1] >= w.mark {
			row, weight = w.live[at], -1
			w.live[at] = w.live[len(w.live)-1]
			w.live = w.live[:len(w.live)-1]
		} else {
			w.live = append(w.live, row)
		}
		for i, x := range row {
			if i == 0 && x == 0 {
				b.Cols[i].AppendNull()
				continue
			}
			vec.Append(b.Cols[i], x)
		}
		b.EndRowWeight(weight)
	}
	return b.Build()
}

// pass tells the watermark of column o of a table, the second of numScan.
func (r *run) pass(table string, mark int64) {
	b := vec.NewBuilder(types.Of(types.BigInt))
	vec.Append(b, mark)
	r.circuit.SetWatermark(exec.WatermarkOf{Table: table, Column: 1}, b.Vec())
}

// sameEpoch ends an epoch of two runs, which are to put out the same.
func sameEpoch(t *testing.T, x, other *run, what string) {
	t.Helper()
	got, err := x.finish()
	must(t, err)
	want, err := other.finish()
	must(t, err)
	if got, want := sorted(got), sorted(want); got != want {
		t.Fatalf("%s, %s, epoch %d: %s", what, x.name, x.epoch, firstDifference(got, want))
	}
}

// Rows of a join that wait until they are looked for, or until the watermark has passed
// them, make the pairs that they would make if each were stored as it comes and for ever:
// with few rows on the other side and with many, in few deltas and in many, whether the
// watermark passes most rows of an epoch or none.
func TestHeldRowsOfAJoinMatchAsStoredOnes(t *testing.T) {
	for i, on := range []string{"k = k, o = o", "k = k IF l.o = r.o", "k <=> k, o = o"} {
		for _, s := range setups {
			if s.whole || s.retracts {
				continue
			}
			r := sample.Rand(uint64(i))
			text := "l" + numScan + "r" + numScan + "j = inner join l, r: " + on
			forgets, keeps := start(t, planText{text: text + " FORGET"}, s), start(t, planText{text: text}, s)
			tables := map[string]*tide{"l": {}, "r": {}}
			stored, ever := int64(0), false
			for epoch := range 40 {
				deltas, most := 1+r.IntN(4), 1+r.IntN(40)
				switch quick := !s.evicting && !s.crowded; {
				case quick && epoch == 4: // more rows than may look for theirs
					deltas, most = 2, 1200*s.workers
				case quick && epoch == 25: // more often than rows are gone through
					deltas, most = 150, 3
				}
				for range deltas {
					name := "lr"[r.IntN(2):][:1]
					if epoch < 20 && r.IntN(3) > 0 {
						name = "l"
					}
					d := delta{name, tables[name].delta(r, forgets.scans[name].Out, most)}
					must(t, forgets.push(d))
					must(t, keeps.push(d))
				}
				for _, name := range []string{"l", "r"} {
					w := tables[name]
					if r.IntN(3) > 0 {
						w.mark += int64(r.IntN(12))
					}
					forgets.pass(name, w.mark)
				}
				sameEpoch(t, forgets, keeps, on)
				stored = 0
				for _, n := range forgets.circuit.Stats() {
					stored += n.StateRows
				}
				ever = ever || stored > 0
			}
			if most := int64(len(tables["l"].live) + len(tables["r"].live)); !ever || 2*stored > most {
				t.Errorf("%s, %s: at the end %d rows are stored of %d", on, s.name, stored, most)
			}
		}
	}
}

// Rows that wait in a join count as memory until the end of the epoch.
func TestHeldRowsOfAJoinAreCounted(t *testing.T) {
	x := start(t, planText{text: "l" + numScan + "r" + numScan + "j = inner join l, r: k = k, o = o FORGET"}, setups[0])
	w := &tide{}
	must(t, x.push(delta{"l", w.delta(sample.Rand(1), x.scans["l"].Out, 1000)}))
	bytes, node, most := x.circuit.Transit(0)
	if bytes < 1000*3*8 || most != bytes || !strings.HasPrefix(node, "Join") {
		t.Errorf("%d bytes wait, of them %d for %s", bytes, most, node)
	}
	_, err := x.finish()
	must(t, err)
	if bytes, _, _ := x.circuit.Transit(0); bytes != 0 {
		t.Errorf("%d bytes still wait", bytes)
	}
}
