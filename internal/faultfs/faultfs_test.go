package faultfs

import (
	"errors"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// put writes a file and syncs it and its directory.
func put(fs vfs.FS, name string) error {
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err = f.Write([]byte("x")); err == nil {
		err = f.Sync()
	}
	dir, derr := fs.OpenDir("")
	if err = errors.Join(err, derr); err == nil {
		err = dir.Sync()
	}
	return errors.Join(err, f.Close())
}

// The dead change nothing any more, and leave what they have synced.
func TestDead(t *testing.T) {
	d := New(vfs.NewCrashableMem(), 1)
	if err := put(d, "a"); err != nil || d.Left() != nil {
		t.Fatal(err)
	}
	d.Arm(Mishap{Kind: Dies, At: 2})
	if err := put(d, "b"); !errors.Is(err, ErrDead) || !d.Disarm() || !d.Came() || d.Where() == "" {
		t.Errorf("%v, %q", err, d.Where())
	}
	if err := put(d, "c"); !errors.Is(err, ErrDead) {
		t.Error(err)
	}
	if names, err := d.Left().List(""); err != nil || len(names) != 1 || names[0] != "a" {
		t.Errorf("%q, %v", names, err)
	}
}

// A disk that is full, or refuses a change, works again afterwards.
func TestPasses(t *testing.T) {
	for kind, want := range map[Kind]error{NoRoom: syscall.ENOSPC, Sick: syscall.EIO} {
		d := New(vfs.NewCrashableMem(), 1)
		d.Arm(Mishap{Kind: kind, At: 1})
		if err := put(d, "a"); !errors.Is(err, want) {
			t.Errorf("%s: %v", kind, err)
		}
		if err := put(d, "a"); (err != nil) != (kind == NoRoom) {
			t.Errorf("%s, again: %v", kind, err)
		}
		if !d.Disarm() {
			t.Errorf("%s has not happened", kind)
		}
		if err := put(d, "a"); err != nil || d.Left() != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
