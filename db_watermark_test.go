package sqlstream_test

import (
	"fmt"
	"os"
	"path/filepath"
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
+1 q e a.json "2026-01-01 00:00:15" active 1 NULL NULL
+1 q e b.json "2026-01-01 00:00:12" active 0 NULL NULL
+1 q e c.json NULL "no rows" 0 "2026-01-01 01:00:00" NULL
`)
	now.Add(61)
	equal(t, "\n"+look(), `
+1 "2026-01-01 00:00:10" 1
+1 q e a.json "2026-01-01 00:00:15" idle 1 NULL "2026-01-01 00:00:15"
+1 q e b.json "2026-01-01 00:00:12" idle 0 NULL "2026-01-01 00:00:15"
+1 q e c.json NULL idle 0 NULL "2026-01-01 00:00:15"
`)
	late := ask(t, db, "SELECT * FROM LATE(e)")
	equal(t, "\n"+strings.ReplaceAll(late, dir+"/", ""), `
+1 a.json 2 "2026-01-01 00:00:01" "2026-01-01 00:00:15.000000" 14000 late "2026-01-01 00:00:01"
`)
}
