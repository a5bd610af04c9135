package randsql

import (
	"fmt"
	"strings"
)

// grouped makes a SELECT with GROUP BY, or of one row.
func (g *generator) grouped(kinds []kind, from source, where string, depth int, outer []column) string {
	var keys []column
	for range g.r.IntN(3) {
		c := from.cols[g.r.IntN(len(from.cols))]
		keys = append(keys, c)
	}
	items := make([]string, len(kinds))
	for i, k := range kinds {
		v := g.aggregate(k, from.cols)
		for _, c := range keys {
			if c.kind == k && g.chance(50) {
				v = c.name
			}
			if k == number && g.chance(5) {
				v = "GROUPING(" + c.name + ")"
			}
		}
		items[i] = fmt.Sprintf("%s AS c%d", v, i)
	}
	out := "SELECT " + strings.Join(items, ", ") + " FROM " + from.text + where
	if len(keys) > 0 {
		names := make([]string, len(keys))
		for i, c := range keys {
			names[i] = c.name
		}
		out += " GROUP BY " + g.sets(names)
	}
	if g.chance(30) {
		out += " HAVING " + g.aggregate(number, from.cols) + g.pick(" > ", " < ", " = ") + g.literal(number)
	}
	return out
}

// sets makes what stands behind GROUP BY.
func (g *generator) sets(names []string) string {
	list := strings.Join(names, ", ")
	if g.chance(70) {
		return list
	}
	last := names[len(names)-1]
	return g.pick("ROLLUP ("+list+")", "CUBE ("+list+")", list+" WITH ROLLUP", "GROUPING SETS (("+list+"), "+last+", ())", "GROUPING SETS (("+list+"), "+last+", "+last+")", names[0]+", ROLLUP ("+last+")")
}

// aggregate makes a call of an aggregate of a kind.
func (g *generator) aggregate(k kind, cols []column) string {
	switch k {
	case text:
		switch g.r.IntN(6) {
		case 0, 1:
			return g.concatenated(cols)
		case 2:
			return "CAST(JSON_ARRAYAGG(" + g.pick("", "DISTINCT ") + g.value(g.kind(), cols, 0, nil) + g.order(cols) + ")" + g.filtered(cols) + " AS VARCHAR)"
		}
		return g.picked(k, cols)
	case decimal:
		return "CAST(" + g.call(g.pick("SUM", "AVG", "MIN", "MAX"), k, cols) + " AS DECIMAL(12, 2))"
	case real:
		switch of := []kind{number, decimal, real}[g.r.IntN(3)]; g.r.IntN(6) {
		case 0:
			return g.call(g.pick("VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP", "MEDIAN"), of, cols)
		case 1:
			return g.pick("CORR", "COVAR_POP", "COVAR_SAMP", "REGR_SLOPE", "REGR_INTERCEPT") + "(" + g.value(of, cols, 0, nil) + ", " + g.value(number, cols, 0, nil) + ")" + g.filtered(cols)
		case 2:
			return "PERCENTILE_CONT(" + g.value(of, cols, 0, nil) + ", " + g.pick("0", "0.25", "0.5", "1") + ")" + g.filtered(cols)
		case 3:
			return g.picked(k, cols)
		}
		return g.call(g.pick("SUM", "AVG", "MIN", "MAX"), k, cols)
	case list:
		if g.r.IntN(4) == 0 {
			return "ARRAY_AGG(CAST(" + g.value(number, cols, 0, nil) + " % 100 AS INT)" + g.order(cols) + ")" + g.filtered(cols)
		}
		return g.picked(k, cols)
	case moment, record:
		return g.picked(k, cols)
	}
	switch g.r.IntN(9) {
	case 0:
		return "COUNT(*)" + g.filtered(cols)
	case 1:
		return g.call("COUNT", g.kind(), cols)
	case 2:
		return "COUNT(DISTINCT " + g.value(g.kind(), cols, 0, nil) + ", " + g.value(k, cols, 0, nil) + ")" + g.filtered(cols)
	case 3:
		return "CAST(" + g.call("SUM", k, cols) + " AS BIGINT)"
	case 4:
		return "COUNT_IF(" + g.simple(cols) + ")"
	case 5:
		return "CAST(" + g.pick("BIT_AND", "BIT_OR", "BIT_XOR") + "(" + g.pick("", "DISTINCT ") + g.value(k, cols, 0, nil) + ") % 1000 AS BIGINT)"
	}
	return g.picked(k, cols)
}

// picked makes a call that gives one of the values.
func (g *generator) picked(k kind, cols []column) string {
	v := g.value(k, cols, 0, nil)
	switch g.r.IntN(6) {
	case 0:
		return g.pick("ARG_MIN", "ARG_MAX") + "(" + v + ", " + g.value(g.kind(), cols, 0, nil) + ")" + g.filtered(cols)
	case 1:
		return g.pick("FIRST", "LAST") + "(" + v + g.order(cols) + ")" + g.filtered(cols)
	case 2:
		return g.pick("MODE("+v+")", "PERCENTILE_DISC("+v+", 0.5)", "PERCENTILE_DISC(0.3) WITHIN GROUP (ORDER BY "+v+" DESC)") + g.filtered(cols)
	}
	return g.call(g.pick("MIN", "MAX", "ANY_VALUE"), k, cols)
}

// call makes a call with an argument, DISTINCT or not, filtered or not.
func (g *generator) call(name string, k kind, cols []column) string {
	return name + "(" + g.pick("", "", "DISTINCT ") + g.value(k, cols, 0, nil) + ")" + g.filtered(cols)
}

func (g *generator) filtered(cols []column) string {
	if g.r.IntN(3) > 0 {
		return ""
	}
	return " FILTER (WHERE " + g.simple(cols) + ")"
}

// concatenated makes a GROUP_CONCAT in some order, of one text or of two.
func (g *generator) concatenated(cols []column) string {
	args := g.pick("", "DISTINCT ") + g.value(text, cols, 0, nil)
	if g.r.IntN(4) == 0 {
		args = g.pick("", "DISTINCT ") + g.value(text, cols, 0, nil) + ", " + g.value(g.plainKind(), cols, 0, nil)
	}
	return "GROUP_CONCAT(" + args + g.order(cols) + g.pick("", " SEPARATOR '-'") + ")" + g.filtered(cols)
}

// order makes an ORDER BY inside an aggregate, or none. In brackets a number is no
// position.
func (g *generator) order(cols []column) string {
	if g.r.IntN(3) == 0 {
		return ""
	}
	out := " ORDER BY (" + g.value(g.kind(), cols, 0, nil) + ")" + g.direction()
	if g.r.IntN(2) == 0 {
		out += ", (" + g.value(g.kind(), cols, 0, nil) + ")" + g.direction()
	}
	return out
}
