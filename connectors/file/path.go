package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/internal/confine"
)

// list returns the files that a path means now, in order of name. One that leads out of
// dirs is an error, even where it is but one of many.
func list(path string, dirs *confine.Dirs) ([]string, error) {
	if err := dirs.Check(path); err != nil {
		return nil, err
	}
	names, err := listAll(path)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := dirs.Check(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func listAll(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return listDir(path)
	case err == nil:
		return []string{path}, nil
	case !strings.ContainsAny(path, `*?[`):
		return nil, err
	}
	names, err := filepath.Glob(path)
	if err != nil {
		return nil, &fs.PathError{Op: "match", Path: path, Err: err}
	}
	hidden := strings.HasPrefix(filepath.Base(path), ".") || strings.HasPrefix(filepath.Base(path), "_")
	names = slices.DeleteFunc(names, func(name string) bool {
		return !isFile(name) || !hidden && isHidden(filepath.Base(name))
	})
	slices.Sort(names)
	return names, nil
}

func listDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // in order of name
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !isHidden(e.Name()) && (e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 && isFile(name)) {
			names = append(names, name)
		}
	}
	return names, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// isHidden tells files that are still being written, by the usual custom.
func isHidden(base string) bool { return base[0] == '.' || base[0] == '_' }
