package durable

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/statetest"
)

// A crashing is a disk in memory that loses what was not made durable, in part.
type crashing struct {
	fs *vfs.MemFS
	fails
	options Options
	limits  limits
	dir     *Dir
}

// fails fails from a change of the disk on.
type fails struct {
	mu   sync.Mutex
	left int // -1 for any number
}

var errDisk = errors.New("the disk has failed")

// MaybeError implements errorfs.Injector.
func (f *fails) MaybeError(op errorfs.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left < 0 || op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	if f.left > 0 {
		f.left--
		return nil
	}
	return errDisk
}

func (f *fails) String() string { return "fails" }

func newCrashing(fs *vfs.MemFS, o Options, l limits) *crashing {
	return &crashing{fs: fs, options: o, limits: l, fails: fails{left: -1}}
}

// Open implements statetest.Disk.
func (c *crashing) Open(name string) (state.Backend, error) {
	if c.dir == nil {
		var err error
		if c.dir, err = Open(errorfs.Wrap(c.fs, &c.fails), "dir", c.options); err != nil {
			return nil, err
		}
		c.dir.limits = c.limits
	}
	return c.dir.Flow(name)
}

// FailAfter implements statetest.Disk.
func (c *crashing) FailAfter(changes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = changes
}

// Crash implements statetest.Disk. Nothing changes behind the first failure.
func (c *crashing) Crash(r *rand.Rand) statetest.Disk {
	percent := r.IntN(5) * 25
	out := newCrashing(c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: r}), c.options, c.limits)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left > 0 { // it has not failed yet
		out.left = c.left
	}
	return out
}

// Files are merged seldom, and as often as can be, within Commit and beside it.
func TestBackend(t *testing.T) {
	for _, c := range []struct {
		name string
		Options
		limits
	}{
		{"usual", Options{}, usualLimits},
		{"merging", Options{Foreground: true}, limits{singles: 2, bytes: 1 << 20, look: 1, slack: 1 << 14, sort: 1 << 12}},
		{"merging beside", Options{Retain: 2}, limits{singles: 3, bytes: 1 << 20, look: 2, slack: 1 << 12, sort: 1 << 16}},
	} {
		t.Run(c.name, func(t *testing.T) {
			statetest.RunBackend(t, func() statetest.Disk { return newCrashing(vfs.NewCrashableMem(), c.Options, c.limits) })
		})
	}
}
