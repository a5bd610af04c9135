package durable

import (
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A task is something that the disk does beside the flow.
type task struct {
	done chan struct{}
	err  error // good when done is closed
}

// start begins a task; in the foreground it is over then.
func (f *Flow) start(work func() error) *task {
	t := &task{done: make(chan struct{})}
	run := func() {
		defer close(t.done)
		t.err = work()
	}
	if f.dir.options.Foreground {
		run()
	} else {
		go run()
	}
	return t
}

// wait returns when the task is over; nil is one that there never was.
func (t *task) wait() error {
	if t == nil {
		return nil
	}
	<-t.done
	return t.err
}

// A slot is an empty file for a checkpoint. One that is made beside the manifest of the
// checkpoint before is in the directory for good when that is: the next one then waits
// for its own file alone.
type slot struct {
	number uint64
	file   vfs.File
	named  bool // the directory has it, durably
}

func (p *slot) name(from int64) string { return stateName(p.number, from) }

func (p *slot) create(f *Flow, from int64) (err error) {
	p.file, err = f.fs.Create(f.path(p.name(from)), vfs.WriteCategoryUnspecified)
	return err
}

// sync makes durable what was written there.
func (p *slot) sync(f *Flow) error {
	err := errors.Join(p.file.Sync(), p.file.Close())
	if err == nil && !p.named {
		err = f.syncDir()
	}
	return err
}

// remove takes away one that is not needed. What is left is removed when the flow is opened.
func (p *slot) remove(f *Flow) {
	if p != nil {
		_ = p.file.Close()
		_ = f.fs.Remove(f.path(p.name(f.manifest.Epoch)))
	}
}

// A keeping is a commit that the disk is busy with.
type keeping struct {
	*task
	manifest manifest
	merged   *merging // that the manifest takes in; nil for none
	next     *slot
}

// commit begins to make the waiting file one of those that count.
func (f *Flow) commit() {
	m := f.manifest
	m.Epoch = f.waiting.To
	m.Files = append(slices.Clone(m.Files), f.waiting.entry())
	m.Adopted = append(slices.Clone(m.Adopted), f.waiting.adopted...)
	k := &keeping{merged: f.endMerge(&m), next: &slot{number: f.take(), named: true}}
	m.Next = f.manifest.Next
	k.manifest = m
	writing := f.writing
	k.task = f.start(func() error {
		if err := writing.wait(); err != nil {
			return err
		}
		if err := k.next.create(f, m.Epoch); err != nil {
			return err
		}
		if err := f.write(m); err != nil {
			return errors.Join(err, k.next.file.Close())
		}
		return nil
	})
	f.keeping, f.writing = k, nil
}

// kept waits for a commit that is under way and ends it. Only Log may be called beside one.
func (f *Flow) kept() error {
	k := f.keeping
	if k == nil {
		return nil
	}
	f.keeping = nil
	if err := k.wait(); err != nil {
		return f.fail(err)
	}
	before := f.manifest
	k.manifest.Next = before.Next // logs may have begun since
	f.manifest, f.next = k.manifest, k.next
	f.files = append(f.files, f.waiting)
	f.waiting = nil
	return f.fail(f.clearUp(k.merged, before))
}

// clearUp removes what the manifest that has taken the place of another one does not need.
func (f *Flow) clearUp(merged *merging, before manifest) error {
	if merged != nil {
		if err := f.replaced(merged, before); err != nil {
			return err
		}
	}
	for _, o := range f.removes {
		o.abandon()
	}
	f.removes = nil
	if err := f.dir.removeAdopted(f.manifest.Adopted); err != nil {
		return err
	}
	f.manifest.Adopted = nil // the next manifest does not name them any more
	return f.trimLogs(f.manifest.Epoch)
}

// Durable implements state.Backend.
func (f *Flow) Durable() error {
	if f.broken != nil {
		return f.broken
	}
	if err := f.writing.wait(); err != nil {
		return f.fail(err)
	}
	return f.kept()
}
