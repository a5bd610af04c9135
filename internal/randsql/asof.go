package randsql

import "strings"

// asof joins a source by time, where both have columns that can be one.
func (g *generator) asof(out *source, s source) bool {
	pair := func(ops ...string) string {
		for _, k := range []kind{number, moment, decimal, real, text, number}[g.r.IntN(6):] {
			if l, r := among(out.cols, k), among(s.cols, k); len(l) > 0 && len(r) > 0 {
				return l[g.r.IntN(len(l))].name + g.pick(ops...) + r[g.r.IntN(len(r))].name
			}
		}
		return ""
	}
	match := pair(" >= ", " >= ", " > ", " <= ", " < ")
	if match == "" {
		return false
	}
	out.text += g.pick(" ASOF JOIN ", " LEFT ASOF JOIN ") + s.text + " MATCH_CONDITION (" + match + ")"
	if on := pair(" = ", " = ", " <=> "); on != "" && g.chance(70) {
		out.text += " ON " + on
	}
	out.cols = append(append([]column(nil), out.cols...), s.cols...)
	return true
}

// version joins the table of versions as of a time of the row, where there are such a time and a
// column of its key's type.
func (g *generator) version(out *source) bool {
	times := among(out.cols, moment)
	var keys []column
	for _, c := range out.cols {
		if c.kind == number && strings.HasSuffix(c.name, ".a") {
			keys = append(keys, c)
		}
	}
	if len(times) == 0 || len(keys) == 0 {
		return false
	}
	name := g.alias()
	out.text += g.pick(" JOIN", " LEFT JOIN") + OfVersions + times[g.r.IntN(len(times))].name + " AS " + name +
		" ON " + keys[g.r.IntN(len(keys))].name + " = " + name + ".a"
	out.cols = append([]column(nil), out.cols...)
	for _, c := range tables[Versions] {
		out.cols = append(out.cols, column{name + "." + c.name, c.kind})
	}
	return true
}
