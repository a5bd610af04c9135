package planner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// A constant becomes what the column holds that it is written into; anything else has
// to fit by itself.
func TestConstantsFitTheirColumns(t *testing.T) {
	p := plantest.New()
	define(t, p, "CREATE TABLE t (i INT, n DECIMAL(6, 2), d DATE, ts TIMESTAMP(3), k BOOLEAN, s VARCHAR, j JSON)")
	table, _ := p.Catalog.Lookup("t")
	all := []int{0, 1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		query  string
		target []int
		want   string // the rows, or what the error says
	}{
		{"VALUES ROW('12', '2.50', '2026-01-02', '2026-01-02 03:04:05.678', 1, 7, '{\"x\": 1}')", all, `+1 12 2.50 2026-01-02 "2026-01-02 03:04:05.678" true 7 "{\"x\": 1}"`},
		{"SELECT 1, 2.5, DATE '2026-01-02', '2026-01-02', FALSE, 'a', '[]'", all, `+1 1 2.50 2026-01-02 "2026-01-02 00:00:00.000" false a []`},
		{"VALUES ROW(NULL), ROW('2026-01-02')", []int{2}, "+1 NULL NULL NULL NULL NULL NULL NULL\n+1 NULL NULL 2026-01-02 NULL NULL NULL NULL"},
		{"VALUES ROW(1, '3'), ROW('2', 4)", []int{0, 1}, "+1 1 3.00 NULL NULL NULL NULL NULL\n+1 2 4.00 NULL NULL NULL NULL NULL"},
		{"VALUES ROW('x')", []int{0}, "'x' is not a number"},
		{"VALUES ROW('2026-13-01')", []int{2}, "'2026-13-01' is not a DATE"},
		{"VALUES ROW('{')", []int{6}, "j: the text is not valid JSON"},
		{"VALUES ROW(1)", []int{2}, "column d is DATE, the query gives it a BIGINT"},
		{"SELECT concat('2026', '-01-01')", []int{2}, "column d is DATE, the query gives it a VARCHAR"},
		{"VALUES ROW(1, 2)", []int{0}, "1 columns are needed, the query has 2"},
	} {
		parsed, err := plantest.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		q, err := p.Insert(parsed, planner.Target{Columns: table.Schema, Given: c.target})
		if err == nil {
			rows, runErr := run(q, feed{epochs: make([]*zset.Batch, 1)})
			if err = runErr; err == nil {
				if got := strings.TrimSpace(rows.String()); got != c.want {
					t.Errorf("%s\ngives\n%s\nnot\n%s", c.query, got, c.want)
				}
				continue
			}
		}
		got := err.Error()
		var placed *sql.Error
		var assign *planner.AssignError
		if errors.As(err, &placed) {
			got = placed.Msg
		} else if errors.As(err, &assign) {
			got = assign.Error()
		}
		if got != c.want {
			t.Errorf("%s\nfails: %s\nnot: %s", c.query, got, c.want)
		}
	}
}
