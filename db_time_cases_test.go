package sqlstream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// What time does to streams, case by case, as a user sees it: the final windows of ten
// seconds of a table of files, each a partition.
func TestTimeCases(t *testing.T) {
	everywhere := func(p *clicks, partitions int, at string) {
		for k := range partitions {
			p.write(fmt.Sprint(k), at)
		}
	}
	closed := func(p *clicks, want string) {
		p.t.Helper()
		if err := p.windows.ProcessAllAvailable(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		rows, err := p.windows.Result(p.t.Context())
		equal(p.t, "\n"+text(p.t, rows, err), want)
	}
	t.Run("one of eight partitions silent", func(t *testing.T) {
		p := newClicks(t, 8)
		everywhere(p, 7, "12:00:01")
		everywhere(p, 7, "12:00:15")
		closed(p, "\n")
		p.now.Add(60)
		closed(p, `
+1 "2026-01-01 12:00:10.000" 7
`)
		p.write("7", "12:00:12") // it wakes, and holds the others back again
		everywhere(p, 7, "12:00:40")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 7
`)
		p.write("7", "12:00:40")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 7
+1 "2026-01-01 12:00:20.000" 8
`)
	})
	t.Run("all silent, then one wakes with old rows", func(t *testing.T) {
		p := newClicks(t, 3)
		p.write("0", "12:00:15")
		p.write("1", "12:00:38")
		p.write("2", "12:00:02")
		closed(p, "\n")
		p.now.Add(60)
		final := `
+1 "2026-01-01 12:00:10.000" 1
+1 "2026-01-01 12:00:20.000" 1
`
		closed(p, final)
		p.write("2", "12:00:03") // late in the table, not in its partition
		p.write("2", "12:00:33")
		closed(p, final)
		if n := p.windows.Progress().Sources[0].EventTime.LateRows; n != 1 {
			t.Errorf("%d rows are late", n)
		}
		everywhere(p, 3, "12:01:00")
		closed(p, final+"+1 \"2026-01-01 12:00:40.000\" 2\n")
	})
	t.Run("a record a year ahead", func(t *testing.T) {
		p := newClicks(t, 2)
		everywhere(p, 2, "12:00:01")
		p.append("0", "{\"ts\": \"2027-01-01 12:00:00\"}\n")
		everywhere(p, 2, "12:00:16")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 2
`)
		if n := p.windows.Progress().Sources[0].EventTime.LateRows; n != 1 {
			t.Errorf("%d rows are late", n)
		}
		p = newClicks(t, 2, "max_future = '1 hour'")
		everywhere(p, 2, "12:00:01")
		p.append("0", "{\"ts\": \"2027-01-01 12:00:00\"}\n")
		everywhere(p, 2, "12:00:16")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 2
`)
		p.now.Add(60)
		everywhere(p, 2, "12:00:31")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 2
+1 "2026-01-01 12:00:20.000" 2
`)
		equal(t, ask(t, p.db, "SELECT ts, reason FROM LATE(clicks)"), "+1 \"2027-01-01 12:00:00.000\" future\n")
	})
	t.Run("the clock goes back", func(t *testing.T) {
		p := newClicks(t, 2)
		p.write("0", "12:00:01")
		p.write("0", "12:00:15")
		closed(p, "\n")
		p.now.Add(-3600)
		closed(p, "\n")
		p.now.Add(59)
		closed(p, "\n")
		p.now.Add(1)
		final := `
+1 "2026-01-01 12:00:10.000" 1
`
		closed(p, final)
		p.now.Add(-3600)
		everywhere(p, 2, "12:00:31")
		closed(p, final+"+1 \"2026-01-01 12:00:20.000\" 1\n")
	})
	t.Run("the year 1969", func(t *testing.T) {
		p := newClicks(t, 1)
		for _, at := range []string{"1969-12-31 23:59:49.999", "1969-12-31 23:59:50", "1969-12-31 23:59:59.999", "1970-01-01 00:00:00", "1970-01-01 00:00:15"} {
			p.append("0", fmt.Sprintf("{\"ts\": %q}\n", at))
		}
		closed(p, `
+1 "1969-12-31 23:59:50.000" 1
+1 "1970-01-01 00:00:00.000" 2
+1 "1970-01-01 00:00:10.000" 1
`)
	})
	t.Run("the watermark's column is NULL", func(t *testing.T) {
		p := newClicks(t, 2)
		everywhere(p, 2, "12:00:01")
		p.append("0", "{\"page\": \"/\"}\n{\"ts\": null}\n")
		everywhere(p, 2, "12:00:15")
		closed(p, `
+1 "2026-01-01 12:00:10.000" 2
`)
		equal(t, ask(t, p.db, "SELECT COUNT(*), COUNT(ts) FROM clicks"), "+1 6 4\n")
		equal(t, ask(t, p.db, "SELECT COUNT(*) FROM LATE(clicks)"), "+1 0\n")
	})
	t.Run("a leap second as text", func(t *testing.T) {
		p := newClicks(t, 1, "on_error = 'skip'")
		p.append("0", "{\"ts\": \"2016-12-31 23:59:59.999\"}\n{\"ts\": \"2016-12-31 23:59:60\"}\n{\"ts\": \"2017-01-01 00:00:00\"}\n{\"ts\": \"2017-01-01 00:00:15\"}\n")
		closed(p, `
+1 "2017-01-01 00:00:00.000" 1
+1 "2017-01-01 00:00:10.000" 1
`)
		if n := p.windows.Progress().Sources[0].BadRecords; n != 1 {
			t.Errorf("%d records are bad", n)
		}
		for _, cast := range []string{"CAST('2016-12-31 23:59:60' AS TIMESTAMP)", "TIMESTAMP '2016-12-31 23:59:60'"} {
			rows, err := p.db.Query(t.Context(), "SELECT "+cast)
			if err == nil {
				rows.Next()
				err = rows.Err()
			}
			if err == nil || !strings.Contains(err.Error(), "'2016-12-31 23:59:60' is not a TIMESTAMP") {
				t.Errorf("%s: %v", cast, err)
			}
		}
		equal(t, ask(t, p.db, "SELECT TRY_CAST('2016-12-31 23:59:60' AS TIMESTAMP), UNIX_TIMESTAMP('2017-01-01 00:00:00') - UNIX_TIMESTAMP('2016-12-31 23:59:59')"), "+1 NULL 1\n")
	})
	t.Run("daylight-saving change in CONVERT_TZ", func(t *testing.T) {
		db := opened(t)
		exec(t, db, `CREATE TABLE local (ts TIMESTAMP(0), WATERMARK FOR ts AS ts) WITH (connector = 'memory', append_only = 'true')`)
		q := start(t, db, `SELECT window_start, CONVERT_TZ(window_start, 'UTC', 'Europe/Berlin') AS berlin, COUNT(*) FROM TUMBLE(TABLE local, DESCRIPTOR(ts), INTERVAL 1 HOUR) GROUP BY window_start, window_end EMIT APPEND`, sqlstream.WithResult())
		for _, day := range []string{"2026-03-29", "2026-10-25"} {
			for hour := range 4 {
				exec(t, db, fmt.Sprintf("INSERT INTO local VALUES ('%s %02d:30:00')", day, hour))
			}
		}
		// In spring the hour from two to three is left out, in autumn it is there twice.
		equal(t, "\n"+settled(t, q), `
+1 "2026-03-29 00:00:00.000" "2026-03-29 01:00:00.000" 1
+1 "2026-03-29 01:00:00.000" "2026-03-29 03:00:00.000" 1
+1 "2026-03-29 02:00:00.000" "2026-03-29 04:00:00.000" 1
+1 "2026-03-29 03:00:00.000" "2026-03-29 05:00:00.000" 1
+1 "2026-10-25 00:00:00.000" "2026-10-25 02:00:00.000" 1
+1 "2026-10-25 01:00:00.000" "2026-10-25 02:00:00.000" 1
+1 "2026-10-25 02:00:00.000" "2026-10-25 03:00:00.000" 1
`)
		equal(t, ask(t, db, `SELECT CONVERT_TZ('2026-03-29 02:30:00', 'Europe/Berlin', 'UTC'), CONVERT_TZ('2026-10-25 02:30:00', 'Europe/Berlin', 'UTC')`),
			"+1 \"2026-03-29 01:00:00\" \"2026-10-25 00:30:00\"\n")
	})
}
