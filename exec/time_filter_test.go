package exec_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// At every epoch the rows are those that compare with the clock as it stands then, or as it
// stood when it stood latest; and the next time at which that changes is known.
func TestTimeFilterIsComparingAtEveryTime(t *testing.T) {
	const second = types.MicrosPerSecond
	for i, c := range []struct {
		op    string
		meets func(v, clock int64) bool
	}{
		{">", func(v, clock int64) bool { return v > clock }},
		{">=", func(v, clock int64) bool { return v >= clock }},
		{"<", func(v, clock int64) bool { return v < clock }},
		{"<=", func(v, clock int64) bool { return v <= clock }},
	} {
		for _, grows := range []bool{false, true} {
			for _, s := range setups {
				if s.whole || s.retracts {
					continue
				}
				r := sample.Rand(uint64(i))
				x := start(t, planText{text: "t" + numScan + "f = time t: v " + c.op + " -3", appendOnly: grows}, s)
				table := map[numRow]int{}
				total := zset.NewBuilder(x.root.Schema()).Build()
				now, clock := int64(0), int64(-3) // microseconds; seconds that the rows are compared with
				for epoch := range 80 {
					now += second * int64(r.IntN(5)-1) / 2
					clock = max(clock, (now+100*second)/second-100-3)
					x.circuit.Begin(x.epoch, now, 0)
					for range r.IntN(3) {
						b := zset.NewBuilder(x.scans["t"].Out)
						numDelta(r, table, law{most: numRow{1, 1, 60}, grows: grows}, r.IntN(6), b)
						must(t, x.push(delta{"t", b.Build()}))
					}
					x.evict()
					out, err := x.finish()
					must(t, err)
					total = zset.Consolidate(total, out)
					want, next := map[string]int{}, int64(-1)
					for row, n := range table {
						v := int64(row[2])
						if v == null {
							continue
						}
						if c.meets(v, clock) {
							want[row.String()] = n
						}
						for at := clock + 1; at < 100; at++ {
							if c.meets(v, at) != c.meets(v, clock) {
								if next < 0 || at < next {
									next = at
								}
								break
							}
						}
					}
					if got, want := sortedLines(sorted(total)), joinLines(want); got != want {
						t.Fatalf("%s, %s, epoch %d: %s", c.op, s.name, epoch, firstDifference(got, want))
					}
					got, ok := x.circuit.NextTime(now)
					if ok != (next >= 0) || ok && got != (next+3)*second {
						t.Fatalf("%s, %s, epoch %d: the next time is %d %t, want %d", c.op, s.name, epoch, got, ok, (next+3)*second)
					}
				}
			}
		}
	}
}
