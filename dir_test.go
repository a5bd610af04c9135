package sqlstream_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// Tables and views are there again when the directory is opened again, with the statements
// that made them; so the same file can be run again.
func TestDirectoryKeepsTheCatalog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	const text = `CREATE TABLE n (v BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '3', 'fields.v.kind' = 'sequence');
SET time_zone = 'Asia/Seoul';
CREATE VIEW small AS SELECT v FROM n WHERE v < 2;`
	for range 2 {
		db, err := sqlstream.Open(t.Context(), sqlstream.WithDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		exec(t, db, text)
		if got := ask(t, db, "SELECT v FROM small"); got != "+1 0\n+1 1\n" {
			t.Errorf("got %s", got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db := opened(t, sqlstream.WithDir(dir))
	if got := ask(t, db, "SHOW CREATE TABLE n"); !strings.Contains(got, "number.of.rows") {
		t.Errorf("the table is shown as %s", got)
	}
	err := db.Exec(t.Context(), "CREATE VIEW small AS SELECT v FROM n")
	if err == nil || !strings.Contains(err.Error(), "CREATE OR REPLACE") {
		t.Errorf("another view of the name: %v", err)
	}
	exec(t, db, "DROP VIEW small; DROP TABLE n")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = opened(t, sqlstream.WithDir(dir))
	if got := ask(t, db, "SHOW TABLES") + ask(t, db, "SHOW VIEWS"); got != "" {
		t.Errorf("after DROP: %s", got)
	}
}

// A view may come to read what was made after it.
func TestDirectoryBringsBackViewsOfLaterViews(t *testing.T) {
	dir := t.TempDir()
	db := opened(t, sqlstream.WithDir(dir))
	exec(t, db, `CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT x FROM a; CREATE VIEW c AS SELECT 2 AS x;
CREATE OR REPLACE VIEW a AS SELECT x FROM c`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = opened(t, sqlstream.WithDir(dir))
	if got := ask(t, db, "SELECT x FROM b"); got != "+1 2\n" {
		t.Errorf("got %s", got)
	}
}

// One whose table is gone is still there, so that it can be shown, dropped and replaced.
func TestDirectoryBringsBackBrokenViews(t *testing.T) {
	dir := t.TempDir()
	db := opened(t, sqlstream.WithDir(dir))
	exec(t, db, `CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT x FROM a; DROP VIEW a`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var notes []string
	db = opened(t, sqlstream.WithDir(dir), sqlstream.WithNotice(func(text string) { notes = append(notes, text) }))
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "view b cannot be used: ") {
		t.Errorf("notes: %q", notes)
	}
	if got := ask(t, db, "SHOW CREATE TABLE b"); !strings.Contains(got, "SELECT x FROM a") {
		t.Errorf("it is shown as %s", got)
	}
	exec(t, db, "CREATE OR REPLACE VIEW b AS SELECT 3 AS x")
	if got := ask(t, db, "SELECT x FROM b"); got != "+1 3\n" {
		t.Errorf("got %s", got)
	}
}

// A directory is one database's at a time; the next one gets it when that is closed.
func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	db := opened(t, sqlstream.WithDir(dir))
	if _, err := sqlstream.Open(t.Context(), sqlstream.WithDir(dir)); err == nil || !strings.Contains(err.Error(), dir+" is in use by another process") {
		t.Errorf("the second: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, sqlstream.WithDir(dir))
}

// A secret does not get into the directory unless that is asked for: it is referred to.
func TestDirectoryHoldsNoSecrets(t *testing.T) {
	t.Setenv("SQLSTREAM_TEST_PASSWORD", "hunter2")
	db := opened(t, sqlstream.WithDir(t.TempDir()))
	const head = "CREATE TABLE s (a INT) WITH (connector = 'kafka', topic = 'x', format = 'json', 'bootstrap.servers' = '127.0.0.1:1', 'sasl.password' = "
	err := db.Exec(t.Context(), head+"'hunter2')")
	if err == nil || !strings.Contains(err.Error(), "in clear text") || !strings.Contains(err.Error(), "${env:NAME}") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a literal: %v", err)
	}
	exec(t, db, head+"'${env:SQLSTREAM_TEST_PASSWORD}')")
	exec(t, db, "DROP TABLE s; SET secrets_in_directory = 'allow';"+head+"'hunter2')")
}

// Functions of the program are there before the views that call them are brought back.
func TestDirectoryWithOwnFunctions(t *testing.T) {
	dir := t.TempDir()
	twice := sqlstream.WithSetup(func(db *sqlstream.DB) error {
		return db.RegisterScalar("twice", func(n int64) int64 { return 2 * n })
	})
	db := opened(t, sqlstream.WithDir(dir), twice)
	exec(t, db, "CREATE VIEW four AS SELECT twice(2) AS x")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = opened(t, sqlstream.WithDir(dir), twice)
	if got := ask(t, db, "SELECT x FROM four"); got != "+1 4\n" {
		t.Errorf("got %s", got)
	}
}
