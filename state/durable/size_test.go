package durable

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/internal/sample"
)

// However long the same keys change, their files together are not half as large again as
// all keys written once, but for the slack that is not worth a snapshot and for what comes
// between two looks at it. Nothing else of theirs is on the disk.
func TestBytesOnDisk(t *testing.T) {
	const keys, changed, epochs = 20_000, 500, 200
	fs := vfs.NewMem()
	d, f, m := openBenchOn(t, fs, "dir", Options{Foreground: true})
	d.limits = limits{singles: 16, bytes: 1 << 30, look: 8, slack: 16 << 10, sort: 1 << 20}
	fillBench(t, m, keys, func(i int) int64 { return int64(i) })
	checkpoint(t, f, 1)
	live, r, snapshots := f.Written(), sample.Rand(1), 0
	for e := range int64(epochs) {
		fillBench(t, m, changed, func(int) int64 { return r.Int64N(keys) })
		checkpoint(t, f, e+2)
		if limit := live*3/2 + d.limits.slack + int64(d.limits.look+1)*f.Written(); f.size() > limit {
			t.Fatalf("epoch %d: %d bytes, and all keys once are %d", e, f.size(), live)
		}
		if f.merge != nil { // its file comes into use with the next checkpoint
			continue
		}
		if first := f.files[0]; first.merged() {
			snapshots++
			if first.Size > live {
				t.Fatalf("epoch %d: a snapshot has %d bytes, and all keys once are %d", e, first.Size, live)
			}
		}
		if n := stateBytes(t, f); n != f.size() {
			t.Fatalf("epoch %d: there are %d bytes on the disk, and %d in use", e, n, f.size())
		}
	}
	if snapshots == 0 {
		t.Errorf("%d files have not become a snapshot", len(f.files))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// stateBytes is what the state files of a flow take on the disk.
func stateBytes(t *testing.T, f *Flow) (n int64) {
	names, err := f.fs.List(f.dir.flowPath(f.id))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name == manifestName {
			continue
		}
		info, err := f.fs.Stat(f.path(name))
		if err != nil {
			t.Fatal(err)
		}
		n += info.Size()
	}
	return n
}
