package sqlstream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// A pageBlock is a table of a page, a row a line of cells, or a block of code in a language.
type pageBlock struct {
	lang  string
	code  string
	table [][]string
}

// timePage are the blocks of docs/time.md in their order.
func timePage(t *testing.T) []pageBlock {
	t.Helper()
	text, err := os.ReadFile("docs/time.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []pageBlock
	within, code, table := false, pageBlock{}, pageBlock{}
	for line := range strings.Lines(string(text) + "\n") {
		line = strings.TrimSuffix(line, "\n")
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && within:
			out, within = append(out, code), false
		case fence:
			within, code = true, pageBlock{lang: lang}
		case within:
			code.code += line + "\n"
		case strings.HasPrefix(line, "|"):
			if cells := strings.Split(strings.Trim(line, "|"), "|"); !strings.HasPrefix(cells[0], "---") {
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				table.table = append(table.table, cells)
			}
		case table.table != nil:
			out, table = append(out, table), pageBlock{}
		}
	}
	return out
}

// tableOf is the only table of the page whose first row is that.
func tableOf(t *testing.T, page []pageBlock, header ...string) [][]string {
	t.Helper()
	i := slices.IndexFunc(page, func(b pageBlock) bool { return len(b.table) > 0 && slices.Equal(b.table[0], header) })
	if i < 0 {
		t.Fatalf("docs/time.md has no table %q", header)
	}
	return page[i].table[1:]
}

// bidsOfPage is a database with the table that the page's pictures of windows are of.
func bidsOfPage(t *testing.T, page []pageBlock) *sqlstream.DB {
	t.Helper()
	db := opened(t)
	exec(t, db, `CREATE TABLE bids (item VARCHAR, price INT, ts TIMESTAMP(0)) WITH (connector = 'memory')`)
	for _, r := range tableOf(t, page, "item", "price", "ts") {
		exec(t, db, fmt.Sprintf("INSERT INTO bids VALUES ('%s', %s, '2026-01-01 %s')", r[0], r[1], r[2]))
	}
	return db
}

// pictured is a query for the columns of a picture, times as those of a day.
func pictured(columns []string, from string) string {
	var list, group []string
	for _, c := range columns {
		switch c {
		case "":
			continue
		case "prices":
			list = append(list, "GROUP_CONCAT(price ORDER BY ts SEPARATOR ', ')")
		case "ts", "window_start", "window_end":
			list, group = append(list, fmt.Sprintf("DATE_FORMAT(%s, '%%H:%%i:%%s')", c)), append(group, c)
		default:
			list, group = append(list, c), append(group, c)
		}
	}
	query := "SELECT " + strings.Join(list, ", ") + " FROM " + from
	if len(group) < len(list) {
		query += " GROUP BY " + strings.Join(group, ", ")
	}
	return query
}

// drawn are rows as lines of the cells that they have in a picture, sorted.
func drawn(t *testing.T, rows *sqlstream.Rows, err error) []string {
	t.Helper()
	var out []string
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]string, len(rows.Columns()))
		for i := range cells {
			cells[i], _ = rows.Text(i)
		}
		out = append(out, strings.Join(cells, " | "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func cells(rows [][]string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, strings.Join(r, " | "))
	}
	slices.Sort(out)
	return out
}

var windowCall = regexp.MustCompile(`^(TUMBLE|HOP|CUMULATE|SESSION)\(.*\)\n`)

// What docs/time.md draws under a window function is what the function answers, and what a
// row more changes in sessions is what it says.
func TestPicturesOfWindows(t *testing.T) {
	page := timePage(t)
	db := bidsOfPage(t, page)
	seen := 0
	for i, b := range page {
		call := strings.TrimSpace(windowCall.FindString(b.code))
		if b.lang != "" || call == "" {
			continue
		}
		seen++
		picture := page[i+1].table
		rows, err := db.Query(t.Context(), pictured(picture[0], call))
		if got, want := drawn(t, rows, err), cells(picture[1:]); !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", call, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		change := page[i+2].table
		if len(change) == 0 || change[0][0] != "" {
			continue
		}
		q := start(t, db, pictured(change[0], call)+" EMIT UPDATE", sqlstream.WithResult())
		before := drawnResult(t, q)
		exec(t, db, "INSERT INTO bids VALUES ('b', 0, '2026-01-01 10:00:15')")
		after := drawnResult(t, q)
		exec(t, db, "DELETE FROM bids WHERE price = 0")
		var got []string
		for _, r := range before {
			if !slices.Contains(after, r) {
				got = append(got, "− | "+r)
			}
		}
		for _, r := range after {
			if !slices.Contains(before, r) {
				got = append(got, "+ | "+r)
			}
		}
		slices.Sort(got)
		if want := cells(change[1:]); !slices.Equal(got, want) {
			t.Errorf("%s changes by\n%s\nwant\n%s", call, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if again := drawnResult(t, q); !slices.Equal(again, before) {
			t.Errorf("without the row there is\n%s\nand was\n%s", strings.Join(again, "\n"), strings.Join(before, "\n"))
		}
	}
	if seen != 4 {
		t.Errorf("%d pictures of windows", seen)
	}
}

func drawnResult(t *testing.T, q *sqlstream.Query) []string {
	t.Helper()
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := q.Result(t.Context())
	return drawn(t, rows, err)
}

// Every statement of docs/time.md runs, queries as continuous ones, too.
func TestStatementsOfTimePage(t *testing.T) {
	page := timePage(t)
	db := bidsOfPage(t, page)
	with := regexp.MustCompile(`WITH \(([^)]*, )?…\)`)
	seen := 0
	for _, b := range page {
		if b.lang != "sql" {
			continue
		}
		text := with.ReplaceAllString(b.code, "WITH (connector = 'memory', append_only = 'true')")
		for st := range strings.SplitSeq(strings.TrimSpace(text), ";\n") {
			st = strings.TrimSuffix(strings.TrimSpace(st), ";")
			seen++
			switch {
			case strings.HasPrefix(st, "INSERT INTO dead_letters"):
				exec(t, db, "CREATE TABLE dead_letters (split VARCHAR, `offset` BIGINT, event_time TIMESTAMP, watermark TIMESTAMP, lateness BIGINT, reason VARCHAR, page VARCHAR, ts TIMESTAMP(3)) WITH (connector = 'discard');\n"+st)
			case !strings.HasPrefix(st, "SELECT"):
				exec(t, db, st)
			default:
				if !strings.Contains(st, "EMIT") {
					ask(t, db, st)
					st += " EMIT UPDATE"
				}
				drawnResult(t, start(t, db, st, sqlstream.WithResult()))
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d statements", seen)
	}
}

// What docs/time.md tells of partitions, row by row, is what SHOW WATERMARKS shows; and the
// late row of the example is among LATE(clicks) as the page has it.
func TestPicturesOfPartitions(t *testing.T) {
	page := timePage(t)
	p := newClicks(t, 2)
	for _, r := range tableOf(t, page, "row comes", "in partition", "", "watermark of 0", "of 1", "of the table") {
		p.write(r[1], r[0])
		equal(t, p.standing(), strings.Join(r[3:], " ")+"\n")
		if late := strings.HasPrefix(r[2], "late"); late != (ask(t, p.db, "SELECT COUNT(*) FROM LATE(clicks)") == "+1 1\n") && late {
			t.Errorf("row %q is not late", r)
		}
	}
	header := []string{"split", "offset", "event_time", "watermark", "lateness", "reason", "page", "ts"}
	rows, err := p.db.Query(t.Context(), `SELECT 'clicks/0', offset, DATE_FORMAT(event_time, '%H:%i:%s'), DATE_FORMAT(watermark, '%H:%i:%s'), lateness, reason, page, DATE_FORMAT(ts, '%H:%i:%s') FROM LATE(clicks) WHERE split LIKE '%/0.json'`)
	if got, want := drawn(t, rows, err), cells(tableOf(t, page, header...)); !slices.Equal(got, want) {
		t.Errorf("late are %q, not %q", got, want)
	}

	p = newClicks(t, 3)
	before := []string{"none", "none", "none"}
	for _, r := range tableOf(t, page, "clock", "", "watermark of 0", "of 1", "of 2", "of the table") {
		at, err := time.Parse("15:04", r[0])
		if err != nil {
			t.Fatal(err)
		}
		p.now.Store(time.Date(2026, 1, 1, at.Hour(), at.Minute(), 0, 0, time.UTC).Unix())
		if strings.Contains(r[1], "a row of 11:00:00, which is late") {
			p.write("2", "11:00:00")
		}
		for k, w := range r[2:5] {
			if own, err := time.Parse(time.TimeOnly, w); err == nil && w != before[k] {
				p.write(fmt.Sprint(k), own.Add(5*time.Second).Format(time.TimeOnly))
			}
			before[k] = w
		}
		equal(t, p.standing(), strings.Join(r[2:], " ")+"\n")
	}
	if n := p.q.Progress().Sources[0].EventTime.LateRows; n != 1 {
		t.Errorf("%d rows are late", n)
	}
}

// What docs/time.md shows of SHOW WATERMARKS is what it says.
func TestPictureOfWatermarks(t *testing.T) {
	p := newClicks(t, 3)
	q := start(t, p.db, "SELECT window_end, COUNT(*) FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 1 MINUTE) GROUP BY window_start, window_end EMIT UPDATE",
		sqlstream.WithName("q"), sqlstream.WithResult())
	settled(t, q)
	p.now.Add(50)
	p.write("0", "12:00:55")
	p.write("0", "12:00:00")
	p.write("1", "12:00:45")
	settled(t, q)
	p.now.Add(10)
	settled(t, q)
	rows, err := p.db.Query(t.Context(), "SHOW WATERMARKS LIKE 'q'")
	if err != nil {
		t.Fatal(err)
	}
	header := rows.Columns()
	var shown []string
	for rows.Next() {
		var line []string
		for i := range header {
			cell, there := rows.Text(i)
			if !there {
				cell = "NULL"
			}
			line = append(line, strings.NewReplacer(p.dir, "clicks", ".json", "").Replace(cell))
		}
		shown = append(shown, strings.Join(line, " | "))
	}
	if want := cells(tableOf(t, timePage(t), header...)); !slices.Equal(slices.Sorted(slices.Values(shown)), want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(shown, "\n"), strings.Join(want, "\n"))
	}
}

// What docs/time.md tells of a join in time, row by row, is what comes out.
func TestPictureOfJoin(t *testing.T) {
	page := timePage(t)
	db := opened(t)
	for _, b := range page {
		if b.lang == "sql" && strings.Contains(b.code, "TABLE shown") {
			tables, query, _ := strings.Cut(b.code, "\n\n")
			exec(t, db, strings.ReplaceAll(tables, "(…)", "(connector = 'memory', append_only = 'true')"))
			q := start(t, db, strings.TrimSuffix(strings.TrimSpace(query), ";"), sqlstream.WithResult())
			before := ""
			for _, r := range tableOf(t, page, "comes", "ad", "at", "watermark of shown", "of clicked, less a minute", "put out") {
				exec(t, db, fmt.Sprintf("INSERT INTO %s VALUES (%s, '2026-01-01 %s')", r[0], r[1], r[2]))
				after := settled(t, q)
				came := strings.TrimSpace(strings.NewReplacer("2026-01-01 ", "", `"`, "", "+1 ", "").Replace(strings.TrimPrefix(after, before)))
				if want := strings.ReplaceAll(r[5], ",", ""); came != want {
					t.Errorf("%q: %q comes out, not %q", r, came, want)
				}
				before = after
				for i, name := range []string{"shown", "clicked"} {
					for _, s := range q.Progress().Sources {
						if w := s.EventTime.Watermark; s.Description == name && (w == nil) != (r[3+i] == "none") ||
							s.Description == name && w != nil && w.Add(time.Duration(-i)*time.Minute).Format(time.TimeOnly) != r[3+i] {
							t.Errorf("%q: the watermark of %s is %v", r, name, w)
						}
					}
				}
			}
			return
		}
	}
	t.Error("docs/time.md has no table shown")
}

// A clicks is a table of files as the page's clicks has partitions, and a query over it.
type clicks struct {
	t   *testing.T
	db  *sqlstream.DB
	dir string
	now atomic.Int64
	q   *sqlstream.Query

	windows *sqlstream.Query // how many rows are in the windows of ten seconds that are closed
}

func newClicks(t *testing.T, partitions int, options ...string) *clicks {
	c := &clicks{t: t, dir: t.TempDir()}
	c.now.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Unix())
	c.db = opened(t, sqlstream.WithClock(func() time.Time { return time.Unix(c.now.Load(), 0) }))
	for k := range partitions {
		c.append(fmt.Sprint(k), "")
	}
	exec(t, c.db, fmt.Sprintf(`CREATE TABLE clicks (page VARCHAR, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL 5 SECOND)
		WITH (connector = 'file', path = '%s/*.json', format = 'json', idle_timeout = '1 minute'%s)`, c.dir, strings.Join(append([]string{""}, options...), ", ")))
	c.q = start(t, c.db, "SELECT ts FROM clicks EMIT APPEND")
	c.windows = start(t, c.db, "SELECT window_end, COUNT(*) FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end EMIT APPEND", sqlstream.WithResult())
	c.standing()
	return c
}

func (c *clicks) append(partition, text string) {
	c.t.Helper()
	f, err := os.OpenFile(filepath.Join(c.dir, partition+".json"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// write has a row of a time of the day come.
func (c *clicks) write(partition, at string) {
	c.t.Helper()
	c.append(partition, fmt.Sprintf("{\"page\": \"/\", \"ts\": \"2026-01-01 %s\"}\n", at))
}

// standing are the watermarks of the partitions, and of the table.
func (c *clicks) standing() string {
	c.t.Helper()
	if err := c.q.ProcessAllAvailable(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	event := c.q.Progress().Sources[0].EventTime
	show := func(at *time.Time) string {
		if at == nil {
			return "none"
		}
		return at.Format(time.TimeOnly)
	}
	var out []string
	for k := range len(event.Splits) {
		for split, at := range event.Splits {
			if filepath.Base(string(split)) != fmt.Sprintf("%d.json", k) {
				continue
			}
			if slices.Contains(event.Idle, split) {
				out = append(out, "idle")
			} else {
				out = append(out, show(at))
			}
		}
	}
	return strings.Join(append(out, show(event.Watermark)), " ") + "\n"
}

// The options that docs/time.md lists are those of a table with a watermark, with the
// defaults that it says.
func TestOptionsOfTimePage(t *testing.T) {
	source, err := os.ReadFile("watermark.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, o := range regexp.MustCompile(`{Name: "([a-z.]+)", Default: "([^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, o[1]+" "+o[2])
	}
	var got []string
	db := opened(t)
	for i, o := range tableOf(t, timePage(t), "option", "default", "") {
		name, value := strings.Trim(o[0], "`"), strings.Trim(o[1], "`")
		got = append(got, name+" "+value)
		exec(t, db, fmt.Sprintf("CREATE TABLE t%d (ts TIMESTAMP, WATERMARK FOR ts AS ts) WITH (connector = 'memory', append_only = 'true', '%s' = '%s')", i, name, value))
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the page has %q, the engine %q", got, want)
	}
}
