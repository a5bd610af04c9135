package durable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// A dataflow that ends closes its flow while the directory that is closed may do so, too:
// whoever comes second waits.
func TestFlowIsClosedFromTwoSides(t *testing.T) {
	for range 20 {
		d, err := Open(vfs.NewMem(), "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Flow("f")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Settle(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		if _, err := f.tier.DB(1 << 20); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		for _, end := range []func() error{f.Close, d.Close} {
			both.Go(func() {
				if err := end(); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
}

// State that outgrows memory is written and found again without being in memory whole, and
// the directory of what went beyond it is gone with the process.
func TestReopenMoreThanMemory(t *testing.T) {
	rows, limit := 200_000, int64(4<<20)
	if testing.Short() {
		rows, limit = rows/8, limit/4
	}
	ctx, fs := context.Background(), vfs.NewMem()
	for round := range 3 {
		d, err := Open(fs, "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.List("dir")
		if slices.Sort(names); err != nil || fmt.Sprint(names) != "[FORMAT LOCK flows]" && round > 0 {
			t.Fatalf("the directory has %v: %v", names, err)
		}
		f, err := d.Flow("f")
		if err != nil {
			t.Fatal(err)
		}
		f.Limit(limit)
		if err := f.Settle(ctx, false); err != nil {
			t.Fatal(err)
		}
		s, err := f.Store("q/0")
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Map("m", state.MapShape{Keys: []types.Type{bigint}, Width: 24})
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Index("x", state.IndexShape{Keys: []types.Type{bigint}, Columns: []types.Type{bigint, bigint}, Words: 1})
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Ordered("o")
		if err != nil {
			t.Fatal(err)
		}
		if round > 0 {
			held := int64(0)
			for _, u := range s.Usage() {
				held += u.Bytes
			}
			if held > limit || m.Len() != rows || x.Len() != rows || o.Len() != rows {
				t.Fatalf("%d bytes are held; %d groups, %d rows, %d keys are there, want %d", held, m.Len(), x.Len(), o.Len(), rows)
			}
		}
		gids := make([]int32, vec.BatchRows)
		for from := 0; from < rows; from += len(gids) {
			n := min(len(gids), rows-from)
			k, v := vec.NewBuilder(bigint), vec.NewBuilder(bigint)
			for i := range n {
				vec.Append(k, int64(from+i)/5)
				vec.Append(v, int64(from+i)*7919%int64(rows))
			}
			if err := m.Groups([]*vec.Vec{v.Vec()}, n, gids[:n]); err != nil {
				t.Fatal(err)
			}
			view := m.Rows()
			for i, g := range gids[:n] {
				if at := (*int64)(view.Ptr(g)); *at != int64(round)*int64(from+i) {
					t.Fatalf("round %d: group %d has %d", round, from+i, *at)
				} else {
					*at += int64(from + i)
				}
			}
			x.Add([]*vec.Vec{k.Vec()}, []*vec.Vec{k.Vec(), v.Vec()}, nil, gids[:n])
			view = x.Rows()
			for _, r := range gids[:n] {
				if w := *(*int64)(view.Ptr(r)); w != int64(round+1) {
					t.Fatalf("round %d: a row has the weight %d", round, w)
				}
			}
			for i := range n {
				if w := o.Add(fmt.Appendf(nil, "%09d", int64(from+i)*7919%int64(rows)), 1); w != int64(round+1) {
					t.Fatalf("round %d: a key has the weight %d", round, w)
				}
			}
			m.Clean()
			x.Settle()
		}
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: int64(round + 1)}); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if err := f.Spill(limit); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A disk that has no room for what memory has none for, from the beginning or later on, is an
// error of the flow, after which it is found as it was at its latest checkpoint.
func TestNoRoomBeyondMemory(t *testing.T) {
	ctx := context.Background()
	for _, later := range []bool{false, true} {
		var full atomic.Bool
		fs := vfs.NewMem()
		d, err := Open(errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if full.Load() && strings.Contains(op.Path, coldName) && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
				return syscall.ENOSPC
			}
			return nil
		})), "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		open := func(d *Dir) (*Flow, state.Map) {
			f, err := d.Flow("f")
			if err == nil {
				err = f.Settle(ctx, false)
			}
			if err != nil {
				t.Fatal(err)
			}
			s, err := f.Store("q/0")
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Map("m", state.MapShape{Keys: []types.Type{bigint}, Width: 64})
			if err != nil {
				t.Fatal(err)
			}
			return f, m
		}
		f, m := open(d)
		gids := make([]int32, vec.BatchRows)
		kept, broken := 0, error(nil)
		for epoch := 1; epoch < 100 && broken == nil; epoch++ {
			if !later || epoch > 1 {
				full.Store(true)
			}
			for range 4 {
				k := vec.NewBuilder(bigint)
				for i := range gids {
					vec.Append(k, int64(m.Len()+i))
				}
				if err := m.Groups([]*vec.Vec{k.Vec()}, len(gids), gids); err != nil {
					t.Fatal(err)
				}
			}
			m.Clean()
			n := m.Len()
			if err := f.Prepare(ctx, state.Checkpoint{Epoch: int64(epoch)}); err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			kept, broken = n, f.Spill(0)
		}
		if !errors.Is(broken, syscall.ENOSPC) {
			t.Fatalf("the flow has the error %v", broken)
		}
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: 1000}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a broken flow takes a checkpoint: %v", err)
		}
		_ = d.Close() // of a disk that is full
		again, err := Open(fs, "dir", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, m = open(again); m.Len() != kept {
			t.Errorf("%d groups are found, want %d", m.Len(), kept)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A store that was closed with rows beyond memory, that of a query which was stopped, is
// opened again with all of them: by the same flow, and by one that has taken that over.
func TestClosedBeyondMemory(t *testing.T) {
	for _, adopted := range []bool{false, true} {
		closedBeyondMemory(t, adopted)
	}
}

func closedBeyondMemory(t *testing.T, adopted bool) {
	const rows = 10_000
	ctx := context.Background()
	d, err := Open(vfs.NewMem(), "dir", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	flow := func(id string) *Flow {
		f, err := d.Flow(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Settle(ctx, false); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := flow("f")
	open := func() state.Map {
		s, err := f.Store("q/0")
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Map("m", state.MapShape{Keys: []types.Type{bigint}, Width: 24})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := open()
	for from := 0; from < rows; from += vec.BatchRows {
		n := min(vec.BatchRows, rows-from)
		k := vec.NewBuilder(bigint)
		for i := range n {
			vec.Append(k, int64(from+i))
		}
		if err := m.Groups([]*vec.Vec{k.Vec()}, n, make([]int32, n)); err != nil {
			t.Fatal(err)
		}
		m.Clean()
	}
	err = errors.Join(f.Prepare(ctx, state.Checkpoint{Epoch: 1}), f.Commit(ctx), f.Spill(0))
	s, _ := f.Store("q/0")
	spilled := s.Usage()[0].Spilled
	if err := errors.Join(err, s.Close()); err != nil || spilled == 0 {
		t.Fatalf("%d bytes beyond memory: %v", spilled, err)
	}
	if adopted {
		whole := flow("whole")
		if err := errors.Join(whole.Adopt(f), whole.Prepare(ctx, state.Checkpoint{Epoch: 1}), whole.Commit(ctx)); err != nil {
			t.Fatal(err)
		}
		f = whole
	}
	if n := len(open().All(nil)); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}
