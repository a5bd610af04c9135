package exec_test

import (
	"slices"
	"testing"
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
