package cold

import (
	"errors"
	"io"
	"os"
	"path"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// files are those of a database: what it has written of keys is on the disk, and the lists of
// which files there are stay in memory. Nobody opens them again, and a list that could not be
// written would end the process: Pebble has no other way out.
type files struct {
	vfs.FS // the disk
	lists  vfs.FS
}

func newFiles(disk vfs.FS) vfs.FS { return files{disk, vfs.NewMem()} }

// of is where a file is.
func (f files) of(name string) vfs.FS {
	switch path.Ext(name) {
	case ".sst", ".blob":
		return f.FS
	}
	return f.lists
}

// Unwrap implements vfs.FS: there is no one file system behind it.
func (f files) Unwrap() vfs.FS { return nil }

// Create implements vfs.FS, and so do all the following.
func (f files) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.of(name).Create(name, c)
	if err != nil {
		return nil, err
	}
	return unsynced{file}, nil
}

// An unsynced file is not waited for until it is on the disk: nobody reads it after a crash.
type unsynced struct{ vfs.File }

func (unsynced) Sync() error                { return nil }
func (unsynced) SyncData() error            { return nil }
func (unsynced) SyncTo(int64) (bool, error) { return false, nil }

func (f files) Link(from, to string) error { return f.of(from).Link(from, to) }

func (f files) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	return f.of(name).Open(name, o...)
}

func (f files) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.of(name).OpenReadWrite(name, c, o...)
}

func (f files) OpenDir(name string) (vfs.File, error) { return f.lists.OpenDir(name) }

func (f files) Remove(name string) error { return f.of(name).Remove(name) }

func (f files) RemoveAll(name string) error {
	return errors.Join(f.FS.RemoveAll(name), f.lists.RemoveAll(name))
}

func (f files) Rename(from, to string) error { return f.of(from).Rename(from, to) }

func (f files) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.of(from).ReuseForWrite(from, to, c)
}

func (f files) MkdirAll(dir string, perm os.FileMode) error {
	return errors.Join(f.FS.MkdirAll(dir, perm), f.lists.MkdirAll(dir, perm))
}

func (f files) Lock(name string) (io.Closer, error) { return f.lists.Lock(name) }

func (f files) List(dir string) ([]string, error) {
	names, err := f.FS.List(dir)
	lists, lerr := f.lists.List(dir)
	return append(names, lists...), errors.Join(err, lerr)
}

func (f files) Stat(name string) (vfs.FileInfo, error) { return f.of(name).Stat(name) }
