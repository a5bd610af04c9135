package randsql

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Case is a query and what its tables go through.
type Case struct {
	Query  string
	Epochs []Epoch
}

// An Epoch is the changes of one epoch: for each table, rows with weights as text, a
// line each, "+1 3 x".
type Epoch map[string][]string

// NewCase returns the case of a seed: tables of few keys, with duplicates, NULLs and
// rows that are taken back.
func NewCase(seed uint64) Case {
	r := rand.New(rand.NewPCG(seed, 23))
	c := Case{Query: Query(seed)}
	live := map[string][]string{}
	for range 1 + r.IntN(5) {
		e := Epoch{}
		for _, table := range Tables {
			for range r.IntN(8) {
				rows := live[table]
				if len(rows) > 0 && table != "w" && r.IntN(100) < 45 {
					i := r.IntN(len(rows))
					e[table] = append(e[table], "-1 "+rows[i])
					live[table] = append(append([]string(nil), rows[:i]...), rows[i+1:]...)
					continue
				}
				row := randomRow(r, table)
				if table == Versions {
					e[table] = append(e[table], recordOf(r, row))
					continue
				}
				e[table] = append(e[table], "+1 "+row)
				live[table] = append(live[table], row)
			}
		}
		c.Epochs = append(c.Epochs, e)
	}
	return c
}

// recordOf makes a record of the table of versions: one in four takes its row away.
func recordOf(r *rand.Rand, row string) string {
	cells := strings.SplitN(row, " ", 3)
	if cells[0] == "NULL" {
		cells[0] = "0" // the key
	}
	if r.IntN(4) == 0 {
		return "-1 " + cells[0] + " NULL " + cells[2]
	}
	return "+1 " + strings.Join(cells, " ")
}

func randomRow(r *rand.Rand, table string) string {
	var out []string
	for _, c := range tables[table] {
		v := "NULL"
		switch {
		case r.IntN(100) < 15 && c.name != "n":
		case c.kind == text:
			v = []string{"x", "y", "z", `""`}[r.IntN(4)]
		case c.kind == decimal:
			v = []string{"0.50", "1.25", "2.00", "-1.25"}[r.IntN(4)]
		case c.kind == moment:
			v = `"` + clock[r.IntN(len(clock))] + `"`
		case c.kind == real:
			v = []string{"0.1", "-2.5", "1e10", "3"}[r.IntN(4)]
		case c.kind == list:
			v = []string{"[]", "[0]", "[1,2]", "[1,null]", "[2,1,0]"}[r.IntN(5)]
		case c.kind == record:
			v = []string{`{"x":0,"y":"x"}`, `{"x":1,"y":null}`, `{"x":null,"y":"y"}`}[r.IntN(3)]
		case c.kind == mapping:
			v = []string{`{}`, `{"x":1}`, `{"x":2,"y":null}`, `{"z":0}`}[r.IntN(4)]
		case c.name == "a":
			v = fmt.Sprint(r.IntN(4))
		default:
			v = fmt.Sprint(r.IntN(6))
		}
		out = append(out, v)
	}
	return strings.Join(out, " ")
}

// OfVersions stands in queries that read the table of versions, which no test in the language of
// internal/sqltest can fill.
const OfVersions = " " + Versions + " FOR SYSTEM_TIME AS OF "

// String prints the case as a test in the language of internal/sqltest. There each
// table's rows are an epoch of their own.
func (c Case) String() string { return c.text("") }

// OverView prints the case as one over a materialized view in the place of the table u,
// which the view may read. Each epoch moves through both.
func (c Case) OverView(view string) string {
	over := Case{strings.ReplaceAll(c.Query, " u AS ", " view_u AS "), c.Epochs}
	return over.text(";\nCREATE MATERIALIZED VIEW view_u (a, c, s, m) AS " + view)
}

func (c Case) text(more string) string {
	var b strings.Builder
	ddl, _, _ := strings.Cut(DDL, ";\nCREATE TABLE "+Versions)
	ddl = strings.NewReplacer(");\n", ") WITH (connector = 'memory');\n", "WITH (", "WITH (connector = 'memory', ").Replace(ddl)
	versioned := strings.Contains(c.Query, OfVersions)
	if versioned {
		b.WriteString("# " + Versions + " is a table by key; of its records one of weight -1 takes its row away.\n")
	}
	fmt.Fprintf(&b, "exec\nSET time_zone = '"+Zone+"';\n%s%s\n----\n\nstart q\n%s\n----\n", ddl, more, c.Query)
	for i, e := range c.Epochs {
		fmt.Fprintf(&b, "\n# epoch %d\n", i+1)
		for _, table := range Tables {
			if len(e[table]) > 0 && (table != Versions || versioned) {
				fmt.Fprintf(&b, "feed %s\n%s\n----\n\n", table, strings.Join(e[table], "\n"))
			}
		}
	}
	return b.String() + "result q\n----\n"
}
