package sqlstream_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/durable"
	"github.com/sqlstream/sqlstream/zset"
)

// keepResult makes a directory with a dataflow that has a result table.
func keepResult(t *testing.T, dir string, keys []types.Type, rows *zset.Batch) {
	t.Helper()
	ctx := context.Background()
	d, err := durable.Open(vfs.Default, dir, durable.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Flow("flow")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Settle(ctx, false); err != nil {
		t.Fatal(err)
	}
	s, err := f.Store("counts/0")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Map("result", state.MapShape{Keys: keys, Width: 8})
	if err != nil {
		t.Fatal(err)
	}
	gids := make([]int32, rows.Len)
	if err := m.Groups(rows.Cols, rows.Len, gids); err != nil {
		t.Fatal(err)
	}
	stored := m.Rows()
	for i, g := range gids {
		*(*int64)(stored.Ptr(g)) += rows.Weight(i)
	}
	m.Clean()
	if err := f.Prepare(ctx, state.Checkpoint{Epoch: 3}); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func lookInto(t *testing.T, dir string) *sqlstream.StateDir {
	t.Helper()
	s, err := sqlstream.OpenStateDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The result table of a query that does not run can be read, whatever its columns are.
func TestResultFromOutside(t *testing.T) {
	dir := t.TempDir()
	rows := sample.Batch(sample.Rand(1), sample.Schema(sample.Types...), 50, false)
	keepResult(t, dir, sample.Types, rows)
	got, err := lookInto(t, dir).Result(context.Background(), "counts")
	if err != nil {
		t.Fatal(err)
	}
	want, have := map[string]int64{}, map[string]int64{}
	for i := range rows.Len {
		want[string(zset.AppendKey(nil, rows.Cols, i))]++
	}
	for b, err := range got.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			have[string(zset.AppendKey(nil, b.Cols, i))] += b.Weight(i)
		}
	}
	for key, n := range want {
		if have[key] != n {
			t.Fatalf("a row is there %d times, want %d", have[key], n)
		}
	}
	if len(have) != len(want) {
		t.Fatalf("%d rows, want %d", len(have), len(want))
	}
}

// What is damaged is named by verify, and what is not is listed.
func TestVerifyFromOutside(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	text := types.Of(types.Varchar)
	keepResult(t, dir, []types.Type{text}, sample.Batch(sample.Rand(1), sample.Schema(text), 5, false))
	s := lookInto(t, dir)
	_, sound, err := s.Verify(ctx)
	if err != nil || !sound {
		t.Fatal(sound, err)
	}
	tables, err := s.Tables(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !tables.Next() || tables.Value(2) != "counts" || tables.Value(4) != "result" || tables.Value(5) == int64(0) {
		t.Fatalf("listed %v", tables)
	}
	if err := tables.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstream.OpenStateDir(dir); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "flows", "flow", "snapshot-*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	verdicts, sound, err := s.Verify(ctx)
	if err != nil || sound {
		t.Fatal(sound, err)
	}
	said := ""
	for verdicts.Next() {
		v, _ := verdicts.Text(5)
		said += v + "\n"
	}
	if !strings.Contains(said, files[0]+" is damaged at byte ") {
		t.Fatalf("verify says %s", said)
	}
}
