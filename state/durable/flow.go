package durable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
)

// A Flow is the state of one dataflow in a directory. After an error of Log, Prepare or
// Commit it refuses all further ones: what is durable is found when it is opened again.
type Flow struct {
	dir *Dir
	fs  vfs.FS
	id  string

	manifest manifest
	files    []*stateFile // of the manifest
	found    state.Found
	waiting  *stateFile // prepared and not yet committed
	written  int64      // bytes of the last one that was prepared
	settled  bool
	log      logWriter
	writing  *task    // makes what is prepared durable
	keeping  *keeping // a commit that the disk is busy with
	next     *slot    // for the next checkpoint; nil where there is none yet

	stores  map[string]*memory.Store
	dropped map[string]bool // since the last Prepare: what files have of them counts no more
	known   map[tableName]bool
	adopts  []*Flow          // since the last Prepare
	foreign map[string]*Flow // stores of those, and whose they were
	removes []*Flow          // adopted by the checkpoint that is prepared
	tier    *cold.Tier       // of what memory has no room for
	limit   int64            // bytes that stores may hold when they are opened; 0 for any number

	spools    atomic.Uint64
	merge     *merging
	mergeFrom int // so many single files are to be there before another merge is tried

	broken error
	ending sync.Mutex // held by who closes: its dataflow, or the directory
	closed bool
}

var (
	_ state.Backend  = (*Flow)(nil)
	_ state.Measured = (*Flow)(nil)
)

// ID returns the flow's name.
func (f *Flow) ID() string { return f.id }

// Found implements state.Backend.
func (f *Flow) Found() state.Found { return f.found }

// Settle implements state.Backend.
func (f *Flow) Settle(_ context.Context, happened bool) error {
	if f.settled {
		return errors.New("a flow is settled once")
	}
	if f.waiting != nil && happened {
		f.knows(f.waiting)
		found := f.path(stateName(f.waiting.Number, f.waiting.From))
		f.writing = f.start(func() error { return f.sync(found) }) // who wrote it may have died before
		f.commit()
		if err := f.kept(); err != nil {
			return err
		}
		f.found.Latest, f.found.Prepared = *f.found.Prepared, nil
		f.found.Log = slices.DeleteFunc(f.found.Log, func(r state.Record) bool { return r.Epoch <= f.found.Latest.Epoch })
	}
	f.waiting, f.found.Prepared = nil, nil
	if err := errors.Join(f.keepLog(), f.sweep()); err != nil {
		return f.fail(err)
	}
	f.settled = true
	f.dir.settled(f)
	return nil
}

// sync makes a file durable that is there.
func (f *Flow) sync(path string) error {
	file, err := f.fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close(), f.syncDir())
}

// knows notes the tables that a file has begun.
func (f *Flow) knows(s *stateFile) {
	for _, t := range s.sections {
		f.known[t.tableName] = true
	}
}

// Store implements state.Backend.
func (f *Flow) Store(name string) (state.Store, error) {
	if !f.settled {
		return nil, errors.New("a flow is settled before its stores are opened")
	}
	f.letGo()
	if s, ok := f.stores[name]; ok {
		return s, nil
	}
	s := memory.New()
	s.Keep(f.filler(name))
	f.stores[name] = s
	return s, nil
}

// letGo forgets the stores that were closed, those of queries which were stopped: the files
// have what they had, and whoever opens them again is given that.
func (f *Flow) letGo() {
	maps.DeleteFunc(f.stores, func(_ string, s *memory.Store) bool { return s.Closed() })
}

// filler fills tables of a store from the files.
func (f *Flow) filler(store string) memory.Fill {
	return func(name string, t state.Table) (kept bool, err error) {
		id := tableName{store, name}
		if o := f.foreign[store]; o != nil {
			return false, o.fill(id, t)
		}
		return true, f.fill(id, t)
	}
}

// fill gives a table what the files have of it.
func (f *Flow) fill(name tableName, t state.Table) error {
	if f.dropped[name.store] {
		return nil
	}
	if err := f.kept(); err != nil {
		return err
	}
	files := f.files
	for i, file := range files {
		if slices.Contains(file.drops, name.store) {
			files = f.files[i:]
		}
	}
	if merged, err := f.fillBounded(files, name, t); merged || err != nil {
		return err
	}
	l := t.Load()
	for _, file := range files {
		if err := f.fillFrom(file, name, t.Shape(), l); err != nil {
			return err
		}
	}
	return l.Done()
}

func (f *Flow) fillFrom(file *stateFile, name tableName, shape string, l state.Loader) error {
	for i := range file.sections {
		s := &file.sections[i]
		if s.tableName != name {
			continue
		}
		if s.shape != shape {
			return fmt.Errorf("state table %s of %s is kept as %s, not %s", name.table, name.store, s.shape, shape)
		}
		if err := f.read(file, s, l); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) read(file *stateFile, s *section, to state.Delta) error {
	r, err := f.reader(file.entry())
	if err != nil {
		return err
	}
	err = readSection(r.blockReader, s, to)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return err
}

// Drop implements state.Backend.
func (f *Flow) Drop(name string) {
	delete(f.stores, name)
	delete(f.foreign, name)
	f.dropped[name] = true
	for t := range f.known {
		if t.store == name {
			delete(f.known, t)
		}
	}
}

// Prepare implements state.Backend.
func (f *Flow) Prepare(ctx context.Context, c state.Checkpoint) error {
	if err := f.usable(ctx); err != nil {
		return err
	}
	if err := f.kept(); err != nil {
		return err
	}
	f.beginMerge()
	if f.waiting != nil || c.Epoch <= f.manifest.Epoch {
		return fmt.Errorf("checkpoint %d cannot follow %d", c.Epoch, max(f.manifest.Epoch, f.found.Latest.Epoch))
	}
	return f.fail(f.prepare(ctx, c))
}

func (f *Flow) prepare(ctx context.Context, c state.Checkpoint) error {
	at, from := f.next, f.manifest.Epoch
	if f.next = nil; at == nil {
		at = &slot{number: f.take()}
		if err := at.create(f, from); err != nil {
			return err
		}
	}
	f.letGo()
	w := newStateWriter(inPassing(at.file), from, c.Epoch)
	if err := f.save(ctx, w, c); err != nil {
		return errors.Join(err, at.file.Close())
	}
	f.writing = f.start(func() error { return at.sync(f) })
	f.waiting = &stateFile{Number: at.number, From: from, To: c.Epoch, Size: w.at, meta: c.Meta, sections: w.sections}
	for _, o := range f.adopts {
		f.waiting.adopted = append(f.waiting.adopted, o.ref())
	}
	f.waiting.drops = slices.Collect(maps.Keys(f.dropped))
	f.written = w.at
	f.removes, f.adopts = f.adopts, nil
	clear(f.dropped)
	clear(f.foreign)
	return nil
}

// save writes what has changed.
func (f *Flow) save(ctx context.Context, w *stateWriter, c state.Checkpoint) error {
	if err := w.note(metaBlock, c.Meta); err != nil {
		return err
	}
	for _, o := range f.adopts {
		r := o.ref()
		if err := w.note(adoptBlock, binary.AppendUvarint(appendBytes(nil, r.Flow), r.Instance)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.dropped)) {
		if err := w.note(dropBlock, []byte(name)); err != nil {
			return err
		}
	}
	for _, o := range f.adopts {
		if err := f.saveUnopened(ctx, w, o); err != nil {
			return err
		}
	}
	for _, store := range slices.Sorted(maps.Keys(f.stores)) {
		for name, t := range f.stores[store].Tables() {
			id := tableName{store, name}
			if err := w.table(section{tableName: id, shape: t.Shape()}, !f.known[id]); err != nil {
				return err
			}
			f.known[id] = true
			if err := t.Save(w); err != nil {
				return err
			}
		}
	}
	return w.finish()
}

// Written implements state.Measured.
func (f *Flow) Written() int64 { return f.written }

// Commit implements state.Backend.
func (f *Flow) Commit(ctx context.Context) error {
	if err := f.usable(ctx); err != nil {
		return err
	}
	if f.waiting == nil || f.keeping != nil {
		return errors.New("no checkpoint is prepared")
	}
	f.commit()
	if !f.dir.options.Foreground {
		return nil
	}
	if err := f.kept(); err != nil {
		return err
	}
	f.beginMerge()
	return nil
}

// publish puts a manifest in place.
func (f *Flow) publish(m manifest) error {
	m.Next = f.manifest.Next
	if err := f.write(m); err != nil {
		return err
	}
	f.manifest = m
	return nil
}

func (f *Flow) write(m manifest) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	return writeSmall(f.fs, f.path(manifestName), manifests, data)
}

// take returns the number of a new file.
func (f *Flow) take() uint64 {
	n := f.manifest.Next
	f.manifest.Next++
	return n
}

func (f *Flow) ref() flowRef { return flowRef{f.id, f.manifest.Instance} }

func (f *Flow) path(name string) string { return f.fs.PathJoin(f.dir.flowPath(f.id), name) }

func (f *Flow) syncDir() error { return syncDir(f.fs, f.dir.flowPath(f.id)) }

// usable tells why the flow cannot be written.
func (f *Flow) usable(ctx context.Context) error {
	switch {
	case f.broken != nil:
		return f.broken
	case f.closed:
		return errors.New("the flow is closed")
	case !f.settled:
		return errors.New("a flow is settled before it is written")
	}
	return ctx.Err()
}

// fail notes an error after which nothing is known of what the files have.
func (f *Flow) fail(err error) error {
	if err != nil {
		f.broken = fmt.Errorf("state of flow %s in %s: %w", f.id, f.dir.path, err)
		return f.broken
	}
	return nil
}

// Close implements state.Backend.
func (f *Flow) Close() error {
	f.ending.Lock()
	defer f.ending.Unlock()
	if f.closed {
		return nil
	}
	err := errors.Join(f.quiet(), f.tier.Close())
	f.abandon()
	return err
}

// quiet ends what the flow does by itself.
func (f *Flow) quiet() error {
	err := errors.Join(f.writing.wait(), f.kept(), f.stopMerge())
	f.next.remove(f)
	f.next = nil
	if f.log.file != nil {
		err = errors.Join(err, f.log.file.Close())
		f.log.file = nil
	}
	return err
}

// abandon takes the flow from the directory's list.
func (f *Flow) abandon() {
	f.closed = true
	f.dir.forget(f)
}

// Remove implements state.Backend.
func (f *Flow) Remove() error {
	if err := f.Close(); err != nil {
		return err
	}
	return f.dir.removeFlow(f)
}
