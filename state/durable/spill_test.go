package durable

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// State that outgrows memory is written and found again without being in memory whole, and
// the directory of what went beyond it is gone with the process.
func TestReopenMoreThanMemory(t *testing.T) {
	const rows, limit = 200_000, 4 << 20
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
				vec.Append(v, int64(from+i)*7919%rows)
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
				if w := o.Add(fmt.Appendf(nil, "%09d", int64(from+i)*7919%rows), 1); w != int64(round+1) {
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
