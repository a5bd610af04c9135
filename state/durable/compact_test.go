package durable

import (
	"context"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/state"
)

// A merge that fails, such as on a full disk, is told, and loses nothing: checkpoints go on,
// and it is tried again later.
func TestFailedMerge(t *testing.T) {
	ctx, full, told := context.Background(), true, []error{}
	disk := vfs.NewMem()
	fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full && op.Kind == errorfs.OpCreate && strings.Contains(op.Path, "snapshot-") && !strings.HasSuffix(op.Path, "snapshot-000000") {
			return errDisk
		}
		return nil
	}))
	o := Options{Foreground: true, Report: func(err error) { told = append(told, err) }}
	d, f := openFlowAt(t, fs, o)
	d.limits = limits{singles: 4, bytes: 1 << 20, look: 1 << 20, slack: 1 << 30, sort: 1 << 20}
	m := tallies(t, f)
	for e := range int64(60) {
		full = e < 30
		tally(t, m, 0, 20+e)
		if err := f.Prepare(ctx, state.Checkpoint{Epoch: e + 1}); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) == 0 || len(told) > 10 || !strings.Contains(told[0].Error(), "are not merged, which is tried again later") {
		t.Fatalf("told %v", told)
	}
	if n := len(f.files); n > 10 {
		t.Fatalf("%d files are left", n)
	}
	want := said(m)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := reread(t, disk, Options{}); err != nil || got != want {
		t.Fatalf("%v: %s, want %s", err, got, want)
	}
	for _, path := range filesOf(t, disk) {
		if strings.HasSuffix(path, temporarySuffix) {
			t.Errorf("%s is left", path)
		}
	}
}
