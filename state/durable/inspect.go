package durable

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// An Inspection is what a directory holds, for whoever looks at it from outside. It changes
// nothing.
type Inspection struct {
	dir *Dir
	ids []string // of the flows
}

// Inspect looks into a directory that no process has open.
func Inspect(fs vfs.FS, path string) (*Inspection, error) {
	d := &Dir{fs: fs, path: path, limits: limits{sort: math.MaxInt}} // nothing is written
	if _, err := fs.Stat(d.Path(formatName)); err != nil {
		return nil, err
	}
	lock, err := lockDir(d)
	if err != nil {
		return nil, err
	}
	d.lock = lock
	if err := d.checkFormat(true); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	ids, err := d.listFlows()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Inspection{d, ids}, nil
}

// Flows returns the names of the flows.
func (i *Inspection) Flows() []string { return i.ids }

// Close lets others have the directory.
func (i *Inspection) Close() error { return i.dir.lock.Close() }

// FS returns the file system that the directory is in.
func (i *Inspection) FS() vfs.FS { return i.dir.fs }

// Path returns the path of something in the directory.
func (i *Inspection) Path(name string) string { return i.dir.Path(name) }

// ReadFile is Dir.ReadFile.
func (i *Inspection) ReadFile(name string) ([]byte, error) { return i.dir.ReadFile(name) }

// A FlowInfo is what there is of a flow.
type FlowInfo struct {
	ID       string
	Epoch    int64 // of the latest checkpoint
	Prepared int64 // of one behind it that may have happened, 0 for none
	Logged   int   // records behind the latest checkpoint
	Files    int   // that the checkpoint consists of
	Bytes    int64 // of them
	Tables   []TableInfo
}

// A TableInfo is what the latest checkpoint has of a table.
type TableInfo struct {
	Store, Name, Shape string
	Rows               int64
	Bytes              int64 // of keys and values
}

// Flow reads all of a flow and checks it.
func (i *Inspection) Flow(ctx context.Context, id string) (FlowInfo, error) {
	info := FlowInfo{ID: id}
	f, err := i.open(id)
	if err != nil {
		return info, err
	}
	info.Epoch, info.Logged, info.Files, info.Bytes = f.manifest.Epoch, len(f.found.Log), len(f.files), f.size()
	if f.waiting != nil {
		info.Prepared = f.waiting.To
	}
	for _, t := range (&merger{files: f.files, base: true}).tables() {
		x := TableInfo{Store: t.store, Name: t.table, Shape: t.shape}
		err := eachOf(ctx, f, t, func(key, value []byte) error {
			x.Rows++
			x.Bytes += int64(len(key) + len(value))
			return nil
		})
		if err != nil {
			return info, err
		}
		info.Tables = append(info.Tables, x)
	}
	return info, nil
}

// Each calls f for each key of a table, in their order, until it fails. What f is given
// lasts until it returns.
func (i *Inspection) Each(ctx context.Context, id string, t TableInfo, f func(key, value []byte) error) error {
	flow, err := i.open(id)
	if err != nil {
		return err
	}
	for _, x := range (&merger{files: flow.files, base: true}).tables() {
		if x.store == t.Store && x.table == t.Name {
			return eachOf(ctx, flow, x, f)
		}
	}
	return nil
}

func (i *Inspection) open(id string) (*Flow, error) {
	f, err := glance(i.dir, id)
	if err != nil {
		return nil, err
	}
	return f, f.check()
}

func eachOf(ctx context.Context, f *Flow, t layered, call func(key, value []byte) error) error {
	s, err := openLayers(ctx, f, t)
	if err != nil {
		return err
	}
	err = s.each(ctx, func(e *layerEntry) error {
		if e.gone {
			return nil
		}
		return call(e.key, e.value)
	})
	if closed := s.close(); err == nil {
		err = closed
	}
	return err
}

// SmallFiles are the paths of the small files, in the order of their names, and of each what
// is wrong with it.
func (i *Inspection) SmallFiles() (paths []string, wrong []error, err error) {
	names, err := i.dir.fs.List(i.dir.path)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		info, err := i.dir.fs.Stat(i.dir.Path(name))
		if err != nil {
			return nil, nil, err
		}
		if name == lockName || info.IsDir() {
			continue
		}
		_, err = i.dir.ReadFile(name)
		paths, wrong = append(paths, i.dir.Path(name)), append(wrong, err)
	}
	return paths, wrong, nil
}
