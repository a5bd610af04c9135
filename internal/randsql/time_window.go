package randsql

// timeWindows makes a table with windows of time beside its rows, or a query in its place.
func (g *generator) timeWindows(depth int, outer []column) source {
	name := g.alias()
	table := g.pick("t", "u")
	data, at := "TABLE "+table, "m"
	var cols []column
	for _, c := range tables[table] {
		cols = append(cols, column{name + "." + c.name, c.kind})
	}
	if depth > 0 && g.left > 0 && g.chance(30) {
		g.left--
		kinds := []kind{moment, g.kind()}
		data, at, cols = "("+g.of(kinds, depth-1, outer)+")", "c0", columnsOf(name, kinds)
	}
	for _, c := range []string{"window_start", "window_end"} {
		cols = append(cols, column{name + "." + c, moment})
	}
	descriptor := ", DESCRIPTOR(" + at + "), "
	text := ""
	switch g.r.IntN(5) {
	case 0:
		text = "TUMBLE(" + data + descriptor + g.pick("INTERVAL 2 SECOND", "INTERVAL 1 DAY", "INTERVAL 1 MONTH") + g.pick("", ", INTERVAL 1 SECOND") + ")"
	case 1:
		text = "HOP(" + data + descriptor + g.pick("INTERVAL 2 SECOND, INTERVAL 3 SECOND", "INTERVAL 2 SECOND, INTERVAL 1 SECOND", "INTERVAL 1 DAY, INTERVAL 2 DAY") + ")"
	case 2:
		text = "CUMULATE(" + data + descriptor + g.pick("INTERVAL 1 SECOND, INTERVAL 3 SECOND", "INTERVAL 12 HOUR, INTERVAL 1 DAY") + ")"
	default:
		if key := among(cols[:len(cols)-2], number); len(key) > 0 && g.chance(60) {
			data += " PARTITION BY " + key[0].name[len(name)+1:]
		}
		text = "SESSION(" + data + descriptor + g.pick("INTERVAL 1 SECOND", "INTERVAL 500 MILLISECOND", "INTERVAL 2 SECOND") + ")"
	}
	return source{text: text + " AS " + name, cols: cols}
}
