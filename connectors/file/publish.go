package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// replacing puts each epoch in the place of the file.
type replacing struct{ target }

func (p *replacing) recover(happened int64) error {
	return p.eachStage(func(epoch int64) error {
		if epoch == happened && p.query != "" {
			return p.publish(epoch)
		}
		return os.Remove(p.stagePath(epoch))
	})
}

func (p *replacing) begins() (bool, error)     { return true, nil }
func (p *replacing) always() bool              { return true }
func (p *replacing) publish(epoch int64) error { return rename(p.stagePath(epoch), p.path) }
func (p *replacing) close() error              { return nil }

// A target is a file that a query writes, beside which its stages are.
type target struct {
	path  string
	query string // "" for one that does not outlive the process
}

// stagePath is ".out.json.epoch-3", or ".out.json.query.epoch-3" where stages are those of
// one query and of no other.
func (p *target) stagePath(epoch int64) string {
	return filepath.Join(filepath.Dir(p.path), p.stagePrefix()+strconv.FormatInt(epoch, 10))
}

func (p *target) stagePrefix() string {
	name := "." + filepath.Base(p.path)
	if p.query != "" {
		name += "." + url.PathEscape(p.query)
	}
	return name + ".epoch-"
}

// eachStage calls f for the epochs that have a stage, and removes what never became one.
func (p *target) eachStage(f func(epoch int64) error) error {
	entries, err := os.ReadDir(filepath.Dir(p.path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), p.stagePrefix())
		if !ok {
			continue
		}
		number, what, _ := strings.Cut(rest, ".")
		epoch, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			continue
		}
		switch _, staged := slices.BinarySearchFunc(entries, filepath.Base(p.stagePath(epoch)), func(e fs.DirEntry, name string) int {
			return strings.Compare(e.Name(), name)
		}); {
		case what == "":
			err = f(epoch)
		case "."+what == partSuffix, !staged: // the note of an epoch that is wholly there
			err = os.Remove(filepath.Join(filepath.Dir(p.path), e.Name()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appending adds each epoch to the end of a file.
type appending struct{ target }

// recover ends what was begun to be added. Of a query that does not outlive the process
// nothing else was promised.
func (p *appending) recover(happened int64) error {
	return p.eachStage(func(epoch int64) error {
		begun, _, err := p.begun(p.stagePath(epoch))
		switch {
		case err != nil:
			return err
		case begun != "" && p.query != "" && 0 < happened && happened < epoch:
			return fmt.Errorf("%s: epoch %d of query %s is in the file, and the last one that its state knows of is %d: is that an older copy?", p.path, epoch, p.query, happened)
		case begun != "", epoch == happened && p.query != "":
			return p.publish(epoch)
		}
		return os.Remove(p.stagePath(epoch))
	})
}

func (p *appending) begins() (bool, error) {
	n, err := fileSize(p.path)
	return n == 0, err
}

func (p *appending) always() bool { return false }
func (p *appending) close() error { return nil }

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// publish adds the stage to the file. The process may end in the middle of it, so
// where the epoch begins is written down first, as the name of the stage; who comes
// after goes on from there with what is missing.
func (p *appending) publish(epoch int64) error {
	stage := p.stagePath(epoch)
	data, err := os.ReadFile(stage)
	if err != nil {
		return err
	}
	begun, base, err := p.begun(stage)
	if err != nil {
		return err
	}
	if begun == "" {
		if base, err = fileSize(p.path); err != nil {
			return err
		}
		begun = fmt.Sprintf("%s.at-%d", stage, base)
		if err := os.WriteFile(begun, nil, 0o666); err != nil {
			return err
		}
		if err := syncDir(filepath.Dir(p.path)); err != nil {
			return err
		}
	}
	if err := p.complete(base, data); err != nil {
		return err
	}
	if err := errors.Join(os.Remove(stage), os.Remove(begun)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.path))
}

// begun finds the note of where an epoch begins that was not wholly added.
func (p *appending) begun(stage string) (name string, base int64, err error) {
	entries, err := os.ReadDir(filepath.Dir(stage))
	prefix := filepath.Base(stage) + ".at-"
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), prefix); ok {
			base, err := strconv.ParseInt(rest, 10, 64)
			return filepath.Join(filepath.Dir(stage), e.Name()), base, err
		}
	}
	return "", 0, err
}

// complete has data stand in the file from base on.
func (p *appending) complete(base int64, data []byte) error {
	f, err := os.OpenFile(p.path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	there := make([]byte, len(data))
	n, err := f.ReadAt(there, base)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !bytes.Equal(there[:n], data[:n]) {
		return fmt.Errorf("%s at offset %d: something else was written to the file", p.path, base)
	}
	if _, err := f.WriteAt(data[n:], base+int64(n)); err != nil {
		return err
	}
	return f.Sync()
}
