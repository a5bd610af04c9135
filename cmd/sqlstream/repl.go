package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sqlstream/sqlstream"
)

const help = `A statement ends with a semicolon and may take several lines.

  SELECT …;                  what is there now         SELECT … \G     a line a column
  SELECT … EMIT;             kept up to date until ^C
  CREATE TABLE t (…) WITH (connector = 'kafka', topic = '…', format = 'json', …);
  CREATE MATERIALIZED VIEW v AS SELECT …;              a query that runs; SELECT from it
  INSERT INTO t SELECT … EMIT;                         the same into a table, in the background
  SHOW TABLES; SHOW VIEWS; SHOW QUERIES; SHOW FUNCTIONS; SHOW SETTINGS; SHOW WATERMARKS;
  DESCRIBE t; EXPLAIN SELECT …; STOP QUERY q; RESUME QUERY q; DROP TABLE t; SET name = value;

  \timing on|off   \format NAME   \i FILE   \q   help     ^C stops what runs, ^D leaves
`

// A shell is the REPL: it reads statements and shows what they give.
type shell struct {
	db     *sqlstream.DB
	keep   place
	screen *screen
	format string // of results, "" for tables
	timing bool

	mu      sync.Mutex
	busy    bool     // a statement runs
	notices []string // to be shown when it has run
}

// repl runs the shell until the user leaves it.
func repl(ctx context.Context, keep place) error {
	s := &shell{keep: keep, screen: newScreen(), timing: true}
	db, err := sqlstream.Open(ctx, append(keep.options(), sqlstream.WithOutput(s.screen), sqlstream.WithNotice(s.notice), sqlstream.WithProgress(easeCollector))...)
	if err != nil {
		return err
	}
	defer db.Close()
	restoreAtSignal(db)
	s.db = db
	fmt.Printf("sqlstream %s\nType help for help; a statement ends with a semicolon.\n", version())
	e, err := newEditor(db.Suggestions)
	if err != nil {
		return err
	}
	defer e.close()
	s.broughtBack()
	s.screen.out = e.output()
	for {
		s.setBusy(false)
		text, err := e.read()
		s.setBusy(true)
		switch {
		case errors.Is(err, io.EOF):
			s.leave()
			return nil
		case errors.Is(err, errInterrupt):
			continue
		case err != nil:
			return err
		}
		if s.run(ctx, text) {
			s.leave()
			return nil
		}
	}
}

// leave stops the queries that run in the background, and says so.
func (s *shell) leave() {
	n := len(s.running())
	switch {
	case n > 0 && s.keep.dir != "":
		fmt.Printf("%s: to go on with --dir %s\n", count(int64(n), "query"), s.keep.dir)
	case n > 0:
		fmt.Printf("%s stopped\n", count(int64(n), "query"))
	}
}

// broughtBack says what the directory holds, and follows what runs.
func (s *shell) broughtBack() {
	queries := s.db.Queries()
	if len(queries) == 0 {
		return
	}
	running := s.running()
	fmt.Printf("%s in %s, %d running; SHOW QUERIES lists them.\n", count(int64(len(queries)), "query"), s.keep.dir, len(running))
	for _, q := range running {
		s.follow(q)
	}
}

func (s *shell) running() []*sqlstream.Query {
	var out []*sqlstream.Query
	for _, q := range s.db.Queries() {
		if status, _ := q.Status(); status == sqlstream.Running {
			out = append(out, q)
		}
	}
	return out
}

// restoreAtSignal gives the terminal back as it was when the process is told to end
// while the editor has it, and ends the queries after their epochs.
func restoreAtSignal(db *sqlstream.DB) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-told
		_ = term.Restore(fd, before) // nothing else can be done
		signal.Stop(told)            // the next one ends the process at once
		_ = db.Close()
		os.Exit(exitFailed)
	}()
}

// notice shows what the engine has to say: above the line that is being typed, or
// when the running statement is done.
func (s *shell) notice(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const kept = 20
	switch {
	case !s.busy:
		_, _ = fmt.Fprintf(s.screen, "note: %s\n", text) // a terminal that is gone ends the process
	case len(s.notices) < kept:
		s.notices = append(s.notices, text)
	}
}

func (s *shell) setBusy(busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = busy
	for _, n := range s.notices {
		fmt.Println("note: " + n)
	}
	s.notices = nil
}

// follow tells when a background query fails.
func (s *shell) follow(q *sqlstream.Query) {
	go func() {
		<-q.Done()
		if _, err := q.Status(); err != nil {
			s.notice("a query in the background has failed: " + err.Error())
		}
	}()
}

// shellCommand reads a line that is for the shell itself.
func shellCommand(line string) (words []string, ok bool) {
	words = strings.Fields(strings.TrimRight(line, "; "))
	if len(words) == 0 {
		return nil, false
	}
	switch strings.ToLower(words[0]) {
	case "exit", "quit", "help", "?":
		return words, len(words) == 1
	}
	if strings.Contains(line, "\n") {
		return nil, false
	}
	return words, strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, `\G`)
}

// run runs a command or statements; leave is true when the user wants to go.
func (s *shell) run(ctx context.Context, text string) (leave bool) {
	text = strings.TrimSpace(text)
	if words, ok := shellCommand(text); ok {
		return s.command(ctx, words)
	}
	format := s.format
	if body, ok := verticalBody(text); ok {
		text, format = body, "vertical"
	}
	s.statements(ctx, "", text, format)
	return false
}

func (s *shell) command(ctx context.Context, words []string) (leave bool) {
	arg := strings.Join(words[1:], " ")
	switch strings.ToLower(words[0]) {
	case `\q`, "exit", "quit":
		return true
	case "help", "?", `\h`, `\?`:
		fmt.Print(help)
	case `\timing`:
		switch arg {
		case "on", "off":
			s.timing = arg == "on"
		case "":
			s.timing = !s.timing
		default:
			fmt.Println(`\timing takes on or off`)
		}
	case `\format`:
		if err := checkFormat(arg); err != nil {
			fmt.Println(strings.TrimPrefix(err.Error(), "--"))
			break
		}
		s.format = arg
	case `\i`:
		text, err := os.ReadFile(arg)
		if err != nil {
			fmt.Println(err)
			break
		}
		s.statements(ctx, arg, string(text), s.format)
	default:
		fmt.Printf("there is no command %s; help lists them\n", words[0])
	}
	return false
}

// statements runs a text. ^C ends the statement that runs and leaves out those behind
// it.
func (s *shell) statements(ctx context.Context, file, text, format string) {
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt)
	defer stop()
	defer quiet()()
	begun := time.Now()
	for r, err := range s.db.Run(ctx, file, text) {
		if err == nil {
			err = s.result(ctx, r, format, begun)
		}
		switch {
		case ctx.Err() != nil && (err != nil || r.Query == nil):
			fmt.Println("interrupted")
			return
		case ctx.Err() != nil: // a continuous query was stopped, as is meant
			return
		case err != nil:
			fmt.Println(err)
			return
		}
		begun = time.Now()
	}
}

// result shows what one statement gave.
func (s *shell) result(ctx context.Context, r sqlstream.Result, format string, begun time.Time) error {
	out := &output{w: s.screen, format: format, screen: s.screen}
	switch {
	case r.Rows != nil:
		n, err := out.printRows(r.Rows, heading{plain: isExplain(r.Statement)})
		if err != nil {
			return err
		}
		if !isExplain(r.Statement) {
			s.done(count(n, "row"), begun)
		}
	case r.Query != nil && r.Query.Kind() == "SELECT":
		return s.watch(ctx, out, r.Query)
	default:
		if r.Query != nil {
			s.follow(r.Query)
		}
		s.done(told(r), begun)
	}
	return nil
}

func (s *shell) done(what string, begun time.Time) {
	if s.timing {
		what += " (" + shortTime(time.Since(begun)) + ")"
	}
	fmt.Println(what)
}

// shortTime gives a duration with the digits that one reads.
func shortTime(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
