package sqlstream_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// disorderly are queries over a table that say when a row of theirs is final: when the
// watermark has reached its time at, or has passed it.
var disorderly = []struct{ query, final string }{
	{"SELECT window_end AS at, COUNT(*) AS n, SUM(v) AS s FROM TUMBLE(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end", "<="},
	{`SELECT window_end AS at, COUNT(*) AS n, MAX(n) AS s FROM TUMBLE((SELECT window_time AS at, k, COUNT(*) AS n FROM TUMBLE(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 5 SECOND)
		GROUP BY k, window_start, window_end, window_time), DESCRIPTOR(at), INTERVAL 10 SECOND) GROUP BY window_start, window_end`, "<="},
	{"SELECT at, MAX(n) AS n, COUNT(*) AS s FROM (SELECT window_end AS at, k, COUNT(*) AS n FROM HOP(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 3 SECOND, INTERVAL 12 SECOND) GROUP BY k, window_start, window_end) AS x GROUP BY at", "<="},
	{"SELECT window_end AS at, k AS n, AVG(v) AS s FROM CUMULATE(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 4 SECOND, INTERVAL 12 SECOND) GROUP BY k, window_start, window_end", "<="},
	{"SELECT window_end AS at, k AS n, COUNT(*) AS s FROM SESSION(TABLE %[1]s PARTITION BY k, DESCRIPTOR(ts), INTERVAL 4 SECOND) GROUP BY k, window_start, window_end", "<"},
	{"SELECT a.ts AS at, a.v AS n, b.v AS s FROM %[1]s a LEFT JOIN %[1]s b ON a.k = b.k AND a.v = b.v + 1 AND b.ts BETWEEN a.ts - INTERVAL 3 SECOND AND a.ts", "<"},
	{"SELECT window_end AS at, k AS n, v AS s FROM TUMBLE(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 10 SECOND) QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v DESC, k, ts) <= 2", "<="},
	{`SELECT l.window_end AS at, l.n, r.n AS s FROM (SELECT window_start, window_end, COUNT(*) AS n FROM TUMBLE(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end) AS l
		LEFT JOIN (SELECT window_start, window_end, COUNT(*) AS n FROM TUMBLE((SELECT * FROM %[1]s WHERE v > 2), DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end) AS r
		ON l.window_start = r.window_start AND l.window_end = r.window_end`, "<="},
	{"SELECT l.e AS at, l.k AS n, l.n AS s FROM " + hopsOfK + " AS l JOIN (SELECT s, e, MAX(n) AS most FROM " + hopsOfK + " AS c GROUP BY s, e) AS r ON l.s = r.s AND l.e = r.e AND l.n >= r.most", "<="},
	{"SELECT l.e AS at, l.k AS n, l.n AS s FROM " + hopsOfK + " AS l WHERE NOT EXISTS (SELECT 1 FROM " + hopsOfK + " AS r WHERE r.s = l.s AND r.e = l.e AND r.n > l.n)", "<="},
	{"SELECT e AS at, SUM(n) AS n, COUNT(*) AS s FROM (SELECT e, n FROM " + hopsOfK + " AS a WHERE n > 2 UNION ALL SELECT e, -1 FROM " + hopsOfK + " AS b WHERE k = 1) AS u GROUP BY e", "<="},
	{"SELECT e AS at, k AS n, RANK() OVER (PARTITION BY s, e ORDER BY n DESC) AS s FROM " + hopsOfK + " AS a", "<="},
	{"SELECT ts AS at, k AS n, SUM(v) OVER (PARTITION BY k ORDER BY ts) AS s FROM %[1]s", "<"},
}

// hopsOfK are the rows of each k in overlapping windows.
const hopsOfK = "(SELECT k, window_start AS s, window_end AS e, COUNT(*) AS n FROM HOP(TABLE %[1]s, DESCRIPTOR(ts), INTERVAL 3 SECOND, INTERVAL 9 SECOND) GROUP BY k, window_start, window_end)"

var disorders = flag.Uint64("disorders", 300, "how many disorders rows come in, in TestDisorder")

// Rows come in any disorder, and are cut into epochs by lot. Which are taken is what the log
// says, in all cuts; what is forgotten is missed by nobody, windows of windows included; and
// what comes out in mode APPEND is, after every epoch, each row once that the answer over all
// rows taken has below the watermark.
func TestDisorder(t *testing.T) {
	for seed := range raced(*disorders, 2*uint64(len(disorderly))) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			q := disorderly[seed%uint64(len(disorderly))]
			delay := r.IntN(8)
			db := opened(t, sqlstream.WithParallelism(1+r.IntN(2)))
			for _, name := range []string{"e", "recut"} {
				exec(t, db, fmt.Sprintf("CREATE TABLE %s (k INT, v INT, ts TIMESTAMP(0) NOT NULL, WATERMARK FOR ts AS ts - INTERVAL %d SECOND) WITH (connector = 'memory', append_only = 'true')", name, delay))
			}
			exec(t, db, "CREATE TABLE taken (k INT, v INT, ts TIMESTAMP(0) NOT NULL) WITH (connector = 'memory', append_only = 'true')")
			exec(t, db, "CREATE MATERIALIZED VIEW forever AS "+fmt.Sprintf(q.query, "taken"))
			begin := func(table, mode string) *sqlstream.Query {
				return start(t, db, fmt.Sprintf(q.query, table)+" EMIT "+mode, sqlstream.WithResult())
			}
			final, forgetful, other := begin("e", "APPEND"), begin("e", "UPDATE"), begin("recut", "APPEND")

			log, accepted := disorderedLog(r, delay)
			at, recut := 0, 0
			for at < len(log) {
				n := 1 + r.IntN(len(log)-at)
				insertRows(t, db, "e", log[at:at+n])
				insertRows(t, db, "taken", accepted[at:at+n])
				at += n
				for recut < at && r.IntN(3) > 0 {
					n := 1 + r.IntN(at-recut)
					insertRows(t, db, "recut", log[recut:recut+n])
					recut += n
				}
				equal(t, sortedLines(settled(t, forgetful)), sortedLines(ask(t, db, "SELECT * FROM forever")))
				want := ""
				got := settled(t, final)
				if w := final.Progress().Sources[0].EventTime.Watermark; w != nil {
					want = ask(t, db, fmt.Sprintf("SELECT * FROM forever WHERE at %s '%s'", q.final, w.Format(time.DateTime)))
				}
				equal(t, sortedLines(got), sortedLines(want))
			}
			insertRows(t, db, "recut", log[recut:])
			equal(t, sortedLines(settled(t, other)), sortedLines(settled(t, final)))
			for _, table := range []string{"e", "recut"} {
				equal(t, sortedLines(ask(t, db, "SELECT * FROM "+table)), sortedLines(ask(t, db, "SELECT * FROM taken")))
			}
			equal(t, sortedLines(ask(t, db, fmt.Sprintf(q.query, "taken"))), sortedLines(ask(t, db, "SELECT * FROM forever")))
		})
	}
}

// disorderedLog are rows whose times go on with leaps back and forth; beside them the same
// with those that are late left empty.
func disorderedLog(r *rand.Rand, delay int) (log, accepted []string) {
	at, spread, watermark := r.IntN(30)-15, 1+r.IntN(12), -1000
	for range 5 + r.IntN(40) {
		at += r.IntN(5)
		second := at - r.IntN(spread)
		row := fmt.Sprintf("(%d, %d, '%s')", r.IntN(3), r.IntN(5), time.Date(1970, 1, 1, 0, 0, second, 0, time.UTC).Format(time.DateTime))
		log, accepted = append(log, row), append(accepted, "")
		if second >= watermark {
			accepted[len(accepted)-1] = row
			watermark = max(watermark, second-delay)
		}
	}
	return log, accepted
}

// insertRows inserts those that are not empty, in one epoch.
func insertRows(t *testing.T, db *sqlstream.DB, table string, rows []string) {
	t.Helper()
	var there []string
	for _, r := range rows {
		if r != "" {
			there = append(there, r)
		}
	}
	if len(there) > 0 {
		exec(t, db, "INSERT INTO "+table+" VALUES "+strings.Join(there, ", "))
	}
}
