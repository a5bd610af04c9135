package sqltest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Queries made at random over tables with watermarks have the results that they would have
// if nothing were forgotten, however their rows are cut into epochs; and in mode APPEND the
// rows of the result that are below the watermark.
func TestRandomTime(t *testing.T) {
	for seed := range *random / 2 { // each is slower than those of TestRandom
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runRandom(t, newTimeGenerator(uint64(seed)).script()) })
	}
}

// A timeGenerator makes scripts over two tables with watermarks, whose rows come more or
// less in the order of their times.
type timeGenerator struct {
	*generator
	at [2]int // how far the times of each are, in seconds
}

func newTimeGenerator(seed uint64) *timeGenerator {
	return &timeGenerator{generator: newGenerator(seed)}
}

func (g *timeGenerator) script() string {
	for _, name := range []string{"p", "q"} {
		g.block("exec", fmt.Sprintf("CREATE TABLE %s (k INT, v INT, ts TIMESTAMP(0)%s, WATERMARK FOR ts AS ts - INTERVAL %d SECOND)\n"+
			"WITH (connector = 'memory', append_only = 'true', allowed_lateness = '%d s')", name, g.pick("", "", " NOT NULL"), g.IntN(8), g.IntN(3)))
	}
	queries, modes := 0, []string(nil)
	for range 5 + g.IntN(4) {
		if queries < 4 {
			queries++
			mode := g.pick("update", "append", "append")
			modes = append(modes, mode)
			query := g.query()
			if mode == "update" && g.IntN(3) == 0 {
				query = g.late()
			}
			g.block(fmt.Sprintf("start q%d mode=%s", queries, mode), query)
		}
		for range 1 + g.IntN(3) {
			g.feed(g.IntN(2))
		}
		for q, mode := range modes {
			look := fmt.Sprintf("result q%d", q+1)
			if mode == "append" { // when a row is known to be final depends on the plan
				look += " written"
			}
			g.block(look, "")
		}
	}
	return g.out.String()
}

func (g *timeGenerator) feed(table int) {
	var lines []string
	for range 1 + g.IntN(6) {
		g.at[table] += g.IntN(8)
		at := time.Date(2026, 1, 1, 0, 0, g.at[table]-g.IntN(9), 0, time.UTC).Format(`"2006-01-02 15:04:05"`)
		lines = append(lines, fmt.Sprintf("+1 %s %d %s", g.pick("1", "2", "3", "NULL"), g.IntN(5), at))
	}
	g.block("feed "+[2]string{"p", "q"}[table], strings.Join(lines, "\n"))
}

// timed is a relation with columns k, v and ts, of which ts has a watermark.
func (g *timeGenerator) timed(depth int) string {
	switch g.IntN(8) {
	case 0:
		return "(SELECT k, v, ts FROM p UNION ALL SELECT k, v, ts FROM q) AS u"
	case 1:
		return fmt.Sprintf("(SELECT k, v + 1 AS v, ts + INTERVAL %d SECOND AS ts FROM %s WHERE v > 0) AS u", g.IntN(9)-4, g.pick("p", "q"))
	case 2:
		if depth > 0 {
			return "(SELECT k, SUM(v) AS v, window_time AS ts FROM " + g.windows(depth-1) + " GROUP BY k, window_start, window_end, window_time) AS u"
		}
	case 3:
		return "(SELECT DISTINCT k, v, ts FROM " + g.pick("p", "q") + ") AS u"
	}
	return g.pick("p", "q")
}

// windows is a window table function over a relation.
func (g *timeGenerator) windows(depth int) string {
	data := g.timed(depth)
	if strings.HasPrefix(data, "(") {
		data = strings.TrimSuffix(data, " AS u")
	} else {
		data = "TABLE " + data
	}
	switch g.IntN(5) {
	case 0:
		return "HOP(" + data + ", DESCRIPTOR(ts), INTERVAL 5 SECOND, INTERVAL 10 SECOND)"
	case 1:
		return "CUMULATE(" + data + ", DESCRIPTOR(ts), INTERVAL 5 SECOND, INTERVAL 15 SECOND)"
	case 2:
		return "SESSION(" + data + " PARTITION BY k, DESCRIPTOR(ts), INTERVAL 4 SECOND)"
	}
	return "TUMBLE(" + data + ", DESCRIPTOR(ts), INTERVAL 10 SECOND)"
}

func (g *timeGenerator) aggregates() string {
	return g.pick("COUNT(*) AS n, SUM(v) AS s", "MIN(v) AS n, MAX(v) AS s", "COUNT(DISTINCT v) AS n, AVG(v) AS s",
		"AVG(v) AS n, COUNT(*) AS s", "GROUP_CONCAT(v ORDER BY v) AS n, COUNT(v) AS s", "MAX(ts) AS n, MIN(ts) AS s")
}

// query is one that may be final.
func (g *timeGenerator) query() string {
	switch g.IntN(9) {
	case 0, 1:
		key := g.pick("ts", "DATE_FORMAT(ts, '%Y-%m-%d %H:%i')", "ts + INTERVAL 3 SECOND", "DATE(ts)")
		return "SELECT " + key + " AS w, " + g.aggregates() + " FROM " + g.timed(1) + " GROUP BY " + key + g.pick("", ", k") + g.pick("", " HAVING COUNT(*) > 1")
	case 2, 3:
		return "SELECT window_end, " + g.aggregates() + " FROM " + g.windows(1) + " GROUP BY window_start, window_end" + g.pick("", ", k")
	case 4:
		return "SELECT DISTINCT k, window_start, window_end FROM " + g.windows(1)
	case 5:
		return "SELECT * FROM (SELECT k, v, window_end, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v DESC, k, ts) AS r FROM " + g.windows(0) + ") AS x WHERE r <= " + g.pick("1", "2")
	case 6:
		return "SELECT a.k, a.ts, a.v, b.ts AS other FROM p a " + g.pick("", "LEFT ", "RIGHT ", "FULL ") + "JOIN q b ON " + g.pick("a.k = b.k AND ", "") + g.interval()
	case 7:
		return "SELECT a.k, a.ts, a.v FROM p a WHERE " + g.pick("", "NOT ") + "EXISTS (SELECT 1 FROM q b WHERE a.k = b.k AND " + g.interval() + ")"
	}
	side := func(table string) string {
		return "(SELECT k, window_start, window_end, COUNT(*) AS n FROM TUMBLE(" + table + ", DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY k, window_start, window_end)"
	}
	return "SELECT a.k, a.window_end, a.n, b.n AS m FROM " + side("p") + " a " + g.pick("", "LEFT ", "FULL ") + "JOIN " + side("q") +
		" b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end"
}

// late is a query over what a watermark leaves out.
func (g *timeGenerator) late() string {
	switch from := "LATE(" + g.pick("p", "q") + ")"; g.IntN(3) {
	case 0:
		return "SELECT k, reason, COUNT(*) AS n, MAX(lateness) AS most, MIN(watermark) AS least FROM " + from + " GROUP BY k, reason"
	case 1:
		return "SELECT l.*, t.v AS w FROM " + from + " AS l LEFT JOIN p t ON t.k = l.k AND t.ts = l.event_time"
	default:
		return "SELECT 'late' AS what, k, v, event_time AS at FROM " + from + " UNION ALL SELECT 'taken', k, v, ts FROM p"
	}
}

func (g *timeGenerator) interval() string {
	return fmt.Sprintf("b.ts BETWEEN a.ts - INTERVAL %d SECOND AND a.ts + INTERVAL %d SECOND", g.IntN(6), g.IntN(6))
}
