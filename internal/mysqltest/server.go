package mysqltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 30 * time.Second
	stopLimit  = 20 * time.Second
	startPause = 50 * time.Millisecond // between two questions whether it is up
)

// A Server is a MariaDB with a data directory of its own, which listens on a socket in
// it and on no network.
type Server struct {
	dir    string
	cmd    *exec.Cmd
	exited chan error
}

// StartServer makes a data directory in dir and starts a server on it.
func StartServer(ctx context.Context, dir string) (*Server, error) {
	for _, name := range []string{"mariadb-install-db", "mariadbd", "mariadb"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w; Debian has it in mariadb-server", err)
		}
	}
	s := &Server{dir: dir, exited: make(chan error, 1)}
	data := filepath.Join(dir, "data")
	owner := "--user=" + userName()
	install := exec.CommandContext(ctx, "mariadb-install-db", "--no-defaults", "--datadir="+data, owner, "--auth-root-authentication-method=normal", "--skip-test-db")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.Command("mariadbd", "--no-defaults", "--datadir="+data, owner, "--socket="+s.socket(), "--skip-networking", "--pid-file="+filepath.Join(dir, "pid"))
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.exited <- s.cmd.Wait() }()
	if err := s.awaitUp(ctx); err != nil {
		return s, err
	}
	if err := s.loadZones(ctx); err != nil {
		return s, err
	}
	_, complaints, err := s.client(ctx, session+tableScript())
	if err != nil || len(complaints) > 0 {
		return s, fmt.Errorf("the table: %w\n%s", err, complaints)
	}
	return s, nil
}

// loadZones gives the server the time zones of the machine.
func (s *Server) loadZones(ctx context.Context) error {
	zones, err := exec.CommandContext(ctx, "mariadb-tzinfo-to-sql", "/usr/share/zoneinfo").Output()
	if err != nil {
		return fmt.Errorf("mariadb-tzinfo-to-sql: %w", err)
	}
	_, complaints, err := s.client(ctx, "USE mysql;\n"+string(zones))
	if err != nil || len(complaints) > 0 {
		return fmt.Errorf("time zones: %w\n%s", err, complaints)
	}
	return nil
}

// userName names who runs this: a server started by root wants to be told that it may.
func userName() string {
	if name := os.Getenv("USER"); name != "" {
		return name
	}
	return "root"
}

func (s *Server) socket() string { return filepath.Join(s.dir, "socket") }

func (s *Server) awaitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if _, _, err := s.client(ctx, "SELECT 1;"); err == nil {
			return nil
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("mariadbd ended: %w\n%s", err, text)
		case <-ctx.Done():
			return fmt.Errorf("mariadbd is not up: %w", ctx.Err())
		case <-time.After(startPause):
		}
	}
}

// Stop ends the server and returns when it is gone.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(stopLimit):
		return errors.Join(errors.New("mariadbd did not end and was killed"), s.cmd.Process.Kill())
	}
}

// session is what makes the server mean what we do: bytewise texts, UTC, || for texts,
// and the clock of evaltest.
const session = "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin; SET time_zone = '+00:00'; SET timestamp = 1795602030.123456; SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT');\n"

// client runs a script and returns what the client prints, and its complaints.
func (s *Server) client(ctx context.Context, script string) (out, complaints []byte, err error) {
	cmd := exec.CommandContext(ctx, "mariadb", "--no-defaults", "--socket="+s.socket(), "--user=root",
		"--batch", "--skip-column-names", "--force", "--show-warnings", "--binary-as-hex", "--default-character-set=utf8mb4")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(script), &stdout, &stderr
	err = cmd.Run()
	if e := (*exec.ExitError)(nil); errors.As(err, &e) && bytes.HasPrefix(stderr.Bytes(), []byte("ERROR ")) && !bytes.Contains(stderr.Bytes(), []byte("ERROR 2")) {
		err = nil // statements failed, and the client went on
	}
	return stdout.Bytes(), stderr.Bytes(), err
}

// Version names the server.
func (s *Server) Version(ctx context.Context) (string, error) {
	out, _, err := s.client(ctx, "SELECT @@version;")
	v, _, _ := strings.Cut(string(out), "-MariaDB")
	return "MariaDB " + v, err
}

// begin marks the output of the next statement. No value begins with it.
const begin = "\x01"

var (
	failed = regexp.MustCompile(`(?m)^ERROR (\d+) \(\w+\) at line (\d+)`)
	warned = regexp.MustCompile(`(?m)^(?:Warning|Error) \(Code (\d+)\)`)
)

// Ask returns the answers to expressions, each of one line, in their order.
func (s *Server) Ask(ctx context.Context, exprs []string) ([]string, error) {
	var script strings.Builder
	script.WriteString(strings.TrimSpace(session) + " USE judge;\n")
	for _, e := range exprs {
		from := ""
		if text, row, ok := strings.Cut(e, atRow); ok {
			e, from = text, " FROM t WHERE id = "+row
		}
		if strings.HasPrefix(e, isQuery) {
			e = "(" + e + ")"
		}
		script.WriteString("SELECT '" + begin + "'; SELECT (" + e + ") IS NULL, " + e + from + ";\n")
	}
	out, complaints, err := s.client(ctx, script.String())
	if err != nil {
		return nil, fmt.Errorf("mariadb: %w\n%s", err, complaints)
	}
	parts := strings.Split(string(out), begin+"\n")[1:]
	if len(parts) != len(exprs) {
		return nil, fmt.Errorf("mariadb: %d answers to %d questions", len(parts), len(exprs))
	}
	answers := make([]string, len(exprs))
	for i, p := range parts {
		row, rest, _ := strings.Cut(p, "\n")
		null, value, _ := strings.Cut(row, "\t")
		if null == "1" {
			value = "NULL" // of BINARY the client makes 0x
		}
		answers[i] = value
		if w := warned.FindStringSubmatch(rest); w != nil {
			answers[i] += " (warning " + w[1] + ")"
		}
	}
	for _, m := range failed.FindAllStringSubmatch(string(complaints), -1) {
		var line int
		if _, err := fmt.Sscan(m[2], &line); err != nil || line < 2 || line > len(exprs)+1 {
			return nil, fmt.Errorf("mariadb: %s", complaints)
		}
		answers[line-2] = "error " + m[1]
	}
	return answers, nil
}
