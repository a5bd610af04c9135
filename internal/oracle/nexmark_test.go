package oracle_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/bench/nexmark"
	"github.com/sqlstream/sqlstream/internal/benchmark"
	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/oracle"
	"github.com/sqlstream/sqlstream/internal/probe"
	parser "github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// Of 100,000 events every query of Nexmark answers what SQLite does.
func TestNexmark(t *testing.T) {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) // of windows by the clock there is one
	db, err := sqlstream.Open(t.Context(), sqlstream.WithClock(func() time.Time { return noon }))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := naive.Tables{}
	exec(t.Context(), t, db, nexmark.Workload.Setup)
	for _, table := range nexmark.Workload.Tables {
		exec(t.Context(), t, db, table.Create(table.Generated(0, 100_000, "'rows.per.second' = '0'")))
		tables[table.Name] = naive.RowsOf(answerOf(t, db, "SELECT * FROM "+table.Name))
	}
	lite := nexmarkSQLite(t, db)
	for _, q := range nexmark.Workload.Queries {
		t.Run(q.Name, func(t *testing.T) {
			if !answeredByPlan(t, db, q, tables) {
				answeredByText(t, db, lite, q)
			}
		})
	}
}

// answeredByPlan compares the answer with that to the printed plan; false where the plan
// has what SQLite lacks.
func answeredByPlan(t *testing.T, db *sqlstream.DB, q benchmark.Query, tables naive.Tables) bool {
	st, err := parser.ParseOne("", q.SQL)
	if err != nil {
		t.Fatal(err)
	}
	inside := probe.Look(db)
	plan, err := inside.Planner.Plan(st.(*parser.Select).Query)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := oracle.Answer(t.Context(), plan.Bound, tables)
	if missing := oracle.Missing(""); errors.As(err, &missing) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	got, want := answerOf(t, db, q.SQL), naive.Batch(plan.Visible(), rows)
	if diff := zset.Consolidate(got, want.Negated()); diff.Len > 0 {
		t.Errorf("%d rows, SQLite has %d; of the first too many, of the others too few:\n%.2000s", got.Len, want.Len, diff)
	}
	return true
}

func answerOf(t *testing.T, db *sqlstream.DB, query string) *zset.Batch {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	b, err := benchmark.Whole(rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// nexmarkSQLite fills SQLite with the events. date_time is text there, as the engine
// prints it, and ts the same in microseconds.
func nexmarkSQLite(t *testing.T, db *sqlstream.DB) *sql.DB {
	lite := openSQLite(t)
	liteExec(t, lite, "CREATE TABLE side_input (`key` BIGINT, value BIGINT)")
	liteExec(t, lite, "INSERT INTO side_input WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < 9999) SELECT n, n FROM s")
	for _, table := range nexmark.Workload.Tables {
		rows, err := db.Query(t.Context(), "SELECT *, TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', date_time) AS ts FROM "+table.Name)
		if err != nil {
			t.Fatal(err)
		}
		defined, _, _ := strings.Cut(table.Columns, ", WATERMARK")
		columns := strings.NewReplacer("VARCHAR", "TEXT", "TIMESTAMP(3)", "TEXT").Replace(defined) + ", ts BIGINT"
		liteExec(t, lite, fmt.Sprintf("CREATE TABLE %s (%s)", table.Name, columns))
		tx, err := lite.Begin()
		if err != nil {
			t.Fatal(err)
		}
		insert, err := tx.Prepare("INSERT INTO " + table.Name + " VALUES (?" + strings.Repeat(", ?", strings.Count(columns, ",")) + ")")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(rows.Columns()))
			for i := range values {
				values[i], _ = rows.Text(i)
			}
			if _, err := insert.Exec(values...); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(rows.Err(), tx.Commit()); err != nil {
			t.Fatal(err)
		}
	}
	return lite
}

// nexmarkDialect says in SQLite's words what it has others for.
var nexmarkDialect = strings.NewReplacer(
	"DATE_FORMAT(date_time, '%Y-%m-%d')", "substr(date_time, 1, 10)",
	"DATE_FORMAT(date_time, '%H:%i')", "substr(date_time, 12, 5)",
	"HOUR(date_time)", "CAST(substr(date_time, 12, 2) AS INTEGER)",
	"SUBSTRING_INDEX(SUBSTRING_INDEX(url, '&channel_id=', -1), '&', 1)", "substr(url, instr(url, '&channel_id=') + 12)",
	"SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 4), '/', -1)", `json_extract('["' || replace(url, '/', '","') || '"]', '$[3]')`,
	"SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 5), '/', -1)", `json_extract('["' || replace(url, '/', '","') || '"]', '$[4]')`,
	"SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 6), '/', -1)", `json_extract('["' || replace(url, '/', '","') || '"]', '$[5]')`,
	"TUMBLE(bid, DESCRIPTOR(date_time), INTERVAL 10 SECOND)", tumbled("bid"),
	"TUMBLE(person, DESCRIPTOR(date_time), INTERVAL 10 SECOND)", tumbled("person"),
	"TUMBLE(auction, DESCRIPTOR(date_time), INTERVAL 10 SECOND)", tumbled("auction"),
	"TUMBLE(bid, DESCRIPTOR(PROCTIME()), INTERVAL 10 SECOND)",
	"(SELECT *, 1772625600000000 AS window_start, 1772625610000000 AS window_end FROM bid)",
	"HOP(bid, DESCRIPTOR(date_time), INTERVAL 2 SECOND, INTERVAL 10 SECOND)",
	"(SELECT b.*, ts - ts % 2000000 - k.value * 2000000 AS window_start, ts - ts % 2000000 - k.value * 2000000 + 10000000 AS window_end FROM bid b, json_each('[0, 1, 2, 3, 4]') k)",
	"SESSION(bid PARTITION BY bidder, DESCRIPTOR(date_time), INTERVAL 10 SECOND)",
	`(SELECT bidder, MIN(ts) OVER s AS window_start, MAX(ts) OVER s + 10000000 AS window_end FROM (
		SELECT bidder, ts, SUM(fresh) OVER (PARTITION BY bidder ORDER BY ts) AS session FROM (
			SELECT bidder, ts, ts - LAG(ts, 1, -10000000) OVER (PARTITION BY bidder ORDER BY ts) >= 10000000 AS fresh FROM bid))
		WINDOW s AS (PARTITION BY bidder, session))`,
	"B.date_time BETWEEN M.we - INTERVAL 10 SECOND AND M.we", "B.ts BETWEEN M.we - 10000000 AND M.we",
	"FOR SYSTEM_TIME AS OF PROCTIME() ", "",
	"P.st AS starttime", "strftime('%Y-%m-%d %H:%M:%S.000', P.st / 1000000, 'unixepoch') AS starttime",
	"window_start AS starttime", "strftime('%Y-%m-%d %H:%M:%f', window_start / 1000000.0, 'unixepoch') AS starttime",
	"window_end AS endtime", "strftime('%Y-%m-%d %H:%M:%f', window_end / 1000000.0, 'unixepoch') AS endtime",
)

func tumbled(table string) string {
	return "(SELECT *, ts - ts % 10000000 AS window_start, ts - ts % 10000000 + 10000000 AS window_end FROM " + table + ")"
}

// answeredByText compares the answer with that to the query in SQLite's words.
func answeredByText(t *testing.T, db *sqlstream.DB, lite *sql.DB, q benchmark.Query) {
	rows, err := db.Query(t.Context(), q.SQL)
	if err != nil {
		t.Fatal(err)
	}
	sameAsSQLite(t, q.Name, rows, liteRows(t, lite, nexmarkDialect.Replace(q.SQL)))
}
