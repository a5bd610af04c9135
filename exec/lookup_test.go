package exec_test

import (
	"maps"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/zset"
)

// A left row keeps what the right had when it came, until it goes; of equal ones that
// which came first goes first.
func TestLookupIsAskingOnce(t *testing.T) {
	for i, c := range []struct {
		text    string
		matches func(l, r numRow) bool
		outer   bool
		grows   bool
	}{
		{"left lookup l, r: k = k", func(l, r numRow) bool { return l[0] == r[0] && l[0] != null }, true, false},
		{"inner lookup l, r: k = k", func(l, r numRow) bool { return l[0] == r[0] && l[0] != null }, false, false},
		{"left lookup l, r: k <=> k IF l.v < r.v", func(l, r numRow) bool { return l[0] == r[0] && l[2] < r[2] && l[2] != null }, true, false},
		{"left lookup l, r: IF l.v < r.v", func(l, r numRow) bool { return l[2] < r[2] && l[2] != null }, true, false},
		{"left lookup l, r: k = k", func(l, r numRow) bool { return l[0] == r[0] && l[0] != null }, true, true},
	} {
		for _, s := range setups {
			if s.whole || s.retracts {
				continue
			}
			r := sample.Rand(uint64(i))
			x := start(t, planText{text: "l" + numScan + "r" + numScan + "u = " + c.text, appendOnly: c.grows}, s)
			left, right := map[numRow]int{}, map[numRow]int{}
			given := map[numRow][]map[string]int{} // for each row that is there: what it was given
			total := zset.NewBuilder(x.root.Schema()).Build()
			for epoch := range 40 {
				before := maps.Clone(left)
				for range r.IntN(5) {
					table, name := left, "l"
					if r.IntN(2) == 0 {
						table, name = right, "r"
					}
					b := zset.NewBuilder(x.scans[name].Out)
					numDelta(r, table, law{most: numRow{2, 1, 3}, grows: c.grows && name == "l"}, r.IntN(6), b)
					must(t, x.push(delta{name, b.Build()}))
				}
				x.evict()
				out, err := x.finish()
				must(t, err)
				total = zset.Consolidate(total, out)
				for row := range before {
					if gone := before[row] - left[row]; gone > 0 {
						given[row] = given[row][gone:]
					}
				}
				want := map[string]int{}
				for row, n := range left {
					for range n - before[row] {
						given[row] = append(given[row], looked(row, right, c.matches, c.outer))
					}
					for _, g := range given[row] {
						for text, n := range g {
							want[text] += n
						}
					}
				}
				if got, want := sortedLines(sorted(total)), joinLines(want); got != want {
					t.Fatalf("%s, %s, epoch %d: %s", c.text, s.name, epoch, firstDifference(got, want))
				}
			}
		}
	}
}

func looked(l numRow, right map[numRow]int, matches func(l, r numRow) bool, outer bool) map[string]int {
	out := map[string]int{}
	for r, n := range right {
		if matches(l, r) {
			out[l.String()+" "+r.String()] = n
		}
	}
	if len(out) == 0 && outer {
		out[l.String()+" NULL NULL NULL"] = 1
	}
	return out
}
