package memory

import (
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Verify reads the journals of the tables that are kept in a directory, and returns their
// paths and of each what is wrong with it. It changes nothing.
func Verify(fsys vfs.FS, dir string) (paths []string, wrong []error, err error) {
	names, err := fsys.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	for _, name := range names {
		path := fsys.PathJoin(dir, name)
		_, damage := openJournal(fsys, path, func([]byte) error { return nil })
		paths, wrong = append(paths, fsys.PathJoin(path, journalName)), append(wrong, damage)
	}
	return paths, wrong, err
}
