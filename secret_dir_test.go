package sqlstream_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// Nobody but its owner can enter a directory of state, or one in it, or read a file there;
// that holds for files in a directory which was there before, too.
func TestADirectoryIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	ownersAlone(t, dir, 0o700)
	there := filepath.Join(t.TempDir(), "there")
	if err := os.Mkdir(there, 0o755); err != nil {
		t.Fatal(err)
	}
	ownersAlone(t, there, 0o755)
}

func ownersAlone(t *testing.T, dir string, top fs.FileMode) {
	t.Helper()
	db := opened(t, sqlstream.WithDir(dir), sqlstream.WithMemory("64 KiB")) // some state is beyond memory
	exec(t, db, `CREATE TABLE m (a INT PRIMARY KEY, b VARCHAR) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW v AS SELECT b, COUNT(*) AS n FROM m GROUP BY b;
		INSERT INTO m VALUES (1, 'x'), (2, 'y'); INSERT INTO m SELECT n, CONCAT('z', n) FROM generate_series(3, 5000) AS g(n)`)
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		switch {
		case path == dir:
			want = top
		case e.IsDir():
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		files++
		return nil
	})
	if err != nil || files < 8 {
		t.Errorf("%d files, %v", files, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// A secret that an option refers to is in no file of the directory and in nothing that is
// shown, whatever is asked and whatever fails.
func TestASecretIsInNoOutputAndNoFile(t *testing.T) {
	const password = "hunter2-in-clear-text"
	base := t.TempDir()
	dir := filepath.Join(base, "state")
	write(t, filepath.Join(base, "password"), password+"\n")
	t.Setenv("SQLSTREAM_TEST_SECRET", password)
	var said strings.Builder
	db := opened(t, sqlstream.WithDir(dir), sqlstream.WithNotice(func(s string) { said.WriteString(s + "\n") }), sqlstream.WithOutput(&said))
	const head = "CREATE TABLE %s (a INT) WITH (connector = 'kafka', topic = 'x', format = 'json', 'bootstrap.servers' = '127.0.0.1:1', 'security.protocol' = 'SASL_SSL', "
	var out strings.Builder
	run := func(statement string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // nobody answers at the broker's address
		defer cancel()
		rows, err := db.Query(ctx, statement)
		if err == nil {
			for b, failed := range rows.Batches() {
				err = failed
				fmt.Fprintln(&out, b)
			}
		}
		fmt.Fprintln(&out, err)
	}
	tables := map[string]string{
		"env_":  "'sasl.mechanism' = 'PLAIN', 'sasl.username' = 'u', 'sasl.password' = '${env:SQLSTREAM_TEST_SECRET}'",
		"file_": "'sasl.mechanism' = 'SCRAM-SHA-256', 'sasl.username' = 'u', 'sasl.password' = '${file:" + base + "/password}'",
		"jaas":  `'sasl.mechanism' = 'PLAIN', 'sasl.jaas.config' = 'x username="u" password="${env:SQLSTREAM_TEST_SECRET}";'`,
		"token": "'sasl.mechanism' = 'OAUTHBEARER', 'kafka.sasl.oauthbearer.token' = '${env:SQLSTREAM_TEST_SECRET}'",
		"key":   "'sasl.mechanism' = 'OAUTHBEARER', 'sasl.oauthbearer.token' = 'x', 'ssl.keystore.key' = '${env:SQLSTREAM_TEST_SECRET}'",
		"clear": "'sasl.mechanism' = 'PLAIN', 'sasl.username' = 'u', 'sasl.password' = '" + password + "'",
	}
	for name, options := range tables {
		if err := db.Exec(t.Context(), strings.Replace(head, "%s", name, 1)+options+")"); err != nil {
			out.WriteString(err.Error() + "\n")
		}
		for _, s := range []string{"SHOW CREATE TABLE %", "DESCRIBE %", "EXPLAIN SELECT * FROM %", "EXPLAIN LOGICAL SELECT * FROM %", "EXPLAIN PHYSICAL INSERT INTO % SELECT 1", "SELECT * FROM %"} {
			run(strings.ReplaceAll(s, "%", name))
		}
	}
	for _, s := range []string{"SHOW TABLES", "SHOW QUERIES", "SHOW STATE", "SHOW WATERMARKS", "SHOW VIEWS", "SHOW TOPICS"} {
		run(s)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String()+said.String(), password) {
		t.Errorf("it is shown:\n%s%s", out.String(), said.String())
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(password)) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
