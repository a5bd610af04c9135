package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pidFile, in the directory of a server that outlives its starter, has its pid and
// its address on one line. It says the truth only while the lock is held.
const pidFile = "kafka.pid"

// StartDaemon runs Kafka as Start does, but until StopDaemon, and returns its
// address. When one runs in dir already, the address is that one's.
func StartDaemon(ctx context.Context, dir string) (string, error) {
	_, addr, err := daemon(dir)
	if err == nil {
		return addr, poll(ctx, func() (bool, error) { return answers(ctx, addr), nil })
	}
	if !errors.Is(err, errNone) {
		return "", err
	}
	s, err := prepare(ctx, dir, "")
	if err != nil {
		return "", err
	}
	from, err := s.spawn(s.free())
	if err != nil {
		return "", fmt.Errorf("start kafka: %w", err)
	}
	// Known before it answers, so that it can be stopped whatever becomes of us.
	line := fmt.Sprintf("%d %s\n", s.pid, s.Addr())
	if err := os.WriteFile(s.file(pidFile), []byte(line), 0o644); err != nil {
		s.Kill()
		return "", err
	}
	return s.Addr(), s.await(ctx, from)
}

// StopDaemon ends the server that StartDaemon started in dir, and kills it if it
// does not end. It succeeds too when none runs there; the data stays.
func StopDaemon(dir string) error {
	pid, _, err := daemon(dir)
	if errors.Is(err, errNone) {
		return os.RemoveAll(filepath.Join(dir, pidFile))
	}
	if err != nil {
		return err
	}
	terminate(pid)
	err = gone(dir)
	if errors.Is(err, context.DeadlineExceeded) {
		killGroup(pid)
		err = gone(dir)
	}
	if err != nil {
		return fmt.Errorf("stop kafka in %s: process %d: %w", dir, pid, err)
	}
	return os.RemoveAll(filepath.Join(dir, pidFile))
}

var errNone = errors.New("no kafka runs here")

// daemon returns the pid and address of the server that runs in dir, or errNone.
// That one runs is told by its lock: a pid alone may have become another's.
func daemon(dir string) (int, string, error) {
	lock, err := tryLock(filepath.Join(dir, "lock"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return 0, "", errNone
	case err != nil:
		return 0, "", err
	case lock != nil:
		return 0, "", errors.Join(errNone, lock.Close())
	}
	line, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil {
		return 0, "", fmt.Errorf("a kafka in %s belongs to a program that runs, which has to stop it: %w", dir, err)
	}
	var pid int
	var addr string
	if _, err := fmt.Sscan(strings.TrimSpace(string(line)), &pid, &addr); err != nil || pid <= 1 {
		return 0, "", fmt.Errorf("%s in %s is not a pid and an address: %q", pidFile, dir, line)
	}
	return pid, addr, nil
}

// gone waits until the server in dir has ended, which gives up its lock.
func gone(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	lock, err := waitLock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	return lock.Close()
}
