// Package kafkatest runs a real Apache Kafka for tests: one KRaft node on
// loopback, from the packages that the Kafka project publishes for Maven.
//
// A fake broker is faster and knows Kafka's protocol, but not all of its manners:
// batches cut in two, coordinators that are still loading, commits that show up
// late. What has to hold on Kafka is tested on Kafka.
package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	startLimit = time.Minute      // a node is up after a few seconds, on a busy machine after twenty
	stopLimit  = 20 * time.Second // a node that closes its files in good order needs two
	lockLimit  = 3 * time.Second  // a killed node is gone at once
)

// Server is one Kafka node. It ends with the process that started it, whatever
// that process dies of. Its methods are not for use by two goroutines at once.
type Server struct {
	kit   kit
	dir   string // absolute
	port  int
	extra string // properties

	pid    int           // leads the process group
	exited chan struct{} // closed when the process has been reaped
}

// Start runs Kafka on free loopback ports and returns when it answers. Its
// configuration, log and data are kept in dir, which is made when it is not there;
// data of an earlier server in dir is taken up again. ctx bounds the start only.
//
// Without Java, or Maven on the first run, the error is an ErrMissing. A start that
// does not come about says why with the lines of Kafka's log.
func Start(ctx context.Context, dir string) (*Server, error) {
	return startWith(ctx, dir, "")
}

// startWith is Start with more properties.
func startWith(ctx context.Context, dir, extra string) (*Server, error) {
	s, err := prepare(ctx, dir, extra)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, s.tied("")); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr returns the host and port for a client's bootstrap.servers. It stays the
// same over a Restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Log returns the path of what Kafka has to say.
func (s *Server) Log() string { return filepath.Join(s.dir, "kafka.log") }

// Stop lets Kafka close its files and end, and kills it if it does not. When Stop
// returns no process is left. On a server that does not run it does nothing.
func (s *Server) Stop() {
	if !s.runs() {
		return
	}
	terminate(s.pid)
	select {
	case <-s.exited:
	case <-time.After(stopLimit):
		s.Kill()
	}
}

// Kill ends Kafka as a crash would.
func (s *Server) Kill() {
	if !s.runs() {
		return
	}
	killGroup(s.pid)
	<-s.exited
}

// runs reports whether the pid is still Kafka's.
func (s *Server) runs() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// Restart starts Kafka again on the same port and data, after a Stop if it runs.
func (s *Server) Restart(ctx context.Context) error {
	s.Stop()
	return s.start(ctx, s.tied(""))
}

// prepare returns a server that is configured and formatted but does not run.
func prepare(ctx context.Context, dir, extra string) (*Server, error) {
	k, err := install(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{kit: k, extra: extra}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	if err := s.configure(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// tied is a command that runs Kafka and kills it when the pipe from this process
// closes; then it removes the directory litter unless that is empty. The shell
// becomes Kafka, so that the pid is Kafka's; the watcher stays in its group.
func (s *Server) tied(litter string) *exec.Cmd {
	return s.shell(`exec 4<&0
(read -r _ <&4; kill -KILL $$; test -z "$0" || rm -rf "$0") 3<&- &
exec "$@" 4<&- </dev/null`, litter)
}

// free is a command that runs Kafka until somebody ends it.
func (s *Server) free() *exec.Cmd { return s.shell(`exec "$@" </dev/null`, "") }

// shell runs a script with Kafka's command line as its arguments.
func (s *Server) shell(script, zero string) *exec.Cmd {
	return exec.Command("/bin/sh", append([]string{"-c", script, zero}, s.java()...)...)
}

func (s *Server) java() []string {
	return s.kit.command("info", "kafka.Kafka", s.file(propertiesFile))
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// start runs cmd and returns when Kafka answers; otherwise nothing is left running.
func (s *Server) start(ctx context.Context, cmd *exec.Cmd) error {
	from, err := s.spawn(cmd)
	if err != nil {
		return fmt.Errorf("start kafka: %w", err)
	}
	return s.await(ctx, from)
}

// await returns when Kafka answers, or kills it and says what it logged after from.
func (s *Server) await(ctx context.Context, from int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("no answer in %s", startLimit))
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		if !s.runs() {
			return false, errors.New("it ended at once")
		}
		return answers(ctx, s.Addr()), nil
	})
	if err != nil {
		s.Kill()
		return fmt.Errorf("start kafka: %w; its log %s says:\n%s", err, s.Log(), s.complaint(from))
	}
	return nil
}

// spawn starts cmd in its own process group, with the lock on the directory, and
// returns where its part of the log begins.
func (s *Server) spawn(cmd *exec.Cmd) (int64, error) {
	lock, err := s.lock()
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	alive, ours, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer alive.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = alive, log, log, []*os.File{lock}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		return 0, err
	}
	s.pid, s.exited = cmd.Process.Pid, make(chan struct{})
	go reap(cmd, ours, s.exited)
	return from, nil
}

// lock waits a little, for a server there whose starter was killed to be gone.
func (s *Server) lock() (*os.File, error) {
	taken := fmt.Errorf("another one runs in %s; stop it or choose another directory", s.dir)
	ctx, cancel := context.WithTimeoutCause(context.Background(), lockLimit, taken)
	defer cancel()
	return waitLock(ctx, s.file("lock"))
}

// reap kills the watcher before the pipe closes: it would otherwise kill a pid that
// is no longer Kafka's.
func reap(cmd *exec.Cmd, ours *os.File, exited chan<- struct{}) {
	_ = cmd.Wait()
	killGroup(cmd.Process.Pid)
	_ = ours.Close()
	close(exited)
}

// complaint returns the lines from the first error on that was logged after from,
// or the last ones.
func (s *Server) complaint(from int64) string {
	log, err := os.ReadFile(s.Log())
	if err != nil || int64(len(log)) < from {
		return ""
	}
	text := string(log[from:])
	if i := strings.Index(text, " ERROR "); i >= 0 {
		return head(text[strings.LastIndex(text[:i], "\n")+1:], 8)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}
