package randsql

import (
	"strings"
	"time"
)

// Now is what the clock shows in an epoch, counted from 0, in microseconds since 1970:
// it passes the times in the tables.
func Now(epoch int) int64 {
	begin := time.Date(2026, 3, 29, 0, 59, 58, 0, time.UTC)
	return begin.Add(time.Duration(epoch) * 1500 * time.Millisecond).UnixMicro()
}

// clocked adds comparisons with the clock to a condition.
func (g *generator) clocked(where string, times, cols []column) string {
	compare := func(ops ...string) string {
		now := "PROCTIME()" + g.pick("", " - INTERVAL 1 SECOND", " - INTERVAL 2 SECOND", " + INTERVAL 1 SECOND")
		return times[g.r.IntN(len(times))].name + g.pick(ops...) + now
	}
	cond := compare(" > ", " > ", " >= ", " < ", " <= ")
	switch g.r.IntN(6) {
	case 0:
		cond = "(" + g.simple(cols) + " OR " + cond + ")"
	case 1:
		cond = "NOT (" + compare(" > ", " <= ", " = ") + g.pick(" AND ", " OR ") + cond + ")"
	case 2:
		cond = "(" + cond + " OR " + compare(" > ", " < ", " <> ") + " AND " + g.simple(cols) + ")"
	}
	if where == "" {
		return " WHERE " + cond
	}
	return " WHERE (" + strings.TrimPrefix(where, " WHERE ") + ") AND " + cond
}

// lookup joins a table as it is when the rows before it come.
func (g *generator) lookup(out *source) {
	table, name := g.pick("t", "u", "u", "w"), g.alias()
	var cols []column
	for _, c := range tables[table] {
		cols = append(cols, column{name + "." + c.name, c.kind})
	}
	both := append(append([]column(nil), out.cols...), cols...)
	out.text += g.pick(" JOIN ", " LEFT JOIN ") + table + " FOR SYSTEM_TIME AS OF PROCTIME() AS " + name + " ON " + g.on(out.cols, cols, both, 0, nil)
	out.cols = both
}
