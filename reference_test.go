package sqlstream_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An option may refer to the environment and to files: it is shown as written, and followed
// when the table is opened, each time anew.
func TestOptionsReferToTheEnvironmentAndToFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.csv"), filepath.Join(dir, "two.csv")
	write(t, one, "1\n")
	write(t, two, "2\n")
	write(t, filepath.Join(dir, "name"), "csv\r\n")
	t.Setenv("SQLSTREAM_TEST_TABLE", one)
	db := opened(t)
	exec(t, db, "CREATE TABLE t (a INT) WITH (connector = 'file', path = '${env:SQLSTREAM_TEST_TABLE}', format = 'csv')")
	if got := ask(t, db, "SELECT a FROM t"); got != "+1 1\n" {
		t.Errorf("got %s", got)
	}
	t.Setenv("SQLSTREAM_TEST_TABLE", two)
	if got := ask(t, db, "SELECT a FROM t"); got != "+1 2\n" {
		t.Errorf("after a change: %s", got)
	}
	if got := ask(t, db, "SHOW CREATE TABLE t"); !strings.Contains(got, "${env:SQLSTREAM_TEST_TABLE}") || strings.Contains(got, dir) {
		t.Errorf("it is shown as %s", got)
	}
	exec(t, db, "CREATE TABLE part (a INT) WITH (connector = 'file', path = '"+dir+"/two.${file:"+dir+"/name}', format = 'csv')")
	if got := ask(t, db, "SELECT a FROM part"); got != "+1 2\n" {
		t.Errorf("of a part: %s", got)
	}
	os.Unsetenv("SQLSTREAM_TEST_TABLE")
	if _, err := db.Query(t.Context(), "SELECT a FROM t"); err == nil || !strings.Contains(err.Error(), "option 'path': ${env:SQLSTREAM_TEST_TABLE}: the environment has no variable SQLSTREAM_TEST_TABLE") {
		t.Errorf("without the variable: %v", err)
	}
}

// A reference to nothing, or of a kind that there is not, is an error when the table is made.
func TestReferencesThatLeadNowhere(t *testing.T) {
	db := opened(t)
	for ref, want := range map[string]string{
		"${env:SQLSTREAM_NO_SUCH}": "the environment has no variable SQLSTREAM_NO_SUCH",
		"${file:/no/such/file}":    "no such file",
		"${vault:x}":               "a reference is ${env:NAME} or ${file:path}",
	} {
		err := db.Exec(t.Context(), "CREATE TABLE t (a INT) WITH (connector = 'kafka', topic = 't', format = 'json', 'bootstrap.servers' = 'b:1', 'sasl.password' = '"+ref+"')")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// A secret that is a reference is shown as one, and what it refers to is not.
func TestASecretReferenceIsShown(t *testing.T) {
	t.Setenv("SQLSTREAM_TEST_PASSWORD", "hunter2")
	db := opened(t)
	exec(t, db, "CREATE TABLE s (a INT) WITH (connector = 'kafka', topic = 'x', format = 'json', 'bootstrap.servers' = '127.0.0.1:1', 'sasl.password' = '${env:SQLSTREAM_TEST_PASSWORD}')")
	if got := ask(t, db, "SHOW CREATE TABLE s"); !strings.Contains(got, "'sasl.password' = '${env:SQLSTREAM_TEST_PASSWORD}'") || strings.Contains(got, "hunter2") {
		t.Errorf("it is shown as %s", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
