package sqlstream_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
)

// A database that is closed changes nothing any more, in whichever way it is asked to: its
// directory may be another process's.
func TestNothingChangesAfterClose(t *testing.T) {
	disk := vfs.NewMem()
	open := func() *sqlstream.DB {
		db, err := sqlstream.Open(t.Context(), sqlstream.WithDir("dir"), probe.On(disk).(sqlstream.Option))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	old := open()
	exec(t, old, `CREATE TABLE t (i INT PRIMARY KEY) WITH (connector = 'memory');
		INSERT INTO t VALUES (1);
		CREATE VIEW w AS SELECT i FROM t;
		CREATE MATERIALIZED VIEW v AS SELECT SUM(i) AS s FROM t`)
	table, err := old.Table("t")
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := open()
	closed := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.HasSuffix(err.Error(), "the database is closed") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, s := range []string{
		"INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE i = 2", "REPLACE INTO t VALUES (3)", "UPDATE t SET i = 3", "DELETE FROM t", "TRUNCATE TABLE t",
		"CREATE TABLE u (i INT) WITH (connector = 'memory')", "CREATE OR REPLACE TABLE t (i INT) WITH (connector = 'memory')", "CREATE VIEW x AS SELECT 1 AS a",
		"CREATE MATERIALIZED VIEW y AS SELECT COUNT(*) AS n FROM t", "DROP MATERIALIZED VIEW v", "STOP QUERY v", "RESUME QUERY v", "DROP VIEW w", "DROP TABLE t", "SELECT * FROM t", "SELECT * FROM v",
	} {
		closed(s, old.Exec(context.Background(), s))
	}
	closed("Append", table.Append(context.Background(), 4))
	exec(t, db, "INSERT INTO t VALUES (10)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open()
	equal(t, ask(t, db, "SELECT * FROM w ORDER BY i"), "+1 1\n+1 10\n")
	equal(t, ask(t, db, "SELECT * FROM v"), "+1 11\n")
}
