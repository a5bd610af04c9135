// Package confine keeps the files that statements name below directories. The names are
// followed as the system follows them, symbolic links and ".." included, and then compared;
// nobody who can only write statements can make a link, so what was looked at is what is
// opened.
package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dirs are the directories below which files must be; nil stands for no such rule.
type Dirs struct {
	roots []string // resolved
	shown string
}

// New returns the directories of these names, which must be there.
func New(names ...string) (*Dirs, error) {
	if len(names) == 0 {
		return nil, nil
	}
	d := &Dirs{shown: strings.Join(names, ", ")}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is not a directory", name)
		}
		root, err := resolve(name)
		if err != nil {
			return nil, err
		}
		d.roots = append(d.roots, root)
	}
	return d, nil
}

// Check says why a file of that name may not be read or written: an *Outside where it is, or
// leads, anywhere else. The file need not exist.
func (d *Dirs) Check(name string) error {
	if d == nil {
		return nil
	}
	path, err := resolve(name)
	if err != nil {
		return err
	}
	for _, root := range d.roots {
		if root == path || strings.HasPrefix(path, strings.TrimSuffix(root, "/")+"/") {
			return nil
		}
	}
	return &Outside{Name: name, Dirs: d.shown}
}

// An Outside is a name that leads out of the directories.
type Outside struct{ Name, Dirs string }

// Error says where it should lead. Where it does lead it does not say.
func (e *Outside) Error() string {
	return fmt.Sprintf("'%s' leads out of %s, where files are confined to", e.Name, e.Dirs)
}

// most bounds the links that are followed for one name, as systems do.
const most = 40

// resolve returns the absolute name of a file without links and "..". What does not exist
// may only be the end of it: where ".." behind it would lead nobody can say.
func resolve(name string) (string, error) {
	if name == "" {
		return "", errors.New("a name of a file is empty")
	}
	if !filepath.IsAbs(name) {
		dir, err := os.Getwd()
		if err != nil {
			return "", err
		}
		name = dir + "/" + name // not joined, which would take ".." for what it says
	}
	at, missing, links := "/", false, 0
	rest := strings.Split(name, "/")
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch {
		case part == "" || part == ".":
			continue
		case part == ".." && missing:
			return "", fmt.Errorf("'%s': '..' stands behind what does not exist", name)
		case part == "..":
			at = filepath.Dir(at)
			continue
		case missing:
			at = filepath.Join(at, part)
			continue
		}
		next := filepath.Join(at, part)
		info, err := os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = true
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > most {
				return "", fmt.Errorf("'%s': too many symbolic links", name)
			}
			to, err := os.Readlink(next)
			if err != nil {
				return "", err
			}
			if filepath.IsAbs(to) {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
			continue
		}
		at = next
	}
	return at, nil
}
