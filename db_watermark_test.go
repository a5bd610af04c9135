package sqlstream_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// A window closes although a partition is silent: the file that has no rows becomes idle,
// and SHOW WATERMARKS says which one everything waits for. The late rows of a table of
// records have their offsets.
func TestSilentPartition(t *testing.T) {
	dir := t.TempDir()
	for name, times := range map[string][]string{"a": {"00:00:10", "00:00:20", "00:00:01"}, "b": {"00:00:17"}, "c": nil} {
		var rows strings.Builder
		for _, at := range times {
			fmt.Fprintf(&rows, "{\"ts\": \"2026-01-01 %s\"}\n", at)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(rows.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var now atomic.Int64
	now.Store(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC).Unix())
	db := opened(t, sqlstream.WithClock(func() time.Time { return time.Unix(now.Load(), 0) }))
	exec(t, db, fmt.Sprintf(`CREATE TABLE e (ts TIMESTAMP(0), WATERMARK FOR ts AS ts - INTERVAL 5 SECOND)
		WITH (connector = 'file', path = '%s/*.json', format = 'json', idle_timeout = '1 minute')`, dir))
	q := start(t, db, "SELECT ts, COUNT(*) AS n FROM e GROUP BY ts EMIT APPEND", sqlstream.WithName("q"), sqlstream.WithResult())
	look := func() string {
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := q.Result(t.Context())
		return text(t, rows, err) + strings.ReplaceAll(ask(t, db, "SHOW WATERMARKS"), dir+"/", "")
	}
	equal(t, "\n"+look(), `
+1 q e ts a.json "2026-01-01 00:00:15" active 1 NULL NULL
+1 q e ts b.json "2026-01-01 00:00:12" active 0 NULL NULL
+1 q e ts c.json NULL "no rows" 0 "2026-01-01 01:00:00" NULL
`)
	now.Add(61)
	equal(t, "\n"+look(), `
+1 "2026-01-01 00:00:10" 1
+1 q e ts a.json "2026-01-01 00:00:15" idle 1 NULL "2026-01-01 00:00:15"
+1 q e ts b.json "2026-01-01 00:00:12" idle 0 NULL "2026-01-01 00:00:15"
+1 q e ts c.json NULL idle 0 NULL "2026-01-01 00:00:15"
+1 q NULL ts NULL "2026-01-01 00:00:15" result NULL NULL NULL
`)
	late := ask(t, db, "SELECT * FROM LATE(e)")
	equal(t, "\n"+strings.ReplaceAll(late, dir+"/", ""), `
+1 a.json 2 "2026-01-01 00:00:01" "2026-01-01 00:00:15.000000" 14000 late "2026-01-01 00:00:01"
`)
}

// Whatever partitions do, fall silent, wake, run ahead: windows of windows and a join in
// time put out in mode APPEND just what their results hold below the watermark, each row
// once; and each row that was written is in the table or among its late rows.
func TestFinalOverPartitions(t *testing.T) {
	for seed := range raced[uint64](25, 4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := newPartitions(t, seed)
			for range 20 {
				p.write()
				p.process()
				p.compare()
			}
		})
	}
}

// partitions are files of a table, written to piece by piece.
type partitions struct {
	t     *testing.T
	r     *rand.Rand
	db    *sqlstream.DB
	dir   string
	now   atomic.Int64
	times [3]int // how far each file is, in seconds
	rows  int
	final map[string]*sqlstream.Query // by the view of all its rows
}

func newPartitions(t *testing.T, seed uint64) *partitions {
	p := &partitions{t: t, r: rand.New(rand.NewPCG(seed, 7)), dir: t.TempDir(), final: map[string]*sqlstream.Query{}}
	p.now.Store(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC).Unix())
	p.db = opened(t, sqlstream.WithClock(func() time.Time { return time.Unix(p.now.Load(), 0) }), sqlstream.WithParallelism(1+int(seed%2)))
	for k := range p.times {
		p.append(k, "")
	}
	exec(t, p.db, fmt.Sprintf(`CREATE TABLE e (ts TIMESTAMP(0), v INT, WATERMARK FOR ts AS ts - INTERVAL 5 SECOND)
		WITH (connector = 'file', path = '%s/*.json', format = 'json', idle_timeout = '1 minute')`, p.dir))
	exec(t, p.db, "CREATE MATERIALIZED VIEW taken AS SELECT ts, v FROM e")
	for name, query := range map[string]string{
		"tens":     "SELECT window_end AS at, COUNT(*) AS n, SUM(v) AS s FROM TUMBLE(taken, DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end",
		"twenties": "SELECT window_end AS at, COUNT(*) AS n, MAX(n) AS s FROM TUMBLE((SELECT window_time AS at, COUNT(*) AS n FROM TUMBLE(taken, DESCRIPTOR(ts), INTERVAL 10 SECOND) GROUP BY window_start, window_end, window_time), DESCRIPTOR(at), INTERVAL 20 SECOND) GROUP BY window_start, window_end",
		"pairs":    "SELECT a.ts AS at, a.v AS n, b.v AS s FROM taken a LEFT JOIN taken b ON a.v = b.v + 1 AND b.ts BETWEEN a.ts - INTERVAL 3 SECOND AND a.ts",
	} {
		exec(t, p.db, "CREATE MATERIALIZED VIEW "+name+" AS "+query)
		p.final[name] = start(t, p.db, query+" EMIT APPEND", sqlstream.WithName("final_"+name), sqlstream.WithResult())
	}
	return p
}

func (p *partitions) append(k int, text string) {
	f, err := os.OpenFile(filepath.Join(p.dir, fmt.Sprintf("%d.json", k)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// write adds rows to some of the files and moves the clock.
func (p *partitions) write() {
	p.now.Add(p.r.Int64N(50))
	for k := range p.times {
		if p.r.IntN(2) == 0 {
			continue
		}
		var text strings.Builder
		for range p.r.IntN(12) {
			p.times[k] += p.r.IntN(6)
			at := time.Date(2026, 1, 1, 0, 0, 30+p.times[k]-p.r.IntN(8), 0, time.UTC)
			fmt.Fprintf(&text, "{\"ts\": %q, \"v\": %d}\n", at.Format(time.DateTime), p.r.IntN(4))
			p.rows++
		}
		p.append(k, text.String())
	}
}

func (p *partitions) process() {
	for _, q := range p.db.Queries() {
		if err := q.ProcessAllAvailable(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *partitions) compare() {
	p.t.Helper()
	below := map[string]string{"tens": "at <= ", "twenties": "at <= ", "pairs": "at < "}
	for name, q := range p.final {
		watermark := q.Progress().Sources[0].EventTime.Watermark
		rows, err := q.Result(p.t.Context())
		got := sortedLines(text(p.t, rows, err))
		want := ""
		if watermark != nil {
			want = sortedLines(ask(p.t, p.db, fmt.Sprintf("SELECT * FROM %s WHERE %s'%s'", name, below[name], watermark.Format(time.DateTime))))
		}
		if got != want {
			p.t.Errorf("%s at %v: got\n%s\nwant\n%s", name, watermark, got, want)
		}
	}
	source := p.final["tens"].Progress().Sources[0]
	equal(p.t, ask(p.t, p.db, "SELECT COUNT(*) FROM taken"), fmt.Sprintf("+1 %d\n", int64(p.rows)-source.EventTime.LateRows))
}

func sortedLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
