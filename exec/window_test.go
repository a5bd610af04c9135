package exec_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// A framed says which rows of a partition lie in the frame of row i.
type framed func(part []numRow, i, at int) bool

func wholePart([]numRow, int, int) bool { return true }

// rowsFrame has the rows from so many on up to so many behind.
func rowsFrame(from, to int) framed {
	return func(_ []numRow, i, at int) bool { return i+from <= at && at <= i+to }
}

// groupsFrame counts groups of equal o.
func groupsFrame(from, to int) framed {
	return func(part []numRow, i, at int) bool {
		own, other := numberedOf(part, i).dense, numberedOf(part, at).dense
		return own+from <= other && other <= own+to
	}
}

// rangeFrame has the rows whose o lies between two distances; NULLs have NULLs.
func rangeFrame(from, to int) framed {
	return func(part []numRow, i, at int) bool {
		own, other := part[i][1], part[at][1]
		switch {
		case own == null && other == null:
			return true
		case own == null:
			return from < -far // unbounded: NULLs stand first
		case other == null:
			return from < -far
		}
		return own+from <= other && other <= own+to
	}
}

const far = 1000

// upToPeers is the frame where nothing is said.
func upToPeers(part []numRow, i, at int) bool { return at <= i || part[at][1] == part[i][1] }

// inFrame lists the values of v in a frame, or of them those that are not NULL.
func (f framed) values(part []numRow, i int, nulls bool) []int {
	var out []int
	for at, row := range part {
		if f(part, i, at) && (nulls || row[2] != null) {
			out = append(out, row[2])
		}
	}
	return out
}

func numText(n int) string {
	if n == null {
		return "NULL"
	}
	return strconv.Itoa(n)
}

func sumOf(of []int) string {
	if len(of) == 0 {
		return "NULL"
	}
	n := 0
	for _, v := range of {
		n += v
	}
	return strconv.Itoa(n)
}

func maxOf(of []int) string {
	n := null
	for _, v := range of {
		n = max(n, v)
	}
	return numText(n)
}

// nthOf is the nth of some values, counted from the end where n is negative.
func nthOf(of []int, n int) string {
	if n < 0 {
		n += len(of) + 1
	}
	if n < 1 || n > len(of) {
		return "NULL"
	}
	return numText(of[n-1])
}

func floatText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// A windowCase is a call and what it gives for row i of a partition.
type windowCase struct {
	text  string
	means func(part []numRow, i int) string
}

func windowCases() []windowCase {
	peers := func(part []numRow, i int) int { // the end of the row's peers
		n := i
		for n < len(part) && part[n][1] == part[i][1] {
			n++
		}
		return n
	}
	at := func(part []numRow, i int) string {
		if i < 0 || i >= len(part) {
			return "NULL"
		}
		return numText(part[i][2])
	}
	out := []windowCase{
		{"row_number()", func(part []numRow, i int) string { return strconv.Itoa(i + 1) }},
		{"rank()", func(part []numRow, i int) string { return strconv.Itoa(numberedOf(part, i).rank) }},
		{"dense_rank()", func(part []numRow, i int) string { return strconv.Itoa(numberedOf(part, i).dense) }},
		{"percent_rank()", func(part []numRow, i int) string {
			if len(part) == 1 {
				return "0"
			}
			return floatText(float64(numberedOf(part, i).rank-1) / float64(len(part)-1))
		}},
		{"cume_dist()", func(part []numRow, i int) string { return floatText(float64(peers(part, i)) / float64(len(part))) }},
		{"ntile(3)", func(part []numRow, i int) string {
			for g, left := 1, len(part); ; g++ {
				size := (left + 3 - g) / (4 - g)
				if i < size {
					return strconv.Itoa(g)
				}
				i, left = i-size, left-size
			}
		}},
		{"lag(v)", func(part []numRow, i int) string { return at(part, i-1) }},
		{"lag(v, 3, 9)", func(part []numRow, i int) string {
			if i < 3 {
				return "9"
			}
			return at(part, i-3)
		}},
		{"lag(v, o)", func(part []numRow, i int) string {
			if part[i][1] == null {
				return "NULL"
			}
			return at(part, i-part[i][1])
		}},
		{"lead(v)", func(part []numRow, i int) string { return at(part, i+1) }},
		{"lead(v, 0)", at},
		{"lead(v, 2)", func(part []numRow, i int) string { return at(part, i+2) }},
		{"lag(v, 2) IGNORE NULLS", func(part []numRow, i int) string { return nthOf(rowsFrame(-far, -1).values(part, i, false), -2) }},
		{"lead(v) IGNORE NULLS", func(part []numRow, i int) string { return nthOf(rowsFrame(1, far).values(part, i, false), 1) }},
	}
	return append(out, framedCases()...)
}

func framedCases() []windowCase {
	var out []windowCase
	for _, f := range []struct {
		text string
		in   framed
	}{
		{"", upToPeers},
		{" OVER ROWS UNBOUNDED PRECEDING TO UNBOUNDED FOLLOWING", wholePart},
		{" OVER ROWS UNBOUNDED PRECEDING TO CURRENT ROW", rowsFrame(-far, 0)},
		{" OVER ROWS 2 PRECEDING TO CURRENT ROW", rowsFrame(-2, 0)},
		{" OVER ROWS 1 PRECEDING TO 2 FOLLOWING", rowsFrame(-1, 2)},
		{" OVER ROWS 3 PRECEDING TO 2 PRECEDING", rowsFrame(-3, -2)},
		{" OVER ROWS 1 FOLLOWING TO 2 FOLLOWING", rowsFrame(1, 2)},
		{" OVER ROWS 2 FOLLOWING TO 1 FOLLOWING", rowsFrame(2, 1)},
		{" OVER ROWS CURRENT ROW TO UNBOUNDED FOLLOWING", rowsFrame(0, far)},
		{" OVER ROWS UNBOUNDED PRECEDING TO 2 PRECEDING", rowsFrame(-far, -2)},
		{" OVER RANGE 1 PRECEDING TO CURRENT ROW", rangeFrame(-1, 0)},
		{" OVER RANGE 2 PRECEDING TO 1 FOLLOWING", rangeFrame(-2, 1)},
		{" OVER RANGE 1 FOLLOWING TO 2 FOLLOWING", rangeFrame(1, 2)},
		{" OVER RANGE 3 PRECEDING TO 2 PRECEDING", rangeFrame(-3, -2)},
		{" OVER RANGE CURRENT ROW TO CURRENT ROW", groupsFrame(0, 0)},
		{" OVER GROUPS 1 PRECEDING TO 1 FOLLOWING", groupsFrame(-1, 1)},
		{" OVER GROUPS UNBOUNDED PRECEDING TO 1 PRECEDING", groupsFrame(-far, -1)},
		{" OVER GROUPS 1 FOLLOWING TO UNBOUNDED FOLLOWING", groupsFrame(1, far)},
	} {
		one := func(call string, nulls bool, of func(values []int) string) {
			out = append(out, windowCase{call + f.text, func(part []numRow, i int) string { return of(f.in.values(part, i, nulls)) }})
		}
		one("sum(v)", false, sumOf)
		one("max(v)", false, maxOf)
		one("count(*)", true, func(of []int) string { return strconv.Itoa(len(of)) })
		one("count(*) FILTER v > 0", false, func(of []int) string {
			return strconv.Itoa(len(of) - strings.Count(fmt.Sprint(of)+" ", "0"))
		})
		one("first_value(v)", true, func(of []int) string { return nthOf(of, 1) })
		one("last_value(v)", true, func(of []int) string { return nthOf(of, -1) })
		one("nth_value(v, 2)", true, func(of []int) string { return nthOf(of, 2) })
		one("first_value(v) IGNORE NULLS", false, func(of []int) string { return nthOf(of, 1) })
		one("last_value(v) IGNORE NULLS", false, func(of []int) string { return nthOf(of, -1) })
	}
	return out
}

func meaning(calls []windowCase, desc bool) func(tables []map[numRow]int) map[string]int {
	return func(tables []map[numRow]int) map[string]int {
		out := map[string]int{}
		for _, part := range partsOf(tables[0], desc) {
			for i, row := range part {
				text := row.String()
				for _, c := range calls {
					text += " " + c.means(part, i)
				}
				out[text]++
			}
		}
		return out
	}
}

// Whatever comes and goes, a call over a window gives for each row what its frame, counted
// along the whole partition, means.
func TestWindowIsItsFrame(t *testing.T) {
	for i, c := range windowCases() {
		for _, most := range []numRow{{3, 4, 3}, {1, 12, 3}} { // few rows and peers; long partitions
			checkLaw(t, uint64(i), law{
				text: "t" + numScan + "w = window t: " + c.text + " AS x BY o PER k", tables: []string{"t"}, most: most, epochs: 20, brief: true,
				means: meaning([]windowCase{c}, false),
			})
		}
	}
}

// In long partitions changes lie far from each other, and what runs on begins at a state.
func TestWindowOfLongPartitions(t *testing.T) {
	for i, c := range windowCases() {
		checkLaw(t, uint64(i), law{
			text: "t" + numScan + "w = window t: " + c.text + " AS x BY o PER k", tables: []string{"t"}, most: numRow{1, 80, 9}, epochs: 5, begin: 100, brief: true,
			means: meaning([]windowCase{c}, false),
		})
	}
}

// Distances of the key reach over many rows, or few, of long partitions.
func TestWindowOfDistances(t *testing.T) {
	for i, c := range windowCases() {
		if !strings.Contains(c.text, "RANGE") || strings.Contains(c.text, "value") || strings.Contains(c.text, "FILTER") {
			continue
		}
		for _, most := range []numRow{{0, 400, 3}, {0, 40, 9}} {
			checkLaw(t, uint64(i), law{
				text: "t" + numScan + "w = window t: " + c.text + " AS x BY o PER k", tables: []string{"t"}, most: most, epochs: 4, begin: 200, brief: true,
				means: meaning([]windowCase{c}, false),
			})
		}
	}
}

// Calls of one window stand side by side, and keys may descend.
func TestWindowCallsSideBySide(t *testing.T) {
	cases := windowCases()
	for seed := range uint64(20) {
		n := int(seed) * 7
		var calls []windowCase
		text := ""
		for i := range 3 {
			c := cases[(n+i*31)%len(cases)]
			if strings.Contains(c.text, "RANGE") {
				c = cases[0] // distances go the other way
			}
			calls = append(calls, c)
			text += fmt.Sprintf("%s AS x%d, ", c.text, i)
		}
		checkLaw(t, seed, law{
			text: "t" + numScan + "w = window t: " + strings.TrimSuffix(text, ", ") + " BY o DESC PER k", tables: []string{"t"}, most: numRow{2, 8, 3},
			means: meaning(calls, true),
		})
	}
}
