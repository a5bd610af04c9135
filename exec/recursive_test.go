package exec_test

import (
	"testing"
)

// WITH RECURSIVE of UNION is the rows that can be reached, whatever circles hold them.
func TestRecursiveSetIsReach(t *testing.T) {
	text := "b" + numScan + "e" + numScan + "base = project b: k AS a\n" +
		"r = recursive base, e: self = scan a BIGINT; e = scan k BIGINT, o BIGINT, v BIGINT; j = inner join self, e: a = k; p = project j: o AS a"
	for seed := range uint64(3) {
		checkLaw(t, seed, law{text: text, tables: []string{"b", "e"}, most: numRow{4, 4, 1}, means: func(tables []map[numRow]int) map[string]int {
			var reached []int
			reach := func(n int) {
				for _, known := range reached {
					if known == n {
						return
					}
				}
				reached = append(reached, n)
			}
			for row := range tables[0] {
				reach(row[0])
			}
			for i := 0; i < len(reached); i++ {
				for row := range tables[1] {
					if row[0] == reached[i] && row[0] != null {
						reach(row[1])
					}
				}
			}
			out := map[string]int{}
			for _, n := range reached {
				out[numText(n)] = 1
			}
			return out
		}})
	}
}

// WITH RECURSIVE of UNION ALL has a row as often as there are ways to it. Ways lead up:
// there is no circle.
func TestRecursiveAllIsWays(t *testing.T) {
	text := "b" + numScan + "e" + numScan + "up = filter e: k < o\nbase = project b: k AS a\n" +
		"r = recursive all base, up: self = scan a BIGINT; up = scan k BIGINT, o BIGINT, v BIGINT; j = inner join self, up: a = k; p = project j: o AS a"
	for seed := range uint64(3) {
		checkLaw(t, seed, law{text: text, tables: []string{"b", "e"}, most: numRow{6, 6, 1}, means: func(tables []map[numRow]int) map[string]int {
			ways := map[int]int{}
			for row, n := range tables[0] {
				ways[row[0]] += n
			}
			for from := range 6 {
				for row, n := range tables[1] {
					if row[0] == from && row[0] < row[1] {
						ways[row[1]] += ways[from] * n
					}
				}
			}
			out := map[string]int{}
			for n, w := range ways {
				if w > 0 {
					out[numText(n)] = w
				}
			}
			return out
		}})
	}
}
