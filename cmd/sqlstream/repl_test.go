package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long a terminal is waited for before a test gives up.
const patience = 20 * time.Second

// A terminal is a shell at work and what it has shown.
type terminal struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	read chan []byte
	seen []byte // since the last match
}

// openTerminal starts the shell on a terminal of 80 columns. dir keeps its history.
func openTerminal(t *testing.T, dir string, env ...string) *terminal {
	t.Helper()
	cmd := exec.Command("sqlstream")
	cmd.Env = append(append(os.Environ(), "TERM=xterm", "XDG_STATE_HOME="+dir), env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	c := &terminal{t: t, tty: tty, cmd: cmd, read: make(chan []byte, 1024)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended already where all went well
		_ = tty.Close()
	})
	go c.receive()
	c.expect("sqlstream> ")
	return c
}

// receive passes on what is shown. It answers the question where the cursor is, as a
// terminal does.
func (c *terminal) receive() {
	defer close(c.read)
	for {
		buf := make([]byte, 4096)
		n, err := c.tty.Read(buf)
		if err != nil {
			return // the shell has gone
		}
		for range bytes.Count(buf[:n], []byte("\x1b[6n")) {
			_, _ = c.tty.WriteString("\x1b[1;1R") // a shell that has gone asks no more
		}
		c.read <- buf[:n]
	}
}

// expect reads until the text is shown.
func (c *terminal) expect(text string) {
	c.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		if i := bytes.Index(c.seen, []byte(text)); i >= 0 {
			c.seen = c.seen[i+len(text):]
			return
		}
		select {
		case b, ok := <-c.read:
			if !ok {
				c.t.Fatalf("the shell ended before it showed %q; it showed %q", text, c.tail())
			}
			c.seen = append(c.seen, b...)
		case <-late.C:
			c.t.Fatalf("the shell did not show %q; it showed %q", text, c.tail())
		}
	}
}

func (c *terminal) tail() []byte { return c.seen[max(0, len(c.seen)-1000):] }

func (c *terminal) send(keys string) {
	c.t.Helper()
	if _, err := c.tty.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// enter types a line.
func (c *terminal) enter(line string) {
	c.t.Helper()
	c.send(line + "\r")
}

// leave waits for the shell's end, which must be a good one.
func (c *terminal) leave() {
	c.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for open := true; open; {
		select {
		case _, open = <-c.read:
		case <-late.C:
			c.t.Fatal("the shell does not end")
		}
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("the shell ended with %v", err)
	}
}

// A statement takes lines until its semicolon; several may stand on one.
func TestShellReadsLines(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter("SELECT 1 AS a,")
	c.expect("-> ")
	c.enter("'한글; 日本' AS b;")
	c.expect("| 1 | 한글; 日本 |")
	c.expect("1 row")
	c.enter("SELECT 3 AS c; SELECT 4 AS d;")
	c.expect("| 3 |")
	c.expect("| 4 |")
	c.enter(`\q`)
	c.leave()
}

// An error is shown with its place, and the shell goes on.
func TestShellSurvivesErrors(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter("SELECT x;")
	c.expect("SQL:1:8: there is no column x")
	c.expect("^")
	c.enter("SELEC 1;")
	c.expect("did you mean SELECT?")
	c.enter(`\nothing`)
	c.expect(`there is no command \nothing`)
	c.enter("SELECT 7 AS still;")
	c.expect("|     7 |")
	c.enter("exit")
	c.leave()
}

// \G shows a line a column.
func TestShellVertical(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter(`SELECT 'ann' AS user, NULL AS n \G`)
	c.expect("1. row ****")
	c.expect("user: ann\r\n   n: NULL")
	c.enter("quit;")
	c.leave()
}

const madeTweets = "CREATE TABLE tweets (id BIGINT, lang VARCHAR) WITH (connector = 'datagen', generator = 'tweets', 'rows.per.second' = '100');"

// ^C stops a continuous SELECT and not the shell; of a result that changes the table
// is drawn over itself.
func TestShellLiveTable(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter(madeTweets)
	c.expect("table tweets created")
	c.enter("SELECT lang, COUNT(*) AS n FROM tweets GROUP BY lang EMIT;")
	c.expect("| lang |")
	c.expect("F\x1b[J+--") // up and over
	c.expect("^C stops")
	c.send("\x03")
	c.expect("query stopped after epoch")
	c.expect("sqlstream> ")
	c.enter("SELECT 7 AS still;")
	c.expect("|     7 |")
	c.expect("sqlstream> ") // before that ^D is the terminal's own
	c.send("\x04")
	c.leave()
}

// Rows that are only added are shown as they come.
func TestShellAppends(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter(madeTweets)
	c.expect("table tweets created")
	c.enter("SELECT id, lang FROM tweets EMIT;")
	c.expect("output mode APPEND; ^C stops the query")
	c.expect("| lang ")
	c.expect("|  1 | ")
	c.send("\x03")
	c.expect("query stopped after epoch")
	c.enter("SHOW QUERIES;")
	c.expect("0 rows") // what was watched is over
	c.enter(`\q`)
	c.leave()
}

// A query in the background is listed, goes on while others are asked, and its
// failure is told above the line that is being typed.
func TestShellBackground(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter(madeTweets)
	c.enter("CREATE TABLE gone (id BIGINT) WITH (connector = 'discard');")
	c.enter("INSERT INTO gone SELECT 9223372036854775800 + id FROM tweets EMIT;")
	c.expect("query gone started, output mode APPEND")
	c.expect("note: a query in the background has failed: ")
	c.expect("out of range")
	c.enter("SHOW QUERIES;")
	c.expect("FAILED")
	c.enter("CREATE MATERIALIZED VIEW langs AS SELECT lang, COUNT(*) AS n FROM tweets GROUP BY lang;")
	c.expect("materialized view langs created")
	c.enter("SHOW QUERIES LIKE 'langs';")
	c.expect("RUNNING")
	c.enter(`\q`)
	c.expect("1 query stopped")
	c.leave()
}

// ^C at the prompt drops what was typed, ^C during a bounded query ends that.
func TestShellInterrupts(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter("SELECT 1 AS dropped,")
	c.expect("-> ")
	c.send("\x03")
	c.expect("sqlstream> ")
	c.enter("SELECT 2 AS kept;")
	c.expect("|    2 |")
	c.enter("CREATE TABLE big (v BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '100000000000');")
	c.expect("table big created")
	c.enter("SELECT 5 AS five; SELECT COUNT(*) FROM big;")
	c.expect("|    5 |")
	c.send("\x03")
	c.expect("interrupted")
	c.enter(`\q`)
	c.leave()
}

// The history goes from one run to the next, a statement of several lines in one.
func TestShellHistory(t *testing.T) {
	dir := t.TempDir()
	c := openTerminal(t, dir)
	c.enter("SELECT 'first' -- a comment")
	c.expect("-> ")
	c.enter("  AS a;")
	c.expect("| first |")
	c.enter(`\q`)
	c.leave()

	c = openTerminal(t, dir)
	c.send("\x1b[A\x1b[A") // up, above \q
	c.expect("SELECT 'first'    AS a;")
	c.send("\r")
	c.expect("| first |")
	c.enter(`\q`)
	c.leave()
}

// Tab completes keywords as they are typed, names, and functions with their bracket.
func TestShellCompletes(t *testing.T) {
	c := openTerminal(t, t.TempDir())
	c.enter(madeTweets)
	c.expect("table tweets created")
	c.send("sel\t")
	c.expect("select ")
	c.send("upp\t")
	c.expect("upper(")
	c.send("la\t\x1b[K) from twe\t")
	c.expect("tweets")
	c.send("\x03")
	c.enter(`\q`)
	c.leave()
}

// Without a terminal that can move its cursor lines are read as they are.
func TestShellOnDumbTerminal(t *testing.T) {
	c := openTerminal(t, t.TempDir(), "TERM=dumb")
	c.enter("SELECT 1 AS a,")
	c.expect("-> ")
	c.enter("2 AS b;")
	c.expect("| 1 | 2 |")
	c.enter(`\q`)
	c.leave()
}

// A statement folded into one line means the same.
func TestOneLine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT 1;", "SELECT 1;"},
		{"SELECT 1, -- one\n  2;", "SELECT 1,    2;"},
		{"SELECT 1 # one\n;", "SELECT 1  ;"},
		{"SELECT '-- no', \"#no\", `/*`;\n", "SELECT '-- no', \"#no\", `/*`;"},
		{"SELECT 'a\nb', 'it''s\\'\n';", `SELECT 'a\nb', 'it''s\'\n';`},
		{"SELECT /* two\nlines */ 1;", "SELECT /* two lines */ 1;"},
		{"SELECT 3--2;", "SELECT 3--2;"},
		{"SELECT 'open\n", `SELECT 'open`},
	} {
		if got := oneLine(c.text); got != c.want {
			t.Errorf("%q became %q, not %q", c.text, got, c.want)
		}
		if strings.Contains(oneLine(c.text), "\n") {
			t.Errorf("%q kept a line's end", c.text)
		}
	}
}
