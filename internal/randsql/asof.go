package randsql

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
