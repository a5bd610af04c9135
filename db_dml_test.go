package sqlstream_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/sample"
)

// A model is a table of (k, n) with the PRIMARY KEY k and CHECK (n < 40), changed a row
// at a time.
type model map[int]int

var errModel = errors.New("the statement fails")

// put checks the rows that a statement leaves.
func (m model) kept() error {
	for _, n := range m {
		if n >= 40 {
			return errModel
		}
	}
	return nil
}

// A modelled is a statement, and what it does to the model.
type modelled struct {
	sql string
	do  func(m model) error
}

// randomRows are rows of VALUES and as text.
func randomRows(r *rand.Rand) (rows [][2]int, text string) {
	var parts []string
	for range 1 + r.IntN(4) {
		row := [2]int{r.IntN(12), r.IntN(20)}
		rows = append(rows, row)
		parts = append(parts, fmt.Sprintf("(%d, %d)", row[0], row[1]))
	}
	return rows, strings.Join(parts, ", ")
}

func randomChange(r *rand.Rand) modelled {
	rows, text := randomRows(r)
	a, b := r.IntN(12), r.IntN(4)
	switch r.IntN(10) {
	case 0, 1:
		return modelled{"INSERT INTO t VALUES " + text, func(m model) error {
			for _, row := range rows {
				if _, there := m[row[0]]; there {
					return errModel
				}
				m[row[0]] = row[1]
			}
			return nil
		}}
	case 2:
		return modelled{"REPLACE INTO t VALUES " + text, func(m model) error {
			for _, row := range rows {
				m[row[0]] = row[1]
			}
			return nil
		}}
	case 3:
		return modelled{"INSERT INTO t VALUES " + text + " AS new ON DUPLICATE KEY UPDATE n = t.n + new.n", func(m model) error {
			for _, row := range rows {
				m[row[0]] += row[1]
			}
			return nil
		}}
	case 4:
		return modelled{fmt.Sprintf("UPDATE t SET n = n + %d WHERE k %% 4 = %d", a, b), func(m model) error {
			for k := range m {
				if k%4 == b {
					m[k] += a
				}
			}
			return nil
		}}
	case 5:
		return modelled{fmt.Sprintf("UPDATE t SET k = k + 1 WHERE k = %d OR k > 20", a), moveKey(a)}
	case 6:
		return modelled{"DELETE FROM t WHERE n = (SELECT MAX(n) FROM t)", func(m model) error {
			if len(m) > 0 {
				most := slices.Max(slices.Collect(maps.Values(m)))
				maps.DeleteFunc(m, func(_, n int) bool { return n == most })
			}
			return nil
		}}
	case 8:
		return modelled{fmt.Sprintf("UPDATE t SET n = n + 5, k = k WHERE %d = k AND n > %d", a, b), func(m model) error {
			if n, there := m[a]; there && n > b {
				m[a] += 5
			}
			return nil
		}}
	case 7:
		return modelled{fmt.Sprintf("DELETE FROM t WHERE k IN (SELECT n FROM t WHERE k < %d)", a), func(m model) error {
			in := map[int]bool{}
			for k, n := range m {
				in[n] = in[n] || k < a
			}
			maps.DeleteFunc(m, func(k, _ int) bool { return in[k] })
			return nil
		}}
	}
	return modelled{fmt.Sprintf("DELETE FROM t WHERE k = %d", a), func(m model) error { delete(m, a); return nil }}
}

func moveKey(a int) func(m model) error {
	return func(m model) error {
		moved := model{}
		for k, n := range m {
			if k == a || k > 20 {
				k++
			}
			if _, there := moved[k]; there {
				return errModel
			}
			moved[k] = n
		}
		clear(m)
		maps.Copy(m, moved)
		return nil
	}
}

// Whatever statements come one after the other, the table and the views over it are what
// they leave row by row; one that fails leaves all as it was.
func TestStatementsOnMemoryTable(t *testing.T) {
	for seed := range raced[uint64](8, 2) {
		r := sample.Rand(seed)
		db := opened(t, sqlstream.WithParallelism(1+int(seed%2)))
		exec(t, db, `CREATE TABLE t (k INT PRIMARY KEY, n INT CHECK (n < 40)) WITH (connector = 'memory');
			CREATE MATERIALIZED VIEW v AS SELECT k % 3 AS g, COUNT(*) AS c, SUM(n) AS s FROM t GROUP BY k % 3`)
		m, failed := model{}, 0
		for range 150 {
			c := randomChange(r)
			after := maps.Clone(m)
			want := c.do(after)
			if want == nil {
				want = after.kept()
			}
			err := db.Exec(t.Context(), c.sql)
			if (err != nil) != (want != nil) {
				t.Fatalf("seed %d: %s on %v: %v, want %v", seed, c.sql, m, err, want)
			}
			if want == nil {
				m = after
			} else {
				failed++
			}
			rows, groups := "", map[int][2]int{}
			for _, k := range slices.Sorted(maps.Keys(m)) {
				rows += fmt.Sprintf("+1 %d %d\n", k, m[k])
				g := groups[k%3]
				groups[k%3] = [2]int{g[0] + 1, g[1] + m[k]}
			}
			if got := ask(t, db, `SELECT k, n FROM t`); got != rows {
				t.Fatalf("seed %d: after %s the table is\n%swant\n%s", seed, c.sql, got, rows)
			}
			sums := ""
			for _, g := range slices.Sorted(maps.Keys(groups)) {
				sums += fmt.Sprintf("+1 %d %d %d\n", g, groups[g][0], groups[g][1])
			}
			if got := ask(t, db, `SELECT g, c, s FROM v`); got != sums {
				t.Fatalf("seed %d: after %s the view is\n%swant\n%s", seed, c.sql, got, sums)
			}
		}
		if failed == 0 {
			t.Errorf("seed %d: no statement has failed", seed)
		}
	}
}
