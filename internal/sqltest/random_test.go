package sqltest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sqltest"
)

var random = flag.Int("random", 12, "how many scripts are made at random")

// Queries made at random over tables changed at random obey the laws, and have the
// same results in every variation.
func TestRandom(t *testing.T) {
	for seed := range *random {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runRandom(t, newGenerator(uint64(seed)).script()) })
	}
}

// runRandom runs a script as it is written, and wants what it printed then in every other
// variation.
func runRandom(t *testing.T, text string) {
	script := parse(t, text)
	r, err := script.Run(t.Context(), sqltest.Variation{Name: "written", Judges: []sqltest.Judge{sqltest.Naive}})
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, strings.Join(r.Got, "\n"))
	}
	report(t, text, r) // nothing is wanted yet
	script = parse(t, script.Format(r.Got))
	for _, v := range variations()[1:] {
		t.Run(v.Name, func(t *testing.T) { report(t, text, run(t, script, v)) })
	}
}

func parse(t *testing.T, text string) *sqltest.Script {
	t.Helper()
	s, err := sqltest.Parse("random", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func report(t *testing.T, text string, r sqltest.Report) {
	t.Helper()
	for i, f := range r.Failures {
		if i == 0 {
			t.Log(text)
		}
		if strings.HasPrefix(f.Text, "result printed") && strings.HasSuffix(f.Text, "want\n    (nothing)\n") {
			continue
		}
		t.Errorf("%d: %s", f.Line, f.Text)
	}
}

// A generator makes scripts: tables over small domains, so that rows meet and part,
// queries over them, and changes that only take back what is there.
type generator struct {
	*rand.Rand
	out       strings.Builder
	rows      [2][]string // of the tables a and b
	relations []string    // that have the columns of a and b
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0x5151)), relations: []string{"a", "b"}}
}

// columns are those of every relation.
const columns = "(i INT, j BIGINT, s VARCHAR, n DECIMAL(6,2), f DOUBLE, d DATE, b BOOLEAN)"

// tables are one whose rows go, and one that is only added to.
const tables = "CREATE TABLE a " + columns + " WITH (connector = 'memory');\n" +
	"CREATE TABLE b " + columns + " WITH (connector = 'memory', 'append.only' = 'true')"

func (g *generator) script() string {
	g.block("exec", tables)
	queries := 0
	for range 4 + g.IntN(4) {
		switch g.IntN(4) {
		case 0:
			g.relate()
		case 1:
			queries++
			g.block(fmt.Sprintf("start q%d mode=%s", queries, g.pick("update", "complete")), g.query())
		case 2:
			queries++
			g.block("exec", fmt.Sprintf("CREATE MATERIALIZED VIEW q%d AS %s", queries, g.query()))
		}
		for range 1 + g.IntN(3) {
			g.feed(g.IntN(2))
		}
		for q := range queries {
			g.block(fmt.Sprintf("result q%d", q+1), "")
		}
	}
	return g.out.String()
}

func (g *generator) block(command, input string) {
	if input != "" {
		input += "\n"
	}
	fmt.Fprintf(&g.out, "%s\n%s----\n\n", command, input)
}

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

// feed changes a table; of the first some rows are taken back.
func (g *generator) feed(table int) {
	var lines []string
	for n := g.IntN(3); n > 0 && table == 0 && len(g.rows[0]) > 0; n-- {
		i := g.IntN(len(g.rows[0]))
		lines = append(lines, "-1 "+g.rows[0][i])
		g.rows[0][i] = g.rows[0][len(g.rows[0])-1]
		g.rows[0] = g.rows[0][:len(g.rows[0])-1]
	}
	for range 1 + g.IntN(5) {
		row := g.row()
		g.rows[table] = append(g.rows[table], row)
		lines = append(lines, "+1 "+row)
	}
	g.block("feed "+[2]string{"a", "b"}[table], strings.Join(lines, "\n"))
}

func (g *generator) row() string {
	return strings.Join([]string{
		g.pick("0", "1", "2", "-3", "NULL"), g.pick("0", "7", "1000000000000", "-5", "NULL"), g.pick("a", "b", `""`, "한", "NULL"),
		g.pick("0.00", "1.50", "-0.01", "999.99", "NULL"), g.pick("0", "0.1", "-2.5", "1e10", "NULL"), g.pick("2026-01-01", "2024-02-29", "NULL"),
		g.pick("true", "false", "NULL"),
	}, " ")
}

// relate makes another relation of the same columns: a view, a materialized view, or a
// table that a query keeps filled.
func (g *generator) relate() {
	name := fmt.Sprintf("r%d", len(g.relations))
	q := all + g.relation() + " WHERE " + g.condition(1)
	if g.IntN(2) == 0 {
		q += " UNION " + g.pick("", "ALL ") + all + g.relation()
	}
	switch g.IntN(3) {
	case 0:
		g.block("exec", "CREATE VIEW "+name+" AS "+q)
	case 1:
		g.block("exec", "CREATE MATERIALIZED VIEW "+name+" AS "+q)
	default:
		g.block("exec", "CREATE TABLE "+name+" "+columns+" WITH (connector = 'memory');\nINSERT INTO "+name+" "+q+" EMIT UPDATE")
	}
	g.relations = append(g.relations, name)
}

func (g *generator) relation() string { return g.pick(g.relations...) }

// query is a SELECT whose columns have names of their own.
func (g *generator) query() string {
	from := g.from()
	where := ""
	if g.IntN(2) == 0 {
		where = " WHERE " + g.condition(2)
	}
	switch g.IntN(5) {
	case 0:
		return "SELECT " + g.named(g.number(2), g.text(), g.number(1)) + from + where
	case 1:
		return "SELECT DISTINCT " + g.named(g.number(1), g.text()) + from + where
	case 2:
		return "SELECT " + g.named(g.aggregate(), g.aggregate(), g.aggregate()) + from + where
	case 3:
		return g.grouped(from, where) + " UNION " + g.pick("", "ALL ") + g.grouped(from, where)
	default:
		return g.grouped(from, where)
	}
}

func (g *generator) grouped(from, where string) string {
	key, second := g.pick(g.number(1), g.column()), g.text()
	if strings.Trim(key, "0123456789.") == "" {
		key = "i" // a bare number is a position
	}
	q := "SELECT " + g.named("CAST("+key+" AS CHAR)", second, "CAST("+g.aggregate()+" AS CHAR)", "COUNT(*)") + from + where +
		" GROUP BY " + key + ", " + second
	if g.IntN(3) == 0 {
		q += " HAVING COUNT(*) > 1"
	}
	return q
}

func (g *generator) named(columns ...string) string {
	for i := range columns {
		columns[i] += fmt.Sprintf(" AS c%d", i)
	}
	return strings.Join(columns, ", ")
}

// all selects every column of a relation.
const all = "SELECT i, j, s, n, f, d, b FROM "

func (g *generator) from() string {
	switch g.IntN(4) {
	case 0:
		return " FROM (" + all + g.relation() + " UNION ALL " + all + g.relation() + ") AS u"
	case 1:
		return " FROM (" + all + g.relation() + " WHERE " + g.condition(1) + ") AS w"
	case 2:
		return " FROM (SELECT DISTINCT i, j, s, n, f, d, b FROM " + g.relation() + ") AS d"
	default:
		return " FROM " + g.relation()
	}
}

func (g *generator) column() string { return g.pick("i", "j", "s", "n", "d", "b") }

// number is an expression that is worth a number and never fails.
func (g *generator) number(depth int) string {
	if depth == 0 {
		return g.pick("i", "j", "n", "1", "0", "2.5")
	}
	x, y := g.number(depth-1), g.number(depth-1)
	switch g.IntN(7) {
	case 0:
		return "(" + x + g.pick(" + ", " - ", " / ", " % ", " DIV ") + y + ")"
	case 1:
		return "CASE WHEN " + g.condition(depth-1) + " THEN " + x + " ELSE " + y + " END"
	case 2:
		return "COALESCE(" + x + ", " + y + ")"
	case 3:
		return "IF(" + g.condition(depth-1) + ", " + x + ", NULL)"
	case 4:
		return "CHAR_LENGTH(" + g.text() + ")"
	default:
		return x
	}
}

func (g *generator) text() string {
	return g.pick("s", "UPPER(s)", "CONCAT(s, i)", "COALESCE(s, 'none')", "CASE WHEN b THEN s ELSE 'x' END")
}

func (g *generator) condition(depth int) string {
	if depth == 0 {
		return g.pick("b", "i > 0", "s = 'a'", "d < '2026-01-01'", "n IS NULL", "TRUE", "j IN (0, 7, NULL)", "s LIKE '%'", "i BETWEEN 0 AND 1", "f >= 0")
	}
	x, y := g.condition(depth-1), g.condition(depth-1)
	switch g.IntN(5) {
	case 0:
		return "NOT (" + x + ")"
	case 1:
		return "(" + x + g.pick(" AND ", " OR ", " XOR ") + y + ")"
	case 2:
		return g.number(1) + g.pick(" = ", " < ", " <> ", " <=> ", " >= ") + g.number(1)
	case 3:
		return "(" + x + ") IS " + g.pick("", "NOT ") + g.pick("NULL", "TRUE", "FALSE")
	default:
		return x
	}
}

func (g *generator) aggregate() string {
	switch g.IntN(4) {
	case 0:
		return g.pick("COUNT", "SUM", "AVG", "MIN", "MAX") + "(" + g.number(1) + ")"
	case 1:
		return g.pick("MIN", "MAX", "COUNT", "ANY_VALUE") + "(" + g.column() + ")"
	case 2:
		return "GROUP_CONCAT(" + g.pick("s", "i", "d") + ")"
	default:
		return "SUM(" + g.pick("i", "j", "n") + ") FILTER (WHERE " + g.condition(1) + ")"
	}
}
