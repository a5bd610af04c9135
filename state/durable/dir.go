package durable

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/url"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/internal/remedy"
)

// A Dir is a directory with the state of dataflows. One process has it at a time; its own
// methods may be called, and its flows be used and closed, side by side.
type Dir struct {
	fs      vfs.FS
	path    string
	options Options
	limits  limits
	lock    io.Closer
	passing atomic.Uint64 // backends of which nothing lasts
	retain  atomic.Int64  // of the options, or as it was set

	mu   sync.Mutex // guards the list of flows, here and on the disk
	open []*Flow
	made map[*Flow][]flowRef // by open flows: those whose stores a checkpoint has that is not settled
}

const (
	formatName = "FORMAT"
	lockName   = "LOCK"
	flowsName  = "flows"
	format     = "sqlstream state 1"
)

// Open opens a directory and makes it where there is none.
func Open(fs vfs.FS, path string, o Options) (*Dir, error) {
	d := &Dir{fs: fs, path: path, options: o, limits: usualLimits, made: map[*Flow][]flowRef{}}
	d.Retain(o.Retain)
	if err := d.begin(); err != nil {
		return nil, remedy.With(err)
	}
	if err := errors.Join(d.removeCold(), d.removeGone()); err != nil {
		return nil, errors.Join(remedy.With(err), d.lock.Close())
	}
	return d, nil
}

// begin locks the directory and sees whether it is one of ours.
func (d *Dir) begin() error {
	names, err := d.fs.List(d.path)
	if err != nil && !isNotExist(err) {
		return err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == lockName || n == formatName+temporarySuffix || n == flowsName })
	if len(names) > 0 && !slices.Contains(names, formatName) {
		return fmt.Errorf("%s has no state of sqlstream and is not empty: name another directory", d.path)
	}
	if err := d.fs.MkdirAll(d.Path(flowsName), 0o700); err != nil {
		return err
	}
	if d.lock, err = lockDir(d); err != nil {
		return err
	}
	if err := d.checkFormat(slices.Contains(names, formatName)); err != nil {
		return errors.Join(err, d.lock.Close())
	}
	return nil
}

func lockDir(d *Dir) (io.Closer, error) {
	lock, err := d.fs.Lock(d.Path(lockName))
	switch {
	case remedy.OnDisk(err) != "":
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s is in use by another process: stop that one, or name another directory (%w)", d.path, err)
	}
	return lock, nil
}

func (d *Dir) checkFormat(there bool) error {
	if !there {
		if err := d.WriteFile(formatName, []byte(format)); err != nil {
			return err
		}
		return syncDir(d.fs, d.fs.PathDir(d.path))
	}
	data, err := d.ReadFile(formatName)
	if err == nil && string(data) != format {
		err = fmt.Errorf("%s is %q; this sqlstream knows %q: use the one that wrote it", d.path, data, format)
	}
	return err
}

// Path returns the path of something in the directory.
func (d *Dir) Path(name string) string { return d.fs.PathJoin(d.path, name) }

// FS returns the file system that the directory is in.
func (d *Dir) FS() vfs.FS { return d.fs }

// ReadFile returns what WriteFile put there last; where there is nothing, the error is
// fs.ErrNotExist.
func (d *Dir) ReadFile(name string) ([]byte, error) {
	return readSmall(d.fs, d.Path(name), smallFiles)
}

// WriteFile makes a small file durable, all of it at once: a process that dies has left the
// old content or the new one.
func (d *Dir) WriteFile(name string, data []byte) error {
	return writeSmall(d.fs, d.Path(name), smallFiles, data)
}

// RemoveFile removes what WriteFile put there; it is no error that there is nothing.
func (d *Dir) RemoveFile(name string) error {
	if err := d.fs.Remove(d.Path(name)); err != nil && !isNotExist(err) {
		return err
	}
	return syncDir(d.fs, d.fs.PathDir(d.Path(name)))
}

func isNotExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }

func (d *Dir) flowPath(id string) string {
	return d.fs.PathJoin(d.path, flowsName, url.PathEscape(id))
}

// Flow opens the state of a dataflow, which begins anew where there is none of that name. A
// flow that was adopted by another one's prepared checkpoint waits until that is settled.
func (d *Dir) Flow(id string) (*Flow, error) {
	if id == "" || id == "." || id == ".." {
		return nil, fmt.Errorf("%q is no name of a flow", id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.Has(id) {
		if err := d.createFlow(id); err != nil {
			return nil, err
		}
	}
	return d.openFlow(id)
}

// OpenFlow is Flow where there is one of that name.
func (d *Dir) OpenFlow(id string) (*Flow, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.openFlow(id)
}

// openFlow is OpenFlow of who holds d.mu.
func (d *Dir) openFlow(id string) (*Flow, error) {
	if slices.ContainsFunc(d.open, func(f *Flow) bool { return f.id == id }) {
		return nil, fmt.Errorf("flow %s is open already", id)
	}
	f, err := glance(d, id)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if other := d.adopter(f.ref()); other != nil {
		return nil, fmt.Errorf("flow %s is taken over by flow %s, which is to be settled first", id, other.id)
	}
	d.open = append(d.open, f)
	if f.waiting != nil {
		d.made[f] = f.waiting.adopted
	}
	return f, nil
}

// Has reports that there is a flow of a name, or what is left of one whose manifest is
// missing: nobody is to take it for one that has not begun.
func (d *Dir) Has(id string) bool {
	names, err := d.fs.List(d.flowPath(id))
	if err != nil {
		return !isNotExist(err)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		_, _, ok := parseName(name)
		return ok || name == manifestName
	})
}

// adopter is the open flow that has a prepared checkpoint with another one's stores.
func (d *Dir) adopter(ref flowRef) *Flow {
	for f, refs := range d.made {
		if slices.Contains(refs, ref) {
			return f
		}
	}
	return nil
}

// settled says of a flow that it has no prepared checkpoint any more.
func (d *Dir) settled(f *Flow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.made, f)
}

func (d *Dir) createFlow(id string) error {
	if err := d.fs.MkdirAll(d.flowPath(id), 0o700); err != nil {
		return err
	}
	instance, err := d.nextInstance()
	if err != nil {
		return err
	}
	f := newFlow(d, id)
	if err := f.publish(manifest{Instance: instance}); err != nil {
		return err
	}
	return syncDir(d.fs, d.Path(flowsName))
}

// nextInstance returns a number that no manifest knows a flow by.
func (d *Dir) nextInstance() (uint64, error) {
	most := uint64(0)
	err := d.eachManifest(func(_ string, m *manifest) {
		most = max(most, m.Instance)
		for _, r := range m.Adopted {
			most = max(most, r.Instance)
		}
	})
	return most + 1, err
}

// eachManifest calls f for each flow whose manifest can be read; who opens another is told
// what is wrong.
func (d *Dir) eachManifest(f func(id string, m *manifest)) error {
	ids, err := d.listFlows()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if m, err := readManifest(d.fs, d.fs.PathJoin(d.flowPath(id), manifestName)); err == nil {
			f(id, m)
		}
	}
	return nil
}

// Flows returns the names of the flows that there are. One that has a prepared checkpoint
// with the stores of others stands before all.
func (d *Dir) Flows() ([]string, error) {
	ids, err := d.listFlows()
	if err != nil {
		return nil, err
	}
	first := map[string]bool{}
	for _, id := range ids {
		f, err := glance(d, id)
		if err != nil {
			continue // who opens it is told
		}
		first[id] = f.waiting != nil && len(f.waiting.adopted) > 0
	}
	sort.SliceStable(ids, func(i, j int) bool { return first[ids[i]] && !first[ids[j]] })
	return ids, nil
}

// listFlows returns the flows that there are, those that have lost their manifest, too.
func (d *Dir) listFlows() ([]string, error) {
	names, err := d.fs.List(d.Path(flowsName))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var ids []string
	for _, name := range names {
		id, err := url.PathUnescape(name)
		if err != nil || url.PathEscape(id) != name {
			continue
		}
		if d.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// removeGone removes what earlier processes were about to: flows that were removed, and
// those whose stores another one has.
func (d *Dir) removeGone() error {
	var gone []flowRef
	err := d.eachManifest(func(id string, m *manifest) {
		gone = append(gone, m.Adopted...)
		if m.Removed {
			gone = append(gone, flowRef{id, m.Instance})
		}
	})
	if err != nil {
		return err
	}
	return d.removeAdopted(gone)
}

// removeAdopted removes flows from the disk, where they are still there.
func (d *Dir) removeAdopted(refs []flowRef) error {
	removed := false
	for _, ref := range refs {
		m, err := readManifest(d.fs, d.fs.PathJoin(d.flowPath(ref.Flow), manifestName))
		if err != nil || m.Instance != ref.Instance {
			continue
		}
		if err := d.clear(d.flowPath(ref.Flow)); err != nil {
			return err
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return syncDir(d.fs, d.Path(flowsName))
}

// clear removes the directory of a flow, the manifest last: without one the other files
// would be taken for damage.
func (d *Dir) clear(path string) error {
	names, err := d.fs.List(path)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == manifestName {
			continue
		}
		if err := d.fs.RemoveAll(d.fs.PathJoin(path, name)); err != nil {
			return err
		}
	}
	if err := syncDir(d.fs, path); err != nil {
		return err
	}
	return d.fs.RemoveAll(path)
}

// removeFlow removes a closed flow. Its manifest says so first, since what is removed file
// by file must not be taken for a flow.
func (d *Dir) removeFlow(f *Flow) error {
	m := f.manifest
	m.Removed = true
	if err := f.publish(m); err != nil {
		return err
	}
	return d.removeAdopted([]flowRef{f.ref()})
}

func (d *Dir) forget(f *Flow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.made, f)
	d.open = slices.DeleteFunc(d.open, func(o *Flow) bool { return o == f })
}

// Retain sets how many generations of files are kept from the next merge on.
func (d *Dir) Retain(generations int) { d.retain.Store(int64(generations)) }

// report tells an error that has lost nothing.
func (d *Dir) report(err error) {
	if d.options.Report != nil {
		d.options.Report(err)
	}
}

// Close closes the flows that are open and lets others have the directory.
func (d *Dir) Close() error {
	d.mu.Lock()
	open := slices.Clone(d.open)
	d.mu.Unlock()
	var errs []error
	for _, f := range open {
		errs = append(errs, f.Close())
	}
	return errors.Join(append(errs, d.lock.Close())...)
}
