package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner"
)

// nest puts a query into another, so many times deep.
func nest(depth int, format string) string {
	q := "SELECT a, b FROM t"
	for range depth {
		q = fmt.Sprintf(format, q)
	}
	return q
}

// doubled is WITH queries each of which reads the one before twice, and a query of the
// last.
func doubled(levels int, query string) string {
	q := "WITH c0 AS (SELECT a, b FROM t)"
	for i := range levels {
		q += fmt.Sprintf(", c%d AS (SELECT * FROM c%d UNION ALL SELECT * FROM c%d)", i+1, i, i)
	}
	return q + " " + fmt.Sprintf(query, fmt.Sprintf("c%d", levels))
}

// What is long or deep is planned, and what would grow without bounds is refused: no
// query keeps the planner busy for ever.
func TestLongQueriesArePlanned(t *testing.T) {
	p := plantest.New()
	define(t, p, "CREATE TABLE t (a INT, b INT)")
	sum := "a" + strings.Repeat(" + 1", 1000)
	for name, q := range map[string]string{
		"long sum":                      "SELECT " + sum + " FROM t GROUP BY " + sum,
		"long list":                     "SELECT a FROM t WHERE a IN (1" + strings.Repeat(", 1", 10_000) + ")",
		"long condition":                "SELECT a FROM t WHERE a > 1" + strings.Repeat(" AND a > 1", 1000),
		"many columns":                  "SELECT a" + strings.Repeat(", a", 2000) + " FROM t",
		"many groups":                   "SELECT count(*) FROM t GROUP BY a" + strings.Repeat(", a + 1", 1000),
		"many aggregates":               "SELECT sum(a)" + strings.Repeat(", sum(a + 1)", 1000) + " FROM t",
		"many branches":                 "SELECT a FROM t" + strings.Repeat(" UNION SELECT a FROM t", 300),
		"many rows":                     "VALUES ROW(now())" + strings.Repeat(", ROW(now())", 1000),
		"deep projects":                 nest(200, "SELECT a + b AS a, b FROM (%s) x WHERE a > 1"),
		"deep sums":                     nest(200, "SELECT a + a AS a, b FROM (%s) x WHERE a > 1"),
		"deep unions":                   nest(200, "SELECT a, b FROM t UNION ALL (%s)"),
		"deep UNIONs":                   nest(200, "SELECT a, b FROM t UNION (%s)"),
		"deep groups":                   nest(200, "SELECT a + a AS a, max(b) AS b FROM (%s) x GROUP BY a + a HAVING a > 1"),
		"doubled":                       doubled(8, "SELECT * FROM %s WHERE a > 1"),
		"doubled too often":             doubled(60, "SELECT * FROM %s WHERE a > 1"),
		"doubled and counted too often": doubled(60, "SELECT b, COUNT(*) FROM %s GROUP BY b"),
	} {
		parsed, err := plantest.Parse(q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		planned, err := p.Plan(parsed)
		if (err != nil) != strings.HasSuffix(name, "too often") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && planned.Explain(planner.Everything) == "" {
			t.Errorf("%s: nothing is explained", name)
		}
	}
}
