package sqlstream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file holds moments in UTC whatever the zone of who writes it, and gives them to a
// reader in the reader's. To Go they are times of that zone; a TIMESTAMP is one of UTC.
func TestMomentsInFiles(t *testing.T) {
	db := opened(t)
	path := filepath.Join(t.TempDir(), "moments.json")
	exec(t, db, fmt.Sprintf(`CREATE TABLE f (at TIMESTAMP_LTZ(3), ts TIMESTAMP(0)) WITH (connector = 'file', path = '%s', format = 'json');
		SET time_zone = 'Asia/Seoul';
		INSERT INTO f VALUES ('2026-07-01 12:00:00.5', '2026-07-01 12:00:00'), (NULL, NULL);
		INSERT INTO f SELECT TIMESTAMP '2026-07-01 12:00:00', TIMESTAMP_LTZ '2026-07-01 12:00:00Z'`, path))
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, string(written), `{"at":"2026-07-01 03:00:00.500Z","ts":"2026-07-01 12:00:00"}
{"at":null,"ts":null}
{"at":"2026-07-01 03:00:00.000Z","ts":"2026-07-01 21:00:00"}
`)
	equal(t, ask(t, db, `SELECT at, ts FROM f WHERE HOUR(at) = 12`), `+1 "2026-07-01 12:00:00.500" "2026-07-01 12:00:00"
+1 "2026-07-01 12:00:00.000" "2026-07-01 21:00:00"
`)
	exec(t, db, `SET time_zone = 'Europe/Berlin'`)
	rows, err := db.Query(t.Context(), `SELECT at, ts, CAST(at AS VARCHAR) FROM f WHERE ts = '2026-07-01 12:00:00'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("no row: %v", rows.Err())
	}
	var at, ts time.Time
	var text string
	if err := rows.Scan(&at, &ts, &text); err != nil {
		t.Fatal(err)
	}
	equal(t, at.Format(time.RFC3339Nano)+" "+ts.Format(time.RFC3339)+" "+text, "2026-07-01T05:00:00.5+02:00 2026-07-01T12:00:00Z 2026-07-01 05:00:00.500")
}
