package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// replacing puts each epoch in the place of the file.
type replacing struct{ path string }

func (p *replacing) stagePath(epoch int64) string { return hiddenBeside(p.path, epoch) }

func hiddenBeside(path string, epoch int64) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.epoch-%d", filepath.Base(path), epoch))
}

func (p *replacing) recover(prepared int64) (int64, error) {
	if prepared == 0 {
		return 0, removeStages(p.path)
	}
	return stagedBefore(p.stagePath(prepared), prepared)
}

// stagedBefore is the last visible epoch: the stage of one that is not is there.
func stagedBefore(stage string, prepared int64) (int64, error) {
	switch _, err := os.Stat(stage); {
	case err == nil:
		return prepared - 1, nil
	case errors.Is(err, fs.ErrNotExist):
		return prepared, nil
	default:
		return 0, err
	}
}

func (p *replacing) begins() (bool, error)     { return true, nil }
func (p *replacing) always() bool              { return true }
func (p *replacing) publish(epoch int64) error { return rename(p.stagePath(epoch), p.path) }
func (p *replacing) close() error              { return nil }

// epochFiles makes a file of each epoch. Its name holds the run too, so that a query
// that is started anew, and counts its epochs from 1, does not write over the files
// of an earlier one. A run is claimed by making a hidden file, so that two queries
// never share one.
type epochFiles struct {
	dir    string
	suffix string
	run    int64
	claim  string
}

var runName = regexp.MustCompile(`^\.?run-(\d+)(?:$|-epoch-(\d+)\.)`)

func (p *epochFiles) name(epoch int64) string {
	return fmt.Sprintf("run-%04d-epoch-%08d%s", p.run, epoch, p.suffix)
}

func (p *epochFiles) stagePath(epoch int64) string { return filepath.Join(p.dir, "."+p.name(epoch)) }

func (p *epochFiles) recover(prepared int64) (int64, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return 0, err
	}
	var highest, of int64 // the highest run, and the one that wrote the epoch that was prepared
	for _, e := range entries {
		m := runName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		run, _ := strconv.ParseInt(m[1], 10, 64)
		highest = max(highest, run)
		if epoch, err := strconv.ParseInt(m[2], 10, 64); err == nil && epoch == prepared {
			of = max(of, run)
		}
	}
	if prepared == 0 {
		return 0, p.claimAfter(highest)
	}
	if p.run = of; of == 0 { // the epoch had no rows
		p.run = max(highest, 1)
	}
	return stagedBefore(p.stagePath(prepared), prepared)
}

// claimAfter takes the first free run.
func (p *epochFiles) claimAfter(run int64) error {
	for {
		run++
		name := filepath.Join(p.dir, fmt.Sprintf(".run-%04d", run))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		p.run, p.claim = run, name
		return f.Close()
	}
}

func (p *epochFiles) begins() (bool, error) { return true, nil }
func (p *epochFiles) always() bool          { return false }

func (p *epochFiles) publish(epoch int64) error {
	return rename(p.stagePath(epoch), filepath.Join(p.dir, p.name(epoch)))
}

func (p *epochFiles) close() error {
	if p.claim == "" {
		return nil
	}
	return os.Remove(p.claim)
}

// appending adds each epoch to the end of a file.
type appending struct{ path string }

func (p *appending) stagePath(epoch int64) string { return hiddenBeside(p.path, epoch) }

// recover of a query that is started anew ends what an earlier one had begun to add,
// and forgets what that had not.
func (p *appending) recover(prepared int64) (int64, error) {
	if prepared > 0 {
		return stagedBefore(p.stagePath(prepared), prepared)
	}
	dir, prefix := filepath.Dir(p.path), "."+filepath.Base(p.path)+".epoch-"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		number, _, begun := strings.Cut(rest, ".at-")
		epoch, err := strconv.ParseInt(number, 10, 64)
		if !ok || !begun || err != nil {
			continue
		}
		if err := p.publish(epoch); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return 0, removeStages(p.path)
}

// removeStages removes what an earlier query left beside a file.
func removeStages(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+filepath.Base(path)+".epoch-") {
			if err := os.Remove(filepath.Join(filepath.Dir(path), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
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
