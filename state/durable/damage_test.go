package durable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// damageable makes a flow with some checkpoints, merged now and then, and three records
// behind them. It returns what its map has.
func damageable(t *testing.T, fs vfs.FS, o Options) string {
	t.Helper()
	o.Foreground = true
	d, f := openFlowAt(t, fs, o)
	d.limits = limits{singles: 3, bytes: 1 << 20, look: 1, slack: 1 << 30, sort: 1 << 20}
	m := tallies(t, f)
	ctx := context.Background()
	for e := range int64(8) {
		tally(t, m, 10*e, 20*e+40)
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: e + 1, Meta: []byte("meta")}); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for e := range int64(3) {
		if err := f.Log(ctx, 9+e, fmt.Appendf(nil, "record %d", e)); err != nil {
			t.Fatal(err)
		}
	}
	said := said(m)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return said
}

func openFlowAt(t *testing.T, fs vfs.FS, o Options) (*Dir, *Flow) {
	t.Helper()
	d, err := Open(fs, "dir", o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Flow("flow")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Settle(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	return d, f
}

func tallies(t *testing.T, f *Flow) state.Map {
	t.Helper()
	s, err := f.Store("q/0")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Map("m", state.MapShape{Keys: bigints, Width: 8})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tally adds one to the rows of some keys.
func tally(t *testing.T, m state.Map, from, to int64) {
	t.Helper()
	k := vec.NewBuilder(bigint)
	for i := from; i < to; i++ {
		vec.Append(k, i)
	}
	gids := make([]int32, to-from)
	if err := m.Groups([]*vec.Vec{k.Vec()}, len(gids), gids); err != nil {
		t.Fatal(err)
	}
	rows := m.Rows()
	for _, g := range gids {
		*(*int64)(rows.Ptr(g))++
	}
	m.Clean()
}

// said prints what a map has, in the order of its keys.
func said(m state.Map) string {
	gids := m.All(nil)
	k := vec.NewBuilder(bigint)
	m.Keys(gids, []*vec.Builder{k})
	of := map[int64]int64{}
	rows := m.Rows()
	for i, key := range vec.Slice[int64](k.Vec()) {
		of[key] = *(*int64)(rows.Ptr(gids[i]))
	}
	return fmt.Sprint(of)
}

// filesOf are the paths of a flow's files.
func filesOf(t *testing.T, fs vfs.FS) []string {
	t.Helper()
	names, err := fs.List("dir/flows/flow")
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = "dir/flows/flow/" + names[i]
	}
	return names
}

// copyOf copies a disk.
func copyOf(t *testing.T, fs *vfs.MemFS) *vfs.MemFS {
	t.Helper()
	out := vfs.NewCrashableMem()
	if _, err := vfs.Clone(fs, out, "dir", "dir"); err != nil {
		t.Fatal(err)
	}
	return out
}

func replace(t *testing.T, fs vfs.FS, path string, data []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// reread opens a flow and says what it has.
func reread(t *testing.T, fs vfs.FS, o Options) (string, int, error) {
	t.Helper()
	d, err := Open(fs, "dir", o)
	if err != nil {
		return "", 0, err
	}
	defer d.Close()
	f, err := d.Flow("flow")
	if err != nil {
		return "", 0, err
	}
	if err := f.Settle(context.Background(), false); err != nil {
		return "", 0, err
	}
	return said(tallies(t, f)), len(f.found.Log), nil
}

// A byte that is another one in any file that counts is an error that names the file and
// where it is; never another state. The last record of the log may be lost, since nobody
// can tell it from one that was being written.
func TestDamagedByte(t *testing.T) {
	r := sample.Rand(1)
	whole := vfs.NewCrashableMem()
	want := damageable(t, whole, Options{})
	for _, path := range filesOf(t, whole) {
		data, err := readFile(whole, path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at += 1 + r.IntN(1+len(data)/100) {
			fs, bad := copyOf(t, whole), append([]byte{}, data...)
			bad[at] ^= 1 << r.IntN(8)
			replace(t, fs, path, bad)
			got, records, err := reread(t, fs, Options{})
			var damage *Corruption
			switch {
			case strings.Contains(path, "/log-") && err == nil:
				if got != want || records < 2 || records == 2 && at < len(data)*2/3 {
					t.Fatalf("byte %d of %s: %d records", at, path, records)
				}
			case err == nil:
				t.Fatalf("byte %d of %s: not seen", at, path)
			case at == 8: // the version
			case !errors.As(err, &damage) || damage.File != path:
				t.Fatalf("byte %d of %s: %v", at, path, err)
			}
		}
	}
}

// A file that ends too soon is an error, too.
func TestTruncatedFile(t *testing.T) {
	whole := vfs.NewCrashableMem()
	want := damageable(t, whole, Options{})
	for _, path := range filesOf(t, whole) {
		data, err := readFile(whole, path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at += 1 + at/20 {
			fs := copyOf(t, whole)
			replace(t, fs, path, data[:at])
			got, _, err := reread(t, fs, Options{})
			if strings.Contains(path, "/log-") {
				if err != nil || got != want {
					t.Fatalf("%d bytes of %s: %v", at, path, err)
				}
				continue
			}
			var damage *Corruption
			if !errors.As(err, &damage) {
				t.Fatalf("%d bytes of %s: %v", at, path, err)
			}
		}
	}
}

// A file that is damaged or missing is healed from those that it was made of, where they
// are kept.
func TestHealed(t *testing.T) {
	for _, retain := range []int{1, 10} {
		checkHealed(t, retain)
	}
}

func checkHealed(t *testing.T, retain int) {
	t.Helper()
	whole := vfs.NewCrashableMem()
	want := damageable(t, whole, Options{Retain: retain})
	m, err := readManifest(whole, "dir/flows/flow/manifest")
	if err != nil {
		t.Fatal(err)
	}
	healed := 0
	for _, e := range m.Files {
		path := "dir/flows/flow/" + e.name()
		for _, missing := range []bool{false, true} {
			fs := copyOf(t, whole)
			if missing {
				if err := fs.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				replace(t, fs, path, []byte("nonsense"))
			}
			var told []error
			o := Options{Retain: retain, Report: func(err error) { told = append(told, err) }}
			got, _, err := reread(t, fs, o)
			if err != nil {
				if e.To-e.From > 1 {
					t.Fatalf("%s, merged of others, is not healed: %v", path, err)
				}
				continue
			}
			healed++
			if got != want || len(told) != 1 {
				t.Fatalf("%s: healed to %s, told %v, want %s", path, got, told, want)
			}
			if again, _, err := reread(t, fs, o); err != nil || again != want {
				t.Fatalf("%s: opened once more: %v", path, err)
			}
		}
	}
	if healed < 2 {
		t.Fatalf("%d of %d files were healed", healed, len(m.Files))
	}
}

// A file of a later version is named so.
func TestLaterVersion(t *testing.T) {
	fs := vfs.NewCrashableMem()
	damageable(t, fs, Options{})
	data, err := readFile(fs, "dir/flows/flow/manifest")
	if err != nil {
		t.Fatal(err)
	}
	data[8] = 2
	binary.LittleEndian.PutUint64(data[32:], xxh3.Hash(data[:32]))
	replace(t, fs, "dir/flows/flow/manifest", data)
	_, _, err = reread(t, fs, Options{})
	if err == nil || !strings.Contains(err.Error(), "version 2 of the format") {
		t.Fatal(err)
	}
}
