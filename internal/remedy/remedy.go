// Package remedy says what an operator can do about what the operating system refuses.
package remedy

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// OnDisk returns what to do about an error of writing files, as the end of a sentence, and ""
// where there is nothing to say.
func OnDisk(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room there"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "make it writable for this process"
	}
	return ""
}

// With adds to an error of writing files what to do about it.
func With(err error) error {
	if text := OnDisk(err); text != "" {
		return fmt.Errorf("%w; %s", err, text)
	}
	return err
}
