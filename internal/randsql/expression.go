package randsql

import (
	"fmt"
	"strings"
)

// clock are the times there are, a second apart.
var clock = []string{
	"2026-03-29 00:59:58", "2026-03-29 00:59:59", "2026-03-29 01:00:00", "2026-03-29 01:00:01", "2026-03-29 01:00:02", "2026-03-29 01:00:03",
}

func (g *generator) literal(k kind) string {
	switch k {
	case text:
		return g.pick("'x'", "'y'", "'z'", "''")
	case decimal:
		return g.pick("0.50", "1.25", "2.00")
	case moment:
		n := g.r.IntN(6)
		if n%3 == 0 {
			return "TIMESTAMP_LTZ '" + clock[n] + "'"
		}
		return "TIMESTAMP '" + clock[n] + "'"
	case real:
		return g.pick("CAST(0.5 AS DOUBLE)", "CAST(2 AS DOUBLE)")
	case list:
		return "CAST(" + g.pick("ARRAY[]", "ARRAY[0]", "ARRAY[1, 2]", "ARRAY[1, NULL]") + " AS ARRAY<INT>)"
	case record:
		return "CAST(" + g.pick("ROW(0, 'x')", "ROW(1, NULL)", "ROW(NULL, 'y')") + " AS ROW<x INT, y VARCHAR>)"
	case mapping:
		return "CAST(MAP['x', 1] AS MAP<VARCHAR, INT>)"
	}
	return fmt.Sprint(g.r.IntN(6))
}

// of the columns, those of a kind.
func among(cols []column, k kind) []column {
	var out []column
	for _, c := range cols {
		if c.kind == k {
			out = append(out, c)
		}
	}
	return out
}

// value makes an expression of a kind over columns, and over those around with less
// chance.
func (g *generator) value(k kind, cols []column, depth int, outer []column) string {
	if depth > 0 && g.left > 0 && g.chance(12) {
		g.left--
		return g.scalar(k, cols, depth-1, outer)
	}
	if depth > 0 && g.chance(10) {
		return "CASE WHEN " + g.condition(cols, depth-1, outer) + " THEN " + g.value(k, cols, 0, outer) + " ELSE " + g.value(k, cols, 0, outer) + " END"
	}
	if mine := among(outer, k); len(mine) > 0 && g.chance(30) {
		return mine[g.r.IntN(len(mine))].name
	}
	mine := among(cols, k)
	if e := g.part(k, cols); e != "" && g.chance(15) {
		return e
	}
	if len(mine) == 0 || g.chance(4) {
		return g.literal(k)
	}
	name := mine[g.r.IntN(len(mine))].name
	if g.plain && g.chance(70) {
		return name
	}
	switch {
	case k == number && g.chance(3): // beyond a BIGINT where it is not kept from it
		return "CASE WHEN " + name + " < 3 THEN " + name + " + 9223372036854775805 ELSE 0 END"
	case k == number && g.chance(15):
		return "(" + name + g.pick(" + ", " - ") + fmt.Sprint(1+g.r.IntN(2)) + ")"
	case g.chance(3):
		return g.throughJSON(k, name)
	case g.chance(8):
		return "COALESCE(" + name + ", " + g.literal(k) + ")"
	}
	return name
}

// part makes an expression of a kind over what a column holds, "" where there is none.
func (g *generator) part(k kind, cols []column) string {
	var out []string
	for _, c := range cols {
		switch {
		case c.kind == list && k == number:
			out = append(out, c.name+g.pick("[1]", "[-1]", "[2]"), "CARDINALITY("+c.name+")", "ARRAY_MAX("+c.name+")")
		case c.kind == list && k == text:
			out = append(out, "ARRAY_JOIN("+c.name+", '-')")
		case c.kind == list && k == list:
			out = append(out, "ARRAY_SORT("+c.name+")", "ARRAY_DISTINCT("+c.name+")")
		case c.kind == record && k == number:
			out = append(out, "("+c.name+").x")
		case c.kind == record && k == text:
			out = append(out, "("+c.name+").y")
		case c.kind == mapping && k == number:
			out = append(out, c.name+g.pick("['x']", "['y']"), "CARDINALITY("+c.name+")")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return g.pick(out...)
}

// scalar makes a query in the place of a value.
func (g *generator) scalar(k kind, cols []column, depth int, outer []column) string {
	around := append(append([]column(nil), cols...), outer...)
	from := g.from(depth, around, nil)
	where := ""
	if g.chance(80) {
		where = " WHERE " + g.condition(from.cols, depth, around)
	}
	if g.chance(25) {
		v := g.value(k, from.cols, 0, around)
		return "(SELECT " + v + " FROM " + from.text + where + " ORDER BY 1" + g.pick("", " DESC") + " LIMIT 1)"
	}
	if g.chance(5) { // of one row, it may be
		return "(SELECT " + g.value(k, from.cols, 0, around) + " FROM " + from.text + where + ")"
	}
	item := g.aggregate(k, from.cols)
	if mine := among(around, k); len(mine) > 0 && g.chance(25) { // with a value of the row around it
		item = "COALESCE(" + item + ", " + mine[g.r.IntN(len(mine))].name + ")"
		if k == number && g.chance(50) {
			item = "COUNT(*) + " + mine[0].name
		}
	}
	return "(SELECT " + item + " FROM " + from.text + where + ")"
}

// kindOf picks the kind of a column, if there is one.
func (g *generator) kindOf(cols []column) kind {
	if len(cols) == 0 {
		return number
	}
	if k := cols[g.r.IntN(len(cols))].kind; k != mapping { // a map has no order
		return k
	}
	return number
}

// simple makes a condition without queries.
func (g *generator) simple(cols []column) string {
	k := g.kindOf(cols)
	if g.chance(15) {
		return g.value(k, cols, 0, nil) + g.pick(" IS NULL", " IS NOT NULL")
	}
	return g.compared(k, cols, 0, nil)
}

// compared compares a value with a literal or another value of its kind, where there are
// two.
func (g *generator) compared(k kind, cols []column, depth int, outer []column) string {
	right := g.literal(k)
	if g.chance(60) && len(among(cols, k))+len(among(outer, k)) > 1 {
		right = g.value(k, cols, depth, outer)
	}
	return g.value(k, cols, depth, outer) + g.pick(" = ", " = ", " <> ", " < ", " >= ", " <=> ") + right
}

// condition makes a condition.
func (g *generator) condition(cols []column, depth int, outer []column) string {
	k := g.kindOf(cols)
	if depth > 0 {
		switch g.r.IntN(10) {
		case 0:
			return "(" + g.condition(cols, depth-1, outer) + g.pick(" AND ", " OR ") + g.condition(cols, depth-1, outer) + ")"
		case 1:
			return "NOT (" + g.condition(cols, depth-1, outer) + ")"
		case 2, 3:
			if g.left > 0 {
				g.left--
				return g.tested(k, cols, depth-1, outer)
			}
		}
	}
	switch g.r.IntN(8) {
	case 0:
		return g.value(k, cols, depth, outer) + g.pick(" IS NULL", " IS NOT NULL")
	case 1:
		return g.value(k, cols, depth, outer) + g.pick(" IN (", " NOT IN (") + g.literal(k) + ", " + g.literal(k) + ")"
	case 2:
		if g.chance(25) {
			return g.comparedJSON(k, cols, outer)
		}
	}
	return g.compared(k, cols, depth, outer)
}

// tested makes a condition on the rows of a query.
func (g *generator) tested(k kind, cols []column, depth int, outer []column) string {
	around := append(append([]column(nil), cols...), outer...)
	switch g.r.IntN(6) {
	case 0, 1:
		q, _ := g.query(depth, around)
		return g.pick("", "NOT ") + "EXISTS (" + q + ")"
	case 2:
		return g.value(k, cols, 0, outer) + g.pick(" = ", " <> ", " < ", " >= ") + g.pick("ANY", "ALL") + " (" + g.of([]kind{k}, depth, around) + ")"
	case 3:
		k2 := []kind{number, text}[g.r.IntN(2)]
		if g.chance(30) { // a query of one row, it may be
			q := "SELECT * FROM (" + g.of([]kind{k, k2}, depth, around) + ") AS " + g.alias() + " ORDER BY 1, 2 LIMIT 1"
			return "(" + g.value(k, cols, 0, outer) + ", " + g.value(k2, cols, 0, outer) + ")" + g.pick(" = ", " <> ", " < ", " >= ", " <=> ") + "(" + q + ")"
		}
		return "(" + g.value(k, cols, 0, outer) + ", " + g.value(k2, cols, 0, outer) + ")" + g.pick(" IN ", " NOT IN ") + brackets(g.of([]kind{k, k2}, depth, around))
	}
	return g.value(k, cols, 0, outer) + g.pick(" IN ", " NOT IN ") + brackets(g.of([]kind{k}, depth, around))
}

// brackets puts a query in brackets where it is not; in two it would be a value.
func brackets(q string) string {
	if strings.HasPrefix(q, "(WITH") {
		return q
	}
	return "(" + q + ")"
}

// windowed makes a SELECT with functions over windows.
func (g *generator) windowed(kinds []kind, from source, where string, depth int) string {
	items := make([]string, len(kinds))
	for i, k := range kinds {
		v := g.value(k, from.cols, 0, nil)
		if g.chance(70) {
			v = g.over(k, from.cols)
		}
		items[i] = fmt.Sprintf("%s AS c%d", v, i)
	}
	out := "SELECT " + strings.Join(items, ", ") + " FROM " + from.text + where
	if g.chance(30) {
		out += " QUALIFY " + g.pick("ROW_NUMBER", "RANK", "DENSE_RANK") + "() OVER (" + g.window(from.cols, true) + ") <= " + fmt.Sprint(1+g.r.IntN(3))
	}
	return out
}

func (g *generator) window(cols []column, ordered bool) string {
	out := ""
	if g.chance(60) {
		out = "PARTITION BY " + cols[g.r.IntN(len(cols))].name + " "
	}
	if ordered || g.chance(70) {
		out += "ORDER BY " + cols[g.r.IntN(len(cols))].name + g.direction()
		if g.chance(30) {
			out += ", " + cols[g.r.IntN(len(cols))].name + g.direction()
		}
	}
	return strings.TrimSpace(out)
}

// direction makes what stands behind an item of ORDER BY.
func (g *generator) direction() string {
	return g.pick("", " DESC") + g.pick("", "", "", "", " NULLS FIRST", " NULLS LAST")
}

// over makes a function over a window.
func (g *generator) over(k kind, cols []column) string {
	x := g.value(k, cols, 0, nil)
	switch g.r.IntN(4) {
	case 0:
		return g.pick("LAG", "LEAD") + "(" + x + g.pick("", ", 2", ", 1, "+g.literal(k)) + ") OVER (" + g.window(cols, true) + ")"
	case 1:
		return g.pick("FIRST_VALUE("+x+")", "LAST_VALUE("+x+")", "NTH_VALUE("+x+", 2)") + " OVER (" + g.window(cols, true) + g.frame(cols) + ")"
	case 2:
		if k == number {
			return g.pick("ROW_NUMBER()", "RANK()", "DENSE_RANK()", "NTILE(2)") + " OVER (" + g.window(cols, true) + ")"
		}
	}
	if k == number && g.chance(30) {
		if times := among(cols, moment); len(times) > 0 && g.chance(50) {
			return "COUNT(" + x + ") OVER (ORDER BY " + times[0].name + g.pick("", " DESC") + " RANGE BETWEEN " + g.pick("INTERVAL 1 SECOND PRECEDING AND CURRENT ROW", "INTERVAL 2 SECOND PRECEDING AND INTERVAL 1 SECOND FOLLOWING") + ")"
		}
		if nums := among(cols, number); len(nums) > 0 {
			key := nums[g.r.IntN(len(nums))].name
			return "COUNT(" + x + ") OVER (ORDER BY " + key + g.pick("", " DESC") + " RANGE BETWEEN " + g.pick("1 PRECEDING AND CURRENT ROW", "1 PRECEDING AND 1 FOLLOWING", "UNBOUNDED PRECEDING AND 1 FOLLOWING", "1 FOLLOWING AND UNBOUNDED FOLLOWING") + ")"
		}
	}
	w := g.window(cols, g.chance(60))
	frame := ""
	if strings.Contains(w, "ORDER BY") {
		frame = g.frame(cols)
	}
	call := g.pick("MIN", "MAX") + "(" + x + ")"
	switch {
	case k == number && g.chance(60):
		call = g.pick("COUNT(*)", "COUNT("+x+")", "COUNT(DISTINCT "+x+")")
	case k == decimal && g.chance(60):
		return "CAST(" + g.pick("SUM", "AVG") + "(" + g.pick("", "", "DISTINCT ") + x + ") OVER (" + w + frame + ") AS DECIMAL(12, 2))"
	case k == text && g.chance(20):
		call = "GROUP_CONCAT(" + g.pick("", "", "DISTINCT ") + x + g.order(cols) + g.pick("", " SEPARATOR '-'") + ")"
	case g.chance(10):
		call = g.pick("FIRST", "LAST") + "(" + x + g.order(cols) + ")" + g.filtered(cols)
	}
	return call + " OVER (" + w + frame + ")"
}

func (g *generator) frame([]column) string {
	if g.chance(40) {
		return ""
	}
	return g.pick(" ROWS", " GROUPS") + " BETWEEN " + g.pick(
		"1 PRECEDING AND CURRENT ROW", "1 PRECEDING AND 1 FOLLOWING", "UNBOUNDED PRECEDING AND CURRENT ROW", "CURRENT ROW AND UNBOUNDED FOLLOWING",
		"2 PRECEDING AND 1 PRECEDING", "1 FOLLOWING AND 2 FOLLOWING", "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
}
