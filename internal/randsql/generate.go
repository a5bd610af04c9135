// Package randsql makes random queries over small tables, random changes of these, and
// the smallest case that still fails.
package randsql

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// DDL declares the tables that the queries read.
const DDL = `CREATE TABLE t (a INT, b BIGINT, s VARCHAR, d DECIMAL(6, 2), n INT NOT NULL, m TIMESTAMP(3), f DOUBLE, l ARRAY<INT>, o ROW<x INT, y VARCHAR>, k MAP<VARCHAR, INT>);
CREATE TABLE u (a INT, c BIGINT, s VARCHAR, m TIMESTAMP_LTZ(3));
CREATE TABLE w (a INT, e BIGINT) WITH (append_only = 'true');
CREATE TABLE ` + Versions + ` (a INT, p BIGINT, m TIMESTAMP(3) METADATA FROM 'timestamp', PRIMARY KEY (a) NOT ENFORCED) WITH (arrival = 'by key')`

// Versions is the table whose records are versions of rows, of which queries read those of a time.
const Versions = "v"

// Tables are the names of those in DDL.
var Tables = []string{"t", "u", "w", Versions}

// Zone is a time zone for the queries: its clocks are put forward amid the times in the
// tables, of which some are moments.
const Zone = "Europe/London"

// A kind is a type as far as the generator goes.
type kind byte

const (
	number  kind = 'i'
	text    kind = 's'
	decimal kind = 'd'
	moment  kind = 'm'
	real    kind = 'f'
	list    kind = 'l' // ARRAY<INT>
	record  kind = 'o' // ROW<x INT, y VARCHAR>
	mapping kind = 'k' // MAP<VARCHAR, INT>
)

// A column can be named in an expression.
type column struct {
	name string // with its table's alias
	kind kind
}

// tables are the columns of those in DDL.
var tables = map[string][]column{
	"t": {{"a", number}, {"b", number}, {"s", text}, {"d", decimal}, {"n", number}, {"m", moment}, {"f", real}, {"l", list}, {"o", record}, {"k", mapping}},
	"u": {{"a", number}, {"c", number}, {"s", text}, {"m", moment}},
	"w": {{"a", number}, {"e", number}},

	Versions: {{"a", number}, {"p", number}, {"m", moment}},
}

// A generator makes one query.
type generator struct {
	r       *rand.Rand
	aliases int
	left    int  // how many more queries may stand in it
	plain   bool // few conditions and bare columns: small queries of which much is left
}

// Query returns a random query, the same for the same seed: every other one is small.
func Query(seed uint64) string {
	g := &generator{r: rand.New(rand.NewPCG(seed, 17)), left: 5}
	depth := 3
	if seed%2 == 0 {
		g.plain, depth, g.left = true, 1+g.r.IntN(2), 2
	}
	q, kinds := g.query(depth, nil)
	if g.chance(15) {
		q = "(" + q + ")" + g.limit(len(kinds))
	}
	return q
}

// ViewLike returns a random query with as many columns as the table u has, of types that
// do for its.
func ViewLike(seed uint64) string {
	g := &generator{r: rand.New(rand.NewPCG(seed, 19)), left: 3}
	kinds := []kind{}
	for _, c := range tables["u"] {
		kinds = append(kinds, c.kind)
	}
	return g.of(kinds, 2, nil)
}

func (g *generator) kind() kind {
	return []kind{number, number, number, number, number, text, text, text, decimal, decimal, moment, real, list, record}[g.r.IntN(14)]
}

// plainKind is a kind of values that hold no others.
func (g *generator) plainKind() kind {
	for {
		if k := g.kind(); k != list && k != record {
			return k
		}
	}
}

func (g *generator) pick(options ...string) string { return options[g.r.IntN(len(options))] }

// chance is true p times of a hundred.
func (g *generator) chance(p int) bool { return g.r.IntN(100) < p }

// or is the first number of a plain query, else the second.
func (g *generator) or(plain, other int) int {
	if g.plain {
		return plain
	}
	return other
}

func (g *generator) alias() string {
	g.aliases++
	return fmt.Sprintf("x%d", g.aliases)
}

// query makes a query and the kinds of its columns, which are named c0, c1, …. outer are
// the columns of the queries around it.
func (g *generator) query(depth int, outer []column) (string, []kind) {
	kinds := make([]kind, []int{1, 1, 1, 2, 2, 3}[g.r.IntN(6)])
	for i := range kinds {
		kinds[i] = g.kind()
	}
	return g.of(kinds, depth, outer), kinds
}

// of makes a query of columns of the kinds given.
func (g *generator) of(kinds []kind, depth int, outer []column) string {
	if depth > 0 && g.chance(20) {
		op := g.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
		return "(" + g.of(kinds, depth-1, outer) + ") " + op + " (" + g.of(kinds, depth-1, outer) + ")"
	}
	if len(kinds) == 1 && kinds[0] == number && depth > 0 && g.chance(10) {
		return g.recursive(depth-1, outer)
	}
	if depth > 1 && g.chance(8) {
		name := g.alias()
		inner, ks := g.query(depth-1, outer)
		body := g.selected(kinds, depth-1, outer, []source{
			{text: name + " AS " + name + "a", cols: columnsOf(name+"a", ks)},
			{text: name + " AS " + name + "b", cols: columnsOf(name+"b", ks)},
		})
		return "(WITH " + name + " AS (" + inner + ") " + body + ")"
	}
	return g.selected(kinds, depth, outer, nil)
}

// recursive makes a query that counts on from the rows of another, or follows the edges
// that a table is.
func (g *generator) recursive(depth int, outer []column) string {
	name := g.alias()
	base := "SELECT CAST(" + name + "b.c0 AS SIGNED) AS c0 FROM (" + g.of([]kind{number}, depth, outer) + ") AS " + name + "b"
	union, step := g.pick(" UNION ", " UNION ALL "), "SELECT "+name+".c0 + 1 FROM "+name+" WHERE "+name+".c0 < 4"
	if g.chance(50) {
		union, step = " UNION ", "SELECT CAST("+name+"u.c AS SIGNED) FROM "+name+" JOIN u AS "+name+"u ON "+name+"u.a = "+name+".c0"
	}
	if mine := among(outer, number); len(mine) > 0 && g.chance(50) {
		step += g.pick(" AND ", " AND ", " AND NOT ") + "(" + name + ".c0" + g.pick(" < ", " <> ", " <= ") + mine[g.r.IntN(len(mine))].name + ")"
	}
	return "(WITH RECURSIVE " + name + " AS (" + base + union + step + ") SELECT " + name + ".c0 AS c0 FROM " + name + ")"
}

func columnsOf(alias string, kinds []kind) []column {
	var out []column
	for i, k := range kinds {
		out = append(out, column{fmt.Sprintf("%s.c%d", alias, i), k})
	}
	return out
}

// A source stands in FROM.
type source struct {
	text  string
	cols  []column
	plain bool // it is joined without a query in ON
}

// source makes a table, or a query in its place; lateral are columns that it may read.
func (g *generator) source(depth int, outer, lateral []column) source {
	if depth > 0 && g.left > 0 && g.chance(30) {
		g.left--
		name := g.alias()
		word := ""
		around := outer
		if len(lateral) > 0 && g.chance(40) {
			word, around = "LATERAL ", append(append([]column(nil), lateral...), outer...)
		}
		q, kinds := g.query(depth-1, around)
		if g.chance(30) {
			q = "(" + q + ")" + g.limit(len(kinds))
		}
		return source{text: word + "(" + q + ") AS " + name, cols: columnsOf(name, kinds)}
	}
	if g.chance(g.or(6, 8)) {
		return g.timeWindows(depth, outer)
	}
	table := g.pick("t", "t", "u", "u", "w")
	name := g.alias()
	if g.chance(g.or(4, 8)) {
		return g.series(name, lateral)
	}
	if arrays := among(lateral, list); len(arrays) > 0 && g.chance(8) {
		return g.unnested(name, arrays)
	}
	if g.chance(g.or(3, 5)) {
		return g.jsonTable(name, lateral)
	}
	var cols []column
	for _, c := range tables[table] {
		cols = append(cols, column{name + "." + c.name, c.kind})
	}
	return source{text: table + " AS " + name, cols: cols}
}

// series makes a table function, of what stands before it or of constants.
func (g *generator) series(name string, lateral []column) source {
	to := "2"
	if cols := among(lateral, number); len(cols) > 0 && g.chance(70) {
		to = "LEAST(" + cols[g.r.IntN(len(cols))].name + ", 3)"
	}
	return source{text: "generate_series(" + g.pick("0", "1") + ", " + to + ") AS " + name, cols: []column{{name + "." + name, number}}}
}

// unnested makes rows of the elements of an array before it.
func (g *generator) unnested(name string, arrays []column) source {
	call := "UNNEST(" + arrays[g.r.IntN(len(arrays))].name + ")"
	if g.chance(40) {
		return source{text: call + " WITH ORDINALITY AS " + name + " (v, i)", cols: []column{{name + ".v", number}, {name + ".i", number}}}
	}
	return source{text: call + " AS " + name, cols: []column{{name + "." + name, number}}}
}

func (g *generator) limit(columns int) string {
	out := ""
	if g.chance(15) {
		return fmt.Sprintf(" ORDER BY %d%s FETCH FIRST %d ROWS WITH TIES", 1+g.r.IntN(columns), g.direction(), 1+g.r.IntN(3))
	}
	if g.chance(70) {
		out = fmt.Sprintf(" ORDER BY %d%s", 1+g.r.IntN(columns), g.direction())
	}
	out += fmt.Sprintf(" LIMIT %d", g.r.IntN(4))
	if g.chance(30) {
		out += fmt.Sprintf(" OFFSET %d", g.r.IntN(3))
	}
	return out
}

// from makes FROM with some joins.
func (g *generator) from(depth int, outer []column, given []source) source {
	next := func(lateral []column) source {
		if len(given) > 0 && g.chance(60) {
			s := given[0]
			given = given[1:]
			return s
		}
		return g.source(depth, outer, lateral)
	}
	out := next(nil)
	for range g.r.IntN(3) {
		if g.chance(g.or(60, 40)) {
			continue
		}
		kind := g.pick(" JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ", " CROSS JOIN ", g.pick(" SEMI JOIN ", " ANTI JOIN ", " RIGHT SEMI JOIN ", " RIGHT ANTI JOIN "), " ASOF JOIN ")
		if kind == " ASOF JOIN " {
			if s := g.source(depth, outer, nil); g.asof(&out, s) {
				continue
			}
			kind = " JOIN "
		}
		if g.chance(g.or(8, 5)) && g.version(&out) {
			continue
		}
		if len(outer) == 0 && g.chance(g.or(10, 6)) {
			g.lookup(&out)
			continue
		}
		var lateral []column
		if kind == " JOIN " || kind == " LEFT JOIN " || kind == " CROSS JOIN " {
			lateral = out.cols
		}
		s := next(lateral)
		cols := append(append([]column(nil), out.cols...), s.cols...)
		out.text += kind + s.text
		if name := common(out, s); name != "" && kind != " CROSS JOIN " && g.chance(20) {
			out.text += " USING (" + name + ")"
		} else if kind != " CROSS JOIN " {
			deep := depth
			if s.plain {
				deep = 0
			}
			out.text += " ON " + g.on(out.cols, s.cols, cols, deep, outer)
		}
		switch kind {
		case " SEMI JOIN ", " ANTI JOIN ":
		case " RIGHT SEMI JOIN ", " RIGHT ANTI JOIN ":
			out.cols = s.cols
		default:
			out.cols = cols
		}
	}
	return out
}

// common is a name that a column of each of two sources has, of one kind and one of each
// alone.
func common(l, r source) string {
	count, kinds := map[string]int{}, map[string]kind{}
	for i, s := range []source{l, r} {
		for _, c := range s.cols {
			_, name, _ := strings.Cut(c.name, ".")
			if kinds[name] != 0 && kinds[name] != c.kind {
				count[name] = 1000
			}
			count[name] += []int{1, 100}[i]
			kinds[name] = c.kind
		}
	}
	for _, c := range l.cols {
		if _, name, _ := strings.Cut(c.name, "."); count[name] == 101 {
			return name
		}
	}
	return ""
}

// on makes a join's condition, most often an equality with something more.
func (g *generator) on(l, r, both []column, depth int, outer []column) string {
	cond := ""
	if g.chance(80) {
		k := []kind{number, number, number, text, text, moment, moment, list, record}[g.r.IntN(9)]
		cond = g.value(k, l, 0, nil) + g.pick(" = ", " = ", " = ", " <=> ") + g.value(k, r, 0, nil)
	}
	if cond == "" || g.chance(30) {
		if cond != "" {
			cond += " AND "
		}
		cond += g.condition(both, min(depth, 1), outer)
	}
	return cond
}

// selected makes one SELECT.
func (g *generator) selected(kinds []kind, depth int, outer []column, given []source) string {
	from := g.from(depth, outer, given)
	where := ""
	if g.chance(g.or(20, 45)) {
		where = " WHERE " + g.condition(from.cols, depth, outer)
	}
	if times := among(from.cols, moment); len(times) > 0 && g.chance(6) {
		where = g.clocked(where, times, from.cols)
	}
	switch g.r.IntN(10) {
	case 0, 1, 2:
		return g.grouped(kinds, from, where, depth, outer)
	case 3, 4:
		return g.windowed(kinds, from, where, depth)
	}
	distinct := ""
	if g.chance(20) {
		distinct = "DISTINCT "
	}
	items := make([]string, len(kinds))
	for i, k := range kinds {
		items[i] = fmt.Sprintf("%s AS c%d", g.value(k, from.cols, depth, outer), i)
	}
	return "SELECT " + distinct + strings.Join(items, ", ") + " FROM " + from.text + where
}
