package sqlstream_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// EXPLAIN ANALYZE tells of each operator the rows, its own time, and the state that it
// has at the end.
func TestExplainAnalyze(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(1))
	exec(t, db, `CREATE TABLE t (k INT, v INT) WITH (connector = 'memory');`+memoryNumbersOf(1000))
	rows, err := db.Query(t.Context(), `EXPLAIN ANALYZE SELECT v, COUNT(*) AS n FROM t WHERE k >= 10 GROUP BY v`)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^ +(\d+) +(\d+) +(\S+) +(\d+) +(\d+)  (\S+)`)
	want := map[string][3]int{"Scan": {1000, 1000, 0}, "Filter": {1000, 990, 0}, "Aggregate": {990, 7, 7}}
	for rows.Next() {
		text, _ := rows.Text(0)
		m := line.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
		w, known := want[m[6]]
		delete(want, m[6])
		if known && (n(1) != w[0] || n(2) != w[1] || n(4) != w[2] || (n(5) > 0) != (w[2] > 0)) {
			t.Errorf("%s, want %v", text, w)
		}
		if d, err := time.ParseDuration(strings.Replace(m[3], "µ", "u", 1)); err != nil || d < 0 {
			t.Errorf("a time of %s", m[3])
		}
	}
	if err := rows.Err(); err != nil || len(want) > 0 {
		t.Errorf("%v; nothing is told of %v", err, want)
	}
}

// memoryNumbersOf writes (i, i % 7) for i below n into t.
func memoryNumbersOf(n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, "("+strconv.Itoa(i)+","+strconv.Itoa(i%7)+")")
	}
	return "INSERT INTO t VALUES " + strings.Join(rows, ",")
}
