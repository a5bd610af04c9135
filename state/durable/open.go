package durable

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
)

// glance opens a flow whose directory has a manifest, without looking into the files that
// the manifest names. It changes nothing.
func glance(d *Dir, id string) (*Flow, error) {
	f := newFlow(d, id)
	m, err := readManifest(d.fs, f.path(manifestName))
	if err != nil {
		return nil, err
	}
	f.manifest = *m
	return f, f.look()
}

// check reads all files that the manifest names.
func (f *Flow) check() error {
	for _, e := range f.manifest.Files {
		s, err := f.scan(e)
		if err != nil {
			if s := f.heal(e, err); s != nil {
				f.files = append(f.files, s...)
				continue
			}
			return err
		}
		f.files = append(f.files, s)
	}
	f.manifest.Files = nil
	for _, s := range f.files {
		f.manifest.Files = append(f.manifest.Files, s.entry())
		f.knows(s)
	}
	f.found.Latest.Epoch = f.manifest.Epoch
	if n := len(f.files); n > 0 {
		f.found.Latest.Meta = f.files[n-1].meta
	}
	return nil
}

func newFlow(d *Dir, id string) *Flow {
	f := &Flow{
		dir: d, fs: d.fs, id: id,
		stores: map[string]*memory.Store{}, dropped: map[string]bool{}, known: map[tableName]bool{}, foreign: map[string]*Flow{},
	}
	f.tier = cold.NewTier(f.openCold)
	return f
}

// look finds what the manifest does not name: logs and the checkpoint that was prepared.
func (f *Flow) look() error {
	names, err := f.fs.List(f.dir.flowPath(f.id))
	if err != nil {
		return err
	}
	slices.SortFunc(names, func(a, b string) int {
		_, x, _ := parseName(a)
		_, y, _ := parseName(b)
		return cmp.Compare(x, y)
	})
	for _, name := range names {
		kind, number, ok := parseName(name)
		if !ok {
			continue
		}
		f.manifest.Next = max(f.manifest.Next, number+1)
		switch kind {
		case "log":
			err = f.lookLog(number)
		case "delta", "snapshot":
			err = f.lookState(name, number)
		}
		if err != nil {
			return err
		}
	}
	if f.waiting != nil {
		f.found.Prepared = &state.Checkpoint{Epoch: f.waiting.To, Meta: f.waiting.meta}
	}
	return nil
}

func (f *Flow) lookLog(number uint64) error {
	path := f.path(logName(number))
	data, err := readFile(f.fs, path)
	if err != nil {
		return err
	}
	records, last, err := readLog(path, data, f.manifest.Epoch)
	f.found.Log = append(f.found.Log, records...)
	f.log.files = append(f.log.files, logFile{number, last, int64(len(data))})
	return err
}

// lookState takes a file that follows the latest checkpoint for the one that was prepared,
// the youngest of several. One that is not whole was not.
func (f *Flow) lookState(name string, number uint64) error {
	if slices.ContainsFunc(f.manifest.Files, func(e entry) bool { return e.Number == number }) {
		return nil
	}
	if behind, err := f.follows(name); err != nil || !behind {
		return err
	}
	s, err := f.scanFile(name)
	var bad *Corruption
	switch {
	case errors.As(err, &bad):
		return nil
	case err != nil:
		return err
	}
	s.Number = number
	if s.From == f.manifest.Epoch && (f.waiting == nil || f.waiting.Number < number) {
		f.waiting = s
	}
	return nil
}

// follows reports that a file begins where the latest checkpoint ends.
func (f *Flow) follows(name string) (bool, error) {
	r, err := f.open(name)
	if err != nil {
		return false, err
	}
	head, err := r.bytes(min(headerSize, r.size))
	if closed := r.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return false, err
	}
	from, _, err := parseHeader(r.name, head, stateFiles)
	var bad *Corruption
	if errors.As(err, &bad) {
		return false, nil
	}
	return int64(from) == f.manifest.Epoch, err
}

// scan checks a file that the manifest names.
func (f *Flow) scan(e entry) (*stateFile, error) {
	s, err := f.scanFile(e.name())
	if err != nil {
		return nil, err
	}
	if s.From != e.From || s.To != e.To || s.Size != e.Size {
		return nil, &Corruption{f.path(e.name()), 16, "it is another file than the manifest names"}
	}
	s.Number = e.Number
	return s, nil
}

func (f *Flow) scanFile(name string) (*stateFile, error) {
	r, err := f.open(name)
	if err != nil {
		return nil, err
	}
	s, err := scanState(r.blockReader)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return s, err
}

// An openFile is a file with a reader.
type openFile struct {
	vfs.File
	*blockReader
}

func (f *Flow) reader(e entry) (openFile, error) { return f.open(e.name()) }

func (f *Flow) open(name string) (openFile, error) { return openReader(f.fs, f.path(name)) }

func openReader(fs vfs.FS, path string) (openFile, error) {
	file, err := fs.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return openFile{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return openFile{}, errors.Join(err, file.Close())
	}
	return openFile{file, &blockReader{file: file, name: path, size: info.Size()}}, nil
}

// sweep removes the files that nothing needs.
func (f *Flow) sweep() error {
	names, err := f.fs.List(f.dir.flowPath(f.id))
	if err != nil {
		return err
	}
	keep := map[string]bool{manifestName: true}
	for _, e := range slices.Concat(append(f.manifest.Former, f.manifest.Files)...) {
		keep[e.name()] = true
	}
	if f.next != nil {
		keep[f.next.name(f.manifest.Epoch)] = true
	}
	for _, l := range f.log.files {
		keep[logName(l.number)] = true
	}
	for _, name := range names {
		if _, _, ours := parseName(name); !keep[name] && (ours || strings.HasSuffix(name, temporarySuffix)) {
			if err := f.fs.Remove(f.path(name)); err != nil {
				return err
			}
		}
	}
	if err := f.trimLogs(f.manifest.Epoch); err != nil {
		return err
	}
	return f.syncDir()
}
