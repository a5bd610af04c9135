package sqlstream_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql"
)

// With restricted paths nothing that a statement names on disk is touched outside of them:
// no table's files, no reference, no certificate; the error has the place of the option.
func TestFilesAreConfined(t *testing.T) {
	base := t.TempDir()
	in, out := filepath.Join(base, "in"), filepath.Join(base, "out")
	for _, dir := range []string{in, out} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(in, "a.csv"), "1\n")
	write(t, filepath.Join(out, "a.csv"), "hunter2\n")
	if err := os.Symlink(out, filepath.Join(in, "link")); err != nil {
		t.Fatal(err)
	}
	db := opened(t, sqlstream.WithRestrictedPaths(in))
	file := func(path string) string { return "connector = 'file', format = 'raw', path = '" + path + "'" }
	kafka := "connector = 'kafka', topic = 't', format = 'json', 'bootstrap.servers' = 'b:1', "
	for _, with := range []string{
		file(out + "/a.csv"), file(out), file(out + "/*.csv"), file("/etc/passwd"), file(in + "/../out/a.csv"), file(in + "/link/a.csv"),
		file(in + "/link/new/deep"), file("${file:" + out + "/a.csv}"), file(in + "/${file:" + in + "/link/a.csv}"),
		kafka + "'sasl.password' = '${file:" + out + "/a.csv}'",
		kafka + "'security.protocol' = 'SSL', 'ssl.truststore.location' = '" + out + "/a.csv'",
		kafka + "'security.protocol' = 'SSL', 'kafka.ssl.keystore.location' = '" + out + "/a.csv'",
		kafka + "'security.protocol' = 'SSL', ssl_key_location = '" + out + "/a.csv'",
	} {
		err := db.Exec(t.Context(), "CREATE TABLE t (a VARCHAR) WITH ("+with+")")
		var placed *sql.Error
		switch {
		case err == nil || !strings.Contains(err.Error(), "leads out of "+in+", where files are confined to"):
			t.Errorf("%s: %v", with, err)
		case !errors.As(err, &placed) || placed.Hint == "" || !strings.HasPrefix(placed.Error()[strings.Index(placed.Error(), "^")-1:], " ^"):
			t.Errorf("%s: no place or hint: %v", with, err)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error has what is in the file: %v", with, err)
		}
	}
	exec(t, db, "CREATE TABLE a (a VARCHAR) WITH ("+file(in+"/a.csv")+")")
	if got := ask(t, db, "SELECT a FROM a"); got != "+1 1\n" {
		t.Errorf("inside: %s", got)
	}
	exec(t, db, "CREATE TABLE made (a VARCHAR) WITH ("+file(in+"/made/x.txt")+"); INSERT INTO made SELECT a FROM a")
	if got := ask(t, db, "SELECT a FROM made"); got != "+1 1\n" {
		t.Errorf("written inside: %s", got)
	}
}

// A link that appears among the files of a table, or in the place of its file, after the
// table was made leads nowhere either.
func TestALinkThatComesLaterIsNotFollowed(t *testing.T) {
	base := t.TempDir()
	in, secret := filepath.Join(base, "in"), filepath.Join(base, "secret.csv")
	if err := os.Mkdir(in, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(in, "a.csv"), "1\n")
	write(t, secret, "hunter2\n")
	db := opened(t, sqlstream.WithRestrictedPaths(in))
	for _, name := range []string{"every", "pattern", "target"} {
		path := map[string]string{"every": in, "pattern": in + "/*.csv", "target": in + "/b.csv"}[name]
		exec(t, db, "CREATE TABLE "+name+" (a VARCHAR) WITH (connector = 'file', format = 'raw', path = '"+path+"')")
	}
	if err := os.Symlink(secret, filepath.Join(in, "b.csv")); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"SELECT a FROM every", "SELECT a FROM pattern", "SELECT a FROM target", "INSERT INTO target SELECT 'x'"} {
		err := db.Exec(t.Context(), statement)
		if err == nil || !strings.Contains(err.Error(), "leads out of") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if got, _ := os.ReadFile(secret); string(got) != "hunter2\n" {
		t.Errorf("the file outside holds %q", got)
	}
}

// Tables that were made without the rule obey it when the directory is opened with it.
func TestTablesOfADirectoryAreConfined(t *testing.T) {
	base := t.TempDir()
	in, state := filepath.Join(base, "in"), filepath.Join(base, "state")
	if err := os.Mkdir(in, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(base, "a.csv"), "1\n")
	db := opened(t, sqlstream.WithDir(state))
	exec(t, db, "CREATE TABLE a (a INT) WITH (connector = 'file', format = 'csv', path = '"+base+"/a.csv')")
	if got := ask(t, db, "SELECT a FROM a"); got != "+1 1\n" {
		t.Errorf("without the rule: %s", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = opened(t, sqlstream.WithDir(state), sqlstream.WithRestrictedPaths(in))
	if err := db.Exec(t.Context(), "SELECT a FROM a"); err == nil || !strings.Contains(err.Error(), "leads out of") {
		t.Errorf("with it: %v", err)
	}
}
