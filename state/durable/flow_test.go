package durable

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

var (
	bigint  = types.Of(types.BigInt)
	bigints = []types.Type{bigint}
)

// What was committed is there after the directory is opened again.
func TestReopen(t *testing.T) {
	ctx, fs := context.Background(), vfs.NewMem()
	for round := range int64(5) {
		d, err := Open(fs, "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Flow("a/b")
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Found(); got.Latest.Epoch != round || round > 0 && string(got.Latest.Meta) != fmt.Sprint(round) {
			t.Fatalf("round %d: found %v", round, got)
		}
		if err := f.Settle(ctx, false); err != nil {
			t.Fatal(err)
		}
		s, err := f.Store("q/0")
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Map("m", state.MapShape{Keys: []types.Type{bigint}, Width: 8})
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Index("x", state.IndexShape{Keys: []types.Type{bigint}, Columns: []types.Type{bigint, types.Of(types.Varchar)}, Words: 1})
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Ordered("o")
		if err != nil {
			t.Fatal(err)
		}
		if m.Len() != int(100*round) || x.Len() != int(100*round) || o.Len() != int(100*round) {
			t.Fatalf("round %d: %d groups, %d rows, %d keys", round, m.Len(), x.Len(), o.Len())
		}
		k, text := vec.NewBuilder(bigint), vec.NewBuilder(types.Of(types.Varchar))
		for i := range int64(100) {
			vec.Append(k, 100*round+i)
			text.AppendString(fmt.Sprint("text ", i))
			o.Add(fmt.Appendf(nil, "%d %d", round, i), 1)
		}
		gids := make([]int32, 100)
		if err := m.Groups([]*vec.Vec{k.Vec()}, 100, gids); err != nil {
			t.Fatal(err)
		}
		m.Clean()
		x.Add([]*vec.Vec{k.Vec()}, []*vec.Vec{k.Vec(), text.Vec()}, nil, gids)
		x.Settle()
		if err := f.Log(ctx, round+1, []byte("log")); err != nil {
			t.Fatal(err)
		}
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: round + 1, Meta: fmt.Append(nil, round+1)}); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An epoch whose record the disk has, but was refused to keep, is run again by the next process:
// the record outlives the machine then, as those behind it do.
func TestLogHasNoHole(t *testing.T) {
	ctx, fs := context.Background(), vfs.NewCrashableMem()
	var refused atomic.Bool
	open := func() (*Dir, *Flow) {
		d, err := Open(errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if refused.Load() && op.Kind == errorfs.OpFileSyncData {
				return syscall.EIO
			}
			return nil
		})), "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Flow("f")
		if err == nil {
			err = f.Settle(ctx, false)
		}
		if err != nil {
			t.Fatal(err)
		}
		return d, f
	}
	logged := func(f *Flow, epoch int64) {
		t.Helper()
		if err := f.Log(ctx, epoch, fmt.Append(nil, epoch)); refused.Load() != errors.Is(err, syscall.EIO) || !refused.Load() && err != nil {
			t.Fatal(err)
		}
	}
	d, f := open()
	if err := f.Prepare(ctx, state.Checkpoint{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	logged(f, 2)
	refused.Store(true)
	logged(f, 3)
	refused.Store(false)
	_ = d.Close()
	d, f = open()
	if n := len(f.Found().Log); n != 2 {
		t.Fatalf("%d records, want 2", n)
	}
	logged(f, 4)
	_ = d.Close()
	fs = fs.CrashClone(vfs.CrashCloneCfg{})
	d, f = open()
	var got string
	for _, r := range f.Found().Log {
		got += string(r.Data)
	}
	if got != "234" {
		t.Errorf("the log has the epochs %s, want 234", got)
	}
	_ = d.Close()
}
