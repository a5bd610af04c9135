//go:build unix

package kafkatest

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

const supported = true

// detach gives a command that has not started a session and process group of its
// own: a ^C in the terminal is not for it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// terminate asks a process to end in good order.
func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

// killGroup ends what is left of the group that pid leads or led, at once.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// tryLock returns the file at path, locked, or nil when another one has the lock.
// The lock goes with the last process that has inherited the file, however it ends.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, err
}
