package builtin

import (
	"errors"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A private file system is the disk, on which it makes directories and files that their owner
// alone may read and write, whoever may enter the directory. Files that are there keep what
// they have.
type private struct{ vfs.FS }

// Create implements vfs.FS.
func (p private) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := p.FS.Create(name, c)
	return closedUnless(f, err, func() error { return os.Chmod(name, 0o600) })
}

// OpenReadWrite implements vfs.FS.
func (p private) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	guard := guarding(name)
	f, err := p.FS.OpenReadWrite(name, c, o...)
	return closedUnless(f, err, guard)
}

// MkdirAll implements vfs.FS.
func (p private) MkdirAll(dir string, _ os.FileMode) error { return p.FS.MkdirAll(dir, 0o700) }

// Lock implements vfs.FS.
func (p private) Lock(name string) (io.Closer, error) {
	guard := guarding(name)
	lock, err := p.FS.Lock(name)
	return closedUnless(lock, err, guard)
}

// guarding returns what makes a file private that is about to be made, if it is.
func guarding(name string) func() error {
	if _, err := os.Lstat(name); err == nil {
		return func() error { return nil }
	}
	return func() error { return os.Chmod(name, 0o600) }
}

// closedUnless closes what was opened where then fails.
func closedUnless[C io.Closer](c C, err error, then func() error) (C, error) {
	if err != nil {
		return c, err
	}
	if err := then(); err != nil {
		var none C
		return none, errors.Join(err, c.Close())
	}
	return c, nil
}
