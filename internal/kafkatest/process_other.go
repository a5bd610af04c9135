//go:build !unix

package kafkatest

import (
	"errors"
	"os"
	"os/exec"
)

// Nothing below is reached: find refuses first.
const supported = false

func detach(*exec.Cmd) {}

func terminate(int) {}

func killGroup(int) {}

func tryLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }
