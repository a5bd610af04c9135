// Package faultfs makes the disk of a process fail, as tests ask for it: at the n-th change
// of a file or directory the process dies, the disk has no room, or the change goes wrong.
package faultfs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A Kind is what goes wrong.
type Kind string

// The kinds.
const (
	Dies   Kind = "dies"                 // as by SIGKILL, or with the machine: nothing changes any more
	NoRoom Kind = "finds no room"        // at what takes room, from then on
	Sick   Kind = "has a change refused" // once, with EIO
)

// A Mishap is what happens to a process when it changes its disk.
type Mishap struct {
	Kind Kind
	At   int // which change it is, from 1 on
	// Kept is how many of a hundred pieces of what was not synced outlive a death: none where
	// the machine fails, all where the process is killed.
	Kept int
}

// ErrDead is what a process that is dead is told, which nobody hears.
var ErrDead = errors.New("the process is dead")

// A Disk is that of one process.
type Disk struct {
	vfs.FS // what the process uses

	mem  *vfs.MemFS
	dice *rand.Rand

	mu    sync.Mutex
	next  *Mishap
	came  bool // it has happened
	where string
	left  *vfs.MemFS
}

// New returns the disk of a process over files in memory, which vfs.NewCrashableMem has made
// or a process that is dead has left.
func New(mem *vfs.MemFS, seed uint64) *Disk {
	d := &Disk{mem: mem, dice: rand.New(rand.NewPCG(seed, 0))}
	d.FS = errorfs.Wrap(mem, errorfs.InjectorFunc(d.change))
	return d
}

// Arm says what is to happen.
func (d *Disk) Arm(m Mishap) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next, d.came, d.where = &m, false, ""
}

// Disarm lets nothing happen any more, and reports whether something has. A disk that was
// full has room again; the dead stay dead.
func (d *Disk) Disarm() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = nil
	return d.came
}

// Came reports that the mishap which was armed last has happened.
func (d *Disk) Came() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.came
}

// Where says what has happened, and at which change.
func (d *Disk) Where() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.where
}

// Left is what a process that is dead has left, nil for one that lives.
func (d *Disk) Left() *vfs.MemFS {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left
}

// change tells what becomes of a change.
func (d *Disk) change(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead || strings.Contains(op.Path, "/cold/") { // where nothing lasts
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left != nil {
		return ErrDead
	}
	m := d.next
	if m == nil || m.Kind == NoRoom && !takesRoom(op.Kind) || m.Kind == Sick && d.came {
		return nil
	}
	if m.At--; m.At > 0 {
		return nil
	}
	if !d.came {
		d.came, d.where = true, fmt.Sprintf("%s at %s of %s", m.Kind, verb(op.Kind), op.Path)
	}
	switch m.Kind {
	case Dies:
		d.left = d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: m.Kept, RNG: d.dice})
		d.where += fmt.Sprintf(", and %d %% of what was not synced is left", m.Kept)
		return ErrDead
	case NoRoom:
		return syscall.ENOSPC
	}
	return syscall.EIO
}

func takesRoom(k errorfs.OpKind) bool {
	switch k {
	case errorfs.OpCreate, errorfs.OpMkdirAll, errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate:
		return true
	}
	return false
}

// verb names a change.
func verb(k errorfs.OpKind) string {
	switch k {
	case errorfs.OpCreate:
		return "creation"
	case errorfs.OpRename:
		return "renaming"
	case errorfs.OpRemove, errorfs.OpRemoveAll:
		return "removal"
	case errorfs.OpFileWrite, errorfs.OpFileWriteAt:
		return "writing"
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		return "sync"
	case errorfs.OpFileClose:
		return "closing"
	}
	return "change"
}
