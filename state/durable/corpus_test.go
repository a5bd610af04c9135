package durable

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
)

// corpus holds directories as every version of the format has written them.
const corpus = "../../testdata/state"

var write = flag.Bool("write-corpus", false, "write the directory of this version of the format anew; do so before it is released only")

// corpusShapes are the tables of a corpus, by name.
func corpusShapes() map[string]any {
	text, dec, zone := types.Of(types.Varchar), types.DecimalOf(38, 4), types.TimestampLTZ(3, nil)
	list := types.Type{Kind: types.Array, Elem: &text}
	return map[string]any{
		"nothing": state.MapShape{Width: 16},
		"number":  state.MapShape{Keys: bigints, Width: 24, Expiry: 1},
		"small":   state.MapShape{Keys: []types.Type{types.Of(types.UTinyInt)}, Width: 8},
		"float":   state.MapShape{Keys: []types.Type{types.Of(types.Float)}, Width: 8},
		"text":    state.MapShape{Keys: []types.Type{text}, Width: 8},
		"list":    state.MapShape{Keys: []types.Type{list}, Width: 8},
		"fixed":   state.MapShape{Keys: []types.Type{dec, types.Of(types.Boolean), zone}, Width: 8},
		"mixed":   state.MapShape{Keys: []types.Type{text, dec, types.Of(types.Date)}, Width: 8},
		"rows":    state.IndexShape{Keys: []types.Type{text}, Columns: []types.Type{bigint, text, dec}, Words: 2, Expiry: 1},
		"pairs":   state.IndexShape{Columns: bigints},
		"order":   nil,
	}
}

// openCorpus opens all tables of a store.
func openCorpus(t *testing.T, s state.Store) {
	t.Helper()
	for name, shape := range corpusShapes() {
		var err error
		switch shape := shape.(type) {
		case state.MapShape:
			_, err = s.Map(name, shape)
		case state.IndexShape:
			_, err = s.Index(name, shape)
		default:
			_, err = s.Ordered(name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A dump prints what a table hands out.
type dump struct{ lines []string }

func (d *dump) Below(bound []byte) error { return d.line("below", bound) }
func (d *dump) Delete(key []byte) error  { return d.line("gone", key) }
func (d *dump) Set(key, value []byte) error {
	return d.line("set", key, value)
}

func (d *dump) line(kind string, parts ...[]byte) error {
	for _, p := range parts {
		kind += " " + hex.EncodeToString(p)
	}
	d.lines = append(d.lines, kind)
	return nil
}

// dumpOf prints what a flow has.
func dumpOf(t *testing.T, d *Dir) string {
	t.Helper()
	f, err := d.Flow("a flow/1")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	found := f.Found()
	fmt.Fprintf(&out, "latest %d %q\n", found.Latest.Epoch, found.Latest.Meta)
	fmt.Fprintf(&out, "prepared %d %q\n", found.Prepared.Epoch, found.Prepared.Meta)
	for _, r := range found.Log {
		fmt.Fprintf(&out, "log %d %q\n", r.Epoch, r.Data)
	}
	if err := f.Settle(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"q/0", "q/1"} {
		s, err := f.Store(name)
		if err != nil {
			t.Fatal(err)
		}
		openCorpus(t, s)
		s.(*memory.Store).Keep(nil)
		for table, x := range s.(*memory.Store).Tables() {
			var lines dump
			if err := x.Save(&lines); err != nil {
				t.Fatal(err)
			}
			slices.Sort(lines.lines)
			fmt.Fprintf(&out, "%s %s: %s\n%s\n", name, table, x.Shape(), strings.Join(lines.lines, "\n"))
		}
	}
	small, err := d.ReadFile("catalog")
	fmt.Fprintf(&out, "catalog %q %v\n", small, err)
	return out.String()
}

// A directory that any version has written is read by this one.
func TestCorpus(t *testing.T) {
	if *write {
		writeCorpus(t)
	}
	dirs, err := filepath.Glob(filepath.Join(corpus, "v*"))
	if err != nil || len(dirs) != version {
		t.Fatalf("%d directories in %s for %d versions (%v): make the one of this version with -write-corpus", len(dirs), corpus, version, err)
	}
	for _, dir := range dirs {
		want, err := os.ReadFile(filepath.Join(dir, "expect.txt"))
		if err != nil {
			t.Fatal(err)
		}
		fs := vfs.NewMem()
		if ok, err := vfs.Clone(vfs.Default, fs, filepath.Join(dir, "dir"), "dir"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		d, err := Open(fs, "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := dumpOf(t, d); got != string(want) {
			t.Fatalf("%s: another content than\n%s\nnamely\n%s", dir, want, got)
		}
	}
}

// writeCorpus makes the directory of this version: a snapshot, a delta, a checkpoint that is
// prepared, and records behind it.
func writeCorpus(t *testing.T) {
	path := filepath.Join(corpus, fmt.Sprintf("v%d", version))
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	fs, ctx := vfs.NewMem(), context.Background()
	d, err := Open(fs, "dir", Options{Foreground: true, Retain: 1})
	if err != nil {
		t.Fatal(err)
	}
	d.limits = limits{singles: 3, bytes: 1 << 20, look: 1, slack: 1 << 30, sort: 1 << 20}
	f, err := d.Flow("a flow/1")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Settle(ctx, false); err != nil {
		t.Fatal(err)
	}
	for e := range int64(6) {
		if err := f.Log(ctx, e+1, fmt.Appendf(nil, "epoch %d", e+1)); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"q/0", "q/1"} {
			s, err := f.Store(name)
			if err != nil {
				t.Fatal(err)
			}
			openCorpus(t, s)
			changeCorpus(t, s, uint64(2*e)+uint64(i))
		}
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: e + 1, Meta: fmt.Appendf(nil, "meta %d", e+1)}); err != nil {
			t.Fatal(err)
		}
		if e == 5 {
			break
		}
		if err := f.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := errorsOf(f.Log(ctx, 7, []byte("epoch 7")), d.WriteFile("catalog", []byte("tables")), d.Close(), fs.Remove("dir/LOCK")); err != nil {
		t.Fatal(err)
	}
	if ok, err := vfs.Clone(fs, vfs.Default, "dir", filepath.Join(path, "dir")); !ok || err != nil {
		t.Fatal(ok, err)
	}
	again, err := Open(fs, "dir", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "expect.txt"), []byte(dumpOf(t, again)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// changeCorpus adds some rows to each table and takes some away.
func changeCorpus(t *testing.T, s state.Store, seed uint64) {
	r := sample.Rand(seed)
	for _, name := range slices.Sorted(maps.Keys(corpusShapes())) {
		switch shape := corpusShapes()[name].(type) {
		case state.MapShape:
			m, err := s.Map(name, shape)
			if err != nil {
				t.Fatal(err)
			}
			b, gids := sample.Batch(r, sample.Schema(shape.Keys...), 6, false), make([]int32, 6)
			if err := m.Groups(b.Cols, 6, gids); err != nil {
				t.Fatal(err)
			}
			rows := m.Rows()
			for _, g := range gids {
				*(*int64)(rows.Ptr(g)) += r.Int64N(1000)
			}
			m.Delete(slices.Clone(m.Dirty()[:1]))
			m.Clean()
		case state.IndexShape:
			x, err := s.Index(name, shape)
			if err != nil {
				t.Fatal(err)
			}
			b, rows := sample.Batch(r, sample.Schema(shape.Columns...), 6, false), make([]int32, 6)
			key := []*vec.Vec{}
			if len(shape.Keys) > 0 {
				key = append(key, b.Cols[1])
			}
			x.Add(key, b.Cols, nil, rows)
			x.Add(key, b.Cols, []int64{-1, 0, 0, 1, 0, 0}, rows)
			x.Settle()
		default:
			o, err := s.Ordered(name)
			if err != nil {
				t.Fatal(err)
			}
			for range 6 {
				o.Add(fmt.Appendf(nil, "%d", r.IntN(50)), 1+r.Int64N(3))
			}
			o.EvictBelow(fmt.Appendf(nil, "%d", 10+seed))
		}
	}
}
