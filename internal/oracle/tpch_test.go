package oracle_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/tpch"
)

// cuts is how many times the tables change and all views are compared.
const cuts = 10

// All queries of TPC-H run as materialized views while orders come and go, and after
// each change have the rows that SQLite computes anew.
func TestTPCH(t *testing.T) {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lite := openSQLite(t)
	data := tpch.Generate(0.01, 1)
	for _, name := range tpch.Tables {
		exec(ctx, t, db, fmt.Sprintf("CREATE TABLE %s (%s) WITH (connector = 'memory')", name, tpch.Columns[name]))
		liteExec(t, lite, fmt.Sprintf("CREATE TABLE %s (%s)", name, types.Replace(tpch.Columns[name])))
	}
	for q := 1; q <= 22; q++ {
		exec(ctx, t, db, fmt.Sprintf("CREATE MATERIALIZED VIEW q%d AS %s", q, tpch.Query(q)))
	}
	for _, index := range []string{"orders (o_orderkey)", "orders (o_custkey)", "lineitem (l_orderkey)", "lineitem (l_partkey)", "part (p_partkey)", "partsupp (ps_partkey)"} {
		liteExec(t, lite, fmt.Sprintf("CREATE INDEX i_%s ON %s", strings.NewReplacer(" ", "_", "(", "", ")", "").Replace(index), index))
	}
	for cut := range cuts {
		for _, name := range tpch.Tables {
			rows := data[name]
			from, to := len(rows)*cut/cuts, len(rows)*(cut+1)/cuts
			if name == "region" || name == "nation" { // whole, with the first
				from, to = 0, len(rows)
				if cut > 0 {
					continue
				}
			}
			insert(ctx, t, db, lite, name, rows[from:to])
		}
		for _, gone := range []string{
			fmt.Sprintf("lineitem WHERE l_orderkey %% 23 = %d", cut), fmt.Sprintf("orders WHERE o_orderkey %% 23 = %d", cut),
			fmt.Sprintf("customer WHERE c_custkey %% 41 = %d", cut), fmt.Sprintf("partsupp WHERE ps_partkey %% 61 = %d", cut),
		} {
			exec(ctx, t, db, "DELETE FROM "+gone)
			liteExec(t, lite, "DELETE FROM "+gone)
		}
		for q := 1; q <= 22; q++ {
			compareQuery(ctx, t, db, lite, q, cut)
		}
	}
}

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	lite, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	lite.SetMaxOpenConns(1)
	t.Cleanup(func() { lite.Close() })
	liteExec(t, lite, "PRAGMA case_sensitive_like = 1")
	return lite
}

func exec(ctx context.Context, t *testing.T, db *sqlstream.DB, text string) {
	t.Helper()
	if err := db.Exec(ctx, text); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
}

func liteExec(t *testing.T, lite *sql.DB, text string) {
	t.Helper()
	if _, err := lite.Exec(text); err != nil {
		t.Fatalf("%.200s: SQLite: %v", text, err)
	}
}

// SQLite has other words for types, dates and the names of a query's columns.
var (
	types   = strings.NewReplacer("DECIMAL(15,2)", "REAL", "DATE", "TEXT", "VARCHAR", "TEXT")
	dialect = strings.NewReplacer(
		"DATE '", "'",
		"EXTRACT(YEAR FROM l_shipdate)", "CAST(strftime('%Y', l_shipdate) AS INTEGER)",
		"EXTRACT(YEAR FROM o_orderdate)", "CAST(strftime('%Y', o_orderdate) AS INTEGER)",
		"COUNT(o_orderkey) FROM", "COUNT(o_orderkey) AS c_count FROM", "c_orders (c_custkey, c_count)", "c_orders",
	)
)

func insert(ctx context.Context, t *testing.T, db *sqlstream.DB, lite *sql.DB, table string, rows [][]string) {
	t.Helper()
	for some := range slices.Chunk(rows, 500) {
		values := make([]string, len(some))
		for i, r := range some {
			values[i] = "(" + strings.Join(r, ", ") + ")"
		}
		text := "INSERT INTO " + table + " VALUES " + strings.Join(values, ", ")
		exec(ctx, t, db, text)
		liteExec(t, lite, dialect.Replace(text))
	}
}

func compareQuery(ctx context.Context, t *testing.T, db *sqlstream.DB, lite *sql.DB, q, cut int) {
	t.Helper()
	got, err := db.Query(ctx, fmt.Sprintf("SELECT * FROM q%d", q))
	if err != nil {
		t.Fatalf("q%d: %v", q, err)
	}
	sameAsSQLite(t, fmt.Sprintf("q%d after change %d", q, cut), got, liteRows(t, lite, dialect.Replace(tpch.Query(q))))
}

// sameAsSQLite compares rows with those that SQLite has for the same query.
func sameAsSQLite(t *testing.T, what string, got *sqlstream.Rows, want [][]string) {
	t.Helper()
	defer got.Close()
	var mine [][]string
	for got.Next() {
		row := make([]string, len(got.Columns()))
		for i := range row {
			row[i] = "NULL"
			if text, ok := got.Text(i); ok {
				row[i] = text
			}
		}
		mine = append(mine, row)
	}
	if err := got.Err(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if len(mine) != len(want) {
		t.Errorf("%s: %d rows, SQLite has %d", what, len(mine), len(want))
		return
	}
	rounded := make([]bool, len(got.Columns()))
	for _, r := range mine {
		for i, v := range r {
			rounded[i] = rounded[i] || strings.Contains(v, ".") && isNumber(v)
		}
	}
	sortRows(mine, rounded)
	sortRows(want, rounded)
	for i := range mine {
		if !sameRow(mine[i], want[i]) {
			t.Errorf("%s: row %d is\n  %q\nSQLite's is\n  %q", what, i, mine[i], want[i])
			return
		}
	}
}

func liteRows(t *testing.T, lite *sql.DB, query string) [][]string {
	t.Helper()
	rows, err := lite.Query(query)
	if err != nil {
		t.Fatalf("%s: SQLite: %v", query, err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	var out [][]string
	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			row[i] = fmt.Sprint(v)
			if v == nil {
				row[i] = "NULL"
			}
		}
		out = append(out, row)
	}
	return out
}

// sortRows orders rows by the columns that both sides print alike.
func sortRows(rows [][]string, rounded []bool) {
	slices.SortFunc(rows, func(a, b []string) int {
		for i := range a {
			if c := strings.Compare(a[i], b[i]); c != 0 && !rounded[i] {
				return c
			}
		}
		return 0
	})
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// sameRow compares numbers within the digits that DECIMAL rounds to.
func sameRow(a, b []string) bool {
	for i := range a {
		x, errX := strconv.ParseFloat(a[i], 64)
		y, errY := strconv.ParseFloat(b[i], 64)
		switch {
		case errX == nil && errY == nil:
			if math.Abs(x-y) > 1e-4+1e-9*math.Abs(y) {
				return false
			}
		case a[i] != b[i]:
			return false
		}
	}
	return true
}
