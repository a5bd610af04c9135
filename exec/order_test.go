package exec_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A numRow is a row of three nullable numbers, k, o and v; null is NULL.
type numRow [3]int

const null = -1

func (r numRow) String() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint([3]int(r)), "[]"), "-1", "NULL")
}

// numDelta makes a random change of a table of a law, in which rows come, come again and,
// unless it only grows, go, in no order; none has a negative weight when all is told.
func numDelta(r *rand.Rand, table map[numRow]int, l law, n int, b *zset.Builder) {
	type change struct {
		row    numRow
		weight int
	}
	var changes []change
	live := slices.SortedFunc(keysOf(table), func(a, b numRow) int { return slices.Compare(a[:], b[:]) })
	for range n {
		row, w := anyRow(r, l.most), 1+r.IntN(2)
		if !l.grows && len(live) > 0 && r.IntN(5) < 2 {
			row = live[r.IntN(len(live))]
			if w = 1; table[row] > 0 {
				w = -1 - r.IntN(table[row])
			}
		}
		if table[row] += w; table[row] == 0 {
			delete(table, row)
		}
		changes = append(changes, change{row, w})
		if !l.grows && r.IntN(4) == 0 { // it comes and goes
			gone := anyRow(r, l.most)
			changes = append(changes, change{gone, 1}, change{gone, -1})
		}
	}
	r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for _, c := range changes {
		for i, n := range c.row {
			if n == null {
				b.Cols[i].AppendNull()
			} else {
				vec.Append(b.Cols[i], int64(n))
			}
		}
		b.EndRowWeight(int64(c.weight))
	}
}

func anyRow(r *rand.Rand, most numRow) numRow {
	var out numRow
	for i, m := range most {
		out[i] = r.IntN(m+1) - 1
	}
	return out
}

func keysOf(table map[numRow]int) func(yield func(numRow) bool) {
	return func(yield func(numRow) bool) {
		for row := range table {
			if !yield(row) {
				return
			}
		}
	}
}

// A law is a plan over tables of rows (k, o, v), and what it means for what they hold.
type law struct {
	text   string
	tables []string
	most   numRow // values are below
	epochs int    // 60 where nothing is said
	begin  int    // random rows that are there from the first epoch on
	grows  bool   // rows only come
	brief  bool   // on one worker and in one other setup, which follows from the seed
	means  func(tables []map[numRow]int) map[string]int
}

// checkLaw has each of the plan's tables change at random: after every epoch the sum of
// what was put out is what the plan means, on every store and with any number of workers.
// What is put out in an epoch is consolidated: no row comes that goes.
func checkLaw(t *testing.T, seed uint64, l law) {
	t.Helper()
	if l.epochs == 0 {
		l.epochs = 60
	}
	if testing.Short() { // the race detector's turn
		l.epochs = 1 + l.epochs/4
	}
	for i, s := range setups {
		if s.whole || s.retracts || l.brief && i > 0 && uint64(i) != 1+seed%uint64(len(setups)-2) {
			continue
		}
		r := sample.Rand(seed)
		x := start(t, planText{text: l.text, appendOnly: l.grows}, s)
		tables := make([]map[numRow]int, len(l.tables))
		for i := range tables {
			tables[i] = map[numRow]int{}
		}
		total := zset.NewBuilder(x.root.Schema()).Build()
		for epoch := range l.epochs {
			for range r.IntN(4) {
				i, n := r.IntN(len(tables)), r.IntN(6)
				if epoch == 0 {
					n += l.begin
				}
				b := zset.NewBuilder(x.scans[l.tables[i]].Out)
				numDelta(r, tables[i], l, n, b)
				must(t, x.push(delta{l.tables[i], b.Build()}))
			}
			x.evict()
			out, err := x.finish()
			must(t, err)
			total = zset.Consolidate(total, out)
			if got, want := sortedLines(sorted(total)), joinLines(l.means(tables)); got != want {
				t.Fatalf("%s, %s, epoch %d: %v: %s", l.text, s.name, epoch, tables, firstDifference(got, want))
			}
		}
	}
}

const numScan = " = scan k BIGINT, o BIGINT, v BIGINT\n"

// INTERSECT and EXCEPT count how often a row stands on either side.
func TestSetOpIsCounting(t *testing.T) {
	for i, c := range []struct {
		op string
		f  func(a, b int) int
	}{
		{"intersect", func(a, b int) int { return min(a, b, 1) }},
		{"intersect all", func(a, b int) int { return min(a, b) }},
		{"except", func(a, b int) int { return max(0, min(a, 1)-b) }},
		{"except all", func(a, b int) int { return max(0, a-b) }},
	} {
		checkLaw(t, uint64(i), law{
			text: "l" + numScan + "r" + numScan + "s = " + c.op + " l, r", tables: []string{"l", "r"}, most: numRow{3, 2, 1},
			means: func(tables []map[numRow]int) map[string]int {
				out := map[string]int{}
				for row, a := range tables[0] {
					if n := c.f(a, tables[1][row]); n > 0 {
						out[row.String()] = n
					}
				}
				return out
			},
		})
	}
}

// partsOf gives the rows of each partition in their order, each as often as it is there:
// by o, and where these are equal by k, o and v.
func partsOf(table map[numRow]int, desc bool) [][]numRow {
	parts := map[int][]numRow{}
	for row, n := range table {
		for range n {
			parts[row[0]] = append(parts[row[0]], row)
		}
	}
	var out [][]numRow
	for _, part := range parts {
		slices.SortFunc(part, func(a, b numRow) int {
			c := cmp.Compare(a[1], b[1])
			if desc {
				c = -c
			}
			return cmp.Or(c, slices.Compare(a[:], b[:]))
		})
		out = append(out, part)
	}
	return out
}

// A numbered is a row of a partition with its numbers.
type numbered struct{ number, rank, dense int }

func numberedOf(part []numRow, i int) numbered {
	n := numbered{number: i + 1, dense: 1}
	for n.rank = 1; part[n.rank-1][1] != part[i][1]; n.rank++ {
		if part[n.rank-1][1] != part[n.rank][1] {
			n.dense++
		}
	}
	return n
}

// The first rows of each partition are those whose number, counted along the whole
// partition, lies between the bounds.
func TestTopIsCounting(t *testing.T) { checkTop(t, false) }

// The same holds where rows only come, and those behind the last are forgotten.
func TestTopOfRowsThatOnlyComeIsCounting(t *testing.T) { checkTop(t, true) }

func checkTop(t *testing.T, grows bool) {
	byNumber := func(n numbered) int { return n.number }
	byRank := func(n numbered) int { return n.rank }
	byDense := func(n numbered) int { return n.dense }
	const all = 1000
	for i, c := range []struct {
		text     string
		from, to int // numbers that are kept: above the first, up to the second
		by       func(numbered) int
		number   bool
		ties     bool
	}{
		{text: "1", to: 1, by: byNumber},
		{text: "3 OFFSET 2", from: 2, to: 5, by: byNumber},
		{text: "3 NUMBER", to: 3, by: byNumber, number: true},
		{text: "OFFSET 2", from: 2, to: all, by: byNumber},
		{text: "NUMBER", to: all, by: byNumber, number: true},
		{text: "3 RANK", to: 3, by: byRank},
		{text: "3 OFFSET 1 RANK NUMBER", from: 1, to: 4, by: byRank, number: true},
		{text: "2 DENSE", to: 2, by: byDense},
		{text: "2 DENSE NUMBER", to: 2, by: byDense, number: true},
		{text: "2 OFFSET 1 TIES", from: 1, to: 3, by: byNumber, ties: true},
		{text: "0", to: 0, by: byNumber},
	} {
		for _, desc := range []bool{false, true} {
			order := map[bool]string{false: "o", true: "o DESC"}[desc]
			checkLaw(t, uint64(i), law{
				text: "t" + numScan + "n = top t: " + c.text + " BY " + order + " PER k", tables: []string{"t"}, most: numRow{3, 5, 3}, grows: grows,
				means: func(tables []map[numRow]int) map[string]int {
					out := map[string]int{}
					for _, part := range partsOf(tables[0], desc) {
						for i, row := range part {
							n := numberedOf(part, i)
							if at := c.by(n); at <= c.from || at > c.to && (!c.ties || n.rank > c.to) {
								continue
							}
							text := row.String()
							if c.number {
								text += fmt.Sprintf(" %d", c.by(n))
							}
							out[text]++
						}
					}
					return out
				},
			})
		}
	}
}
