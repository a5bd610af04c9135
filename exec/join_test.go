package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A joinCase is a join of l (k, v) and r (k, w) as these tests write it, and what it
// means in Go: whether a pair matches, and what is asked of one that does.
type joinCase struct {
	text  string
	match func(l, r joinRow) bool
	ask   func(l, r joinRow) int // 1 for TRUE, 0 for FALSE, -1 for NULL; nil is TRUE
}

// A joinRow is two nullable numbers; -1 is NULL.
type joinRow struct{ k, v int }

func equalKeys(l, r joinRow) bool { return l.k == r.k && l.k >= 0 }

func compared(holds func(l, r int) bool) func(l, r joinRow) int {
	return func(l, r joinRow) int {
		switch {
		case l.v < 0 || r.v < 0:
			return -1
		case holds(l.v, r.v):
			return 1
		}
		return 0
	}
}

var (
	below = compared(func(l, r int) bool { return l < r })
	equal = compared(func(l, r int) bool { return l == r })
)

func joinCases() []joinCase {
	var out []joinCase
	for _, kind := range []string{"inner", "left", "right", "full", "semi", "anti", "mark"} {
		for _, on := range []joinCase{
			{text: "k = k", match: equalKeys},
			{text: "k <=> k", match: func(l, r joinRow) bool { return l.k == r.k }},
			{text: "k = k, v <=> v", match: func(l, r joinRow) bool { return equalKeys(l, r) && l.v == r.v }},
			{text: "k = k IF l.v < r.v", match: func(l, r joinRow) bool { return equalKeys(l, r) && below(l, r) == 1 }},
			{text: "IF l.v < r.v", match: func(l, r joinRow) bool { return below(l, r) == 1 }},
			{text: "", match: func(l, r joinRow) bool { return true }},
		} {
			on.text = kind + " join l, r: " + on.text
			out = append(out, on)
			if kind != "mark" {
				continue
			}
			out = append(out,
				joinCase{on.text + " ANY l.v = r.v", on.match, equal},
				joinCase{on.text + " ANY l.v < r.v", on.match, below})
		}
	}
	return out
}

// expected is what a join means, said with two loops: rows and pairs with their weights.
func (c joinCase) expected(left, right map[joinRow]int) map[string]int {
	out := map[string]int{}
	kind, _, _ := strings.Cut(c.text, " ")
	pairs := kind == "inner" || kind == "left" || kind == "right" || kind == "full"
	matched := map[joinRow]bool{}
	for l, lw := range left {
		truth, matches := 0, false
		for r, rw := range right {
			if !c.match(l, r) {
				continue
			}
			matches, matched[r] = true, true
			if pairs {
				out[joinText(l)+" "+joinText(r)] += lw * rw
			}
			is := 1
			if c.ask != nil {
				is = c.ask(l, r)
			}
			if is == 1 || truth == 0 {
				truth = is
			}
		}
		switch {
		case kind == "mark":
			out[joinText(l)+" "+map[int]string{1: "true", 0: "false", -1: "NULL"}[truth]] += lw
		case kind == "semi" && matches, kind == "anti" && !matches:
			out[joinText(l)] += lw
		case !matches && (kind == "left" || kind == "full"):
			out[joinText(l)+" NULL NULL"] += lw
		}
	}
	for r, rw := range right {
		if !matched[r] && (kind == "right" || kind == "full") {
			out["NULL NULL "+joinText(r)] += rw
		}
	}
	return out
}

func joinText(r joinRow) string {
	return strings.ReplaceAll(fmt.Sprintf("%d %d", r.k, r.v), "-1", "NULL")
}

// joinDelta makes a random change of a side, in which rows come, come again and go, in
// no order; none has a negative weight when all is told.
func joinDelta(r *rand.Rand, side map[joinRow]int, b *zset.Builder) {
	type change struct {
		row    joinRow
		weight int
	}
	var changes []change
	for range r.IntN(6) {
		row, w := joinRow{r.IntN(4) - 1, r.IntN(4) - 1}, r.IntN(3)+1
		if have := side[row]; have > 0 && r.IntN(3) > 0 {
			w = -1 - r.IntN(have)
		}
		if side[row] += w; side[row] == 0 {
			delete(side, row)
		}
		changes = append(changes, change{row, w})
		if r.IntN(4) == 0 { // it comes and goes
			gone := joinRow{r.IntN(4) - 1, r.IntN(4) - 1}
			changes = append(changes, change{gone, 1}, change{gone, -1})
		}
	}
	r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for _, c := range changes {
		for i, n := range []int{c.row.k, c.row.v} {
			if n < 0 {
				b.Cols[i].AppendNull()
			} else {
				vec.Append(b.Cols[i], int64(n))
			}
		}
		b.EndRowWeight(int64(c.weight))
	}
}

// Whatever comes and goes on both sides, after every epoch a join of each kind has put
// out what two loops over the rows would find: on every store, with any number of workers.
func TestJoinIsNestedLoop(t *testing.T) {
	for n, c := range joinCases() {
		text := "l = scan k BIGINT, v BIGINT\nr = scan k BIGINT, v BIGINT\nj = " + c.text
		for _, s := range setups {
			if s.whole || s.retracts {
				continue
			}
			r := sample.Rand(uint64(n))
			x := start(t, planText{text: text}, s)
			sides := [2]map[joinRow]int{{}, {}}
			total := zset.NewBuilder(x.root.Schema()).Build()
			for epoch := range 60 {
				for range 1 + r.IntN(4) {
					side := r.IntN(2)
					name := "lr"[side : side+1]
					b := zset.NewBuilder(x.scans[name].Out)
					joinDelta(r, sides[side], b)
					must(t, x.push(delta{name, b.Build()}))
				}
				out, err := x.finish()
				must(t, err)
				total = zset.Consolidate(total, out)
				if got, want := sortedLines(sorted(total)), joinLines(c.expected(sides[0], sides[1])); got != want {
					t.Fatalf("%s, %s, epoch %d: %v and %v: %s", c.text, s.name, epoch, sides[0], sides[1], firstDifference(got, want))
				}
			}
		}
	}
}

func joinLines(rows map[string]int) string {
	var out strings.Builder
	for row, w := range rows {
		fmt.Fprintf(&out, "%+d %s\n", w, row)
	}
	return sortedLines(out.String())
}

func sortedLines(text string) string {
	lines := slices.Sorted(strings.Lines(text))
	return strings.Join(lines, "")
}

// A row of a great many matches gives its pairs in batches of the usual size, and all of
// its matches can go at once.
func TestJoinOfManyMatches(t *testing.T) {
	const matches = 3*vec.BatchRows + 5
	for _, s := range setups[:2] {
		x := start(t, planText{text: "l = scan k BIGINT\nr = scan k BIGINT, v BIGINT\nj = left join l, r: k = k"}, s)
		right := func(weight int64) {
			b := zset.NewBuilder(x.scans["r"].Out)
			for i := range matches {
				vec.Append(b.Cols[0], int64(1))
				vec.Append(b.Cols[1], int64(i))
				b.EndRowWeight(weight)
			}
			must(t, b.Build().Parts(func(part *zset.Batch) error { return x.push(delta{"r", part}) }))
		}
		right(1)
		left, err := zset.Parse(x.scans["l"].Out, "+1 1\n+2 1\n")
		must(t, err)
		must(t, x.push(delta{"l", left}))
		out, err := x.finish()
		must(t, err)
		if out.Len != matches || out.Weight(0) != 3 {
			t.Fatalf("%s: %d pairs, the first %d times", s.name, out.Len, out.Weight(0))
		}
		right(-1)
		out, err = x.finish()
		must(t, err)
		if out.Len != matches+1 || !strings.Contains(sorted(out), "+3 1 NULL NULL\n") {
			t.Fatalf("%s: %d rows change", s.name, out.Len)
		}
	}
}
