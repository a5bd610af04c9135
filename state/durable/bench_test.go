package durable

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// benchShape is keys of 8 bytes with rows of 56.
var benchShape = state.MapShape{Keys: bigints, Width: 56}

func openBench(b *testing.B, dir string) (*Dir, *Flow, state.Map) {
	b.Helper()
	return openBenchOn(b, vfs.Default, dir, Options{})
}

func openBenchOn(b testing.TB, fs vfs.FS, dir string, o Options) (*Dir, *Flow, state.Map) {
	b.Helper()
	d, err := Open(fs, dir, o)
	if err != nil {
		b.Fatal(err)
	}
	f, err := d.Flow("flow")
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Settle(context.Background(), true); err != nil {
		b.Fatal(err)
	}
	s, err := f.Store("q/0")
	if err != nil {
		b.Fatal(err)
	}
	m, err := s.Map("m", benchShape)
	if err != nil {
		b.Fatal(err)
	}
	return d, f, m
}

// fillBench sets the rows of n keys from a number on, or of n random ones among so many.
func fillBench(b testing.TB, m state.Map, n int, key func(i int) int64) {
	gids := make([]int32, vec.BatchRows)
	k := vec.NewBuilder(bigints[0])
	for from := 0; from < n; from += vec.BatchRows {
		k.Reset()
		part := min(vec.BatchRows, n-from)
		for i := range part {
			vec.Append(k, key(from+i)*0x9E3779B97F4A7C1)
		}
		if err := m.Groups([]*vec.Vec{k.Vec()}, part, gids); err != nil {
			b.Fatal(err)
		}
		rows := m.Rows()
		for i, g := range gids[:part] {
			row := (*[7]uint64)(unsafe.Pointer(rows.Ptr(g)))
			for w := range row {
				row[w] += uint64(from+i) * 0x9E3779B97F4A7C15
			}
		}
	}
	m.Clean()
}

func checkpoint(b testing.TB, f *Flow, epoch int64) {
	b.Helper()
	if err := f.Prepare(context.Background(), state.Checkpoint{Epoch: epoch}); err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(f.Commit(context.Background()), f.Durable()); err != nil {
		b.Fatal(err)
	}
}

// A checkpoint of so many changed keys among a million, on the disk of this machine: what it
// takes, how often it waits for the disk, and the bytes it writes for each key.
func BenchmarkCheckpoint(b *testing.B) {
	const total = 1 << 20
	for _, changed := range []int{0, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("changed=%d", changed), func(b *testing.B) {
			var syncs atomic.Int64
			fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo {
					syncs.Add(1)
				}
				return nil
			}))
			d, f, m := openBenchOn(b, fs, b.TempDir(), Options{})
			fillBench(b, m, total, func(i int) int64 { return int64(i) })
			checkpoint(b, f, 1)
			r, epoch, bytes := sample.Rand(1), int64(1), int64(0)
			syncs.Store(0)
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				fillBench(b, m, changed, func(int) int64 { return r.Int64N(total) })
				epoch++
				b.StartTimer()
				checkpoint(b, f, epoch)
				bytes += f.Written()
			}
			b.StopTimer()
			b.ReportMetric(float64(syncs.Load())/float64(b.N), "syncs/op") // those of merges in the background, too
			if changed > 0 {
				b.ReportMetric(float64(bytes)/float64(b.N*changed), "bytes/key")
			}
			if err := d.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// Logging an epoch.
func BenchmarkLog(b *testing.B) {
	d, f, _ := openBench(b, b.TempDir())
	record := make([]byte, 500)
	b.ResetTimer()
	for i := range b.N {
		if err := f.Log(context.Background(), int64(i+1), record); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
}

// Opening a directory with five million keys: a snapshot and ten deltas of 100,000.
func BenchmarkRecover(b *testing.B) {
	const total = 5_000_000
	dir := b.TempDir()
	d, f, m := openBench(b, dir)
	fillBench(b, m, total, func(i int) int64 { return int64(i) })
	checkpoint(b, f, 1)
	r := sample.Rand(1)
	for i := range int64(10) {
		fillBench(b, m, 100_000, func(int) int64 { return r.Int64N(total) })
		checkpoint(b, f, 2+i)
	}
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, _, m := openBench(b, dir)
		if m.Len() != total {
			b.Fatal(m.Len())
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// Merging a snapshot of five million keys with deltas.
func BenchmarkMerge(b *testing.B) {
	const total = 5_000_000
	d, f, m := openBench(b, b.TempDir())
	fillBench(b, m, total, func(i int) int64 { return int64(i) })
	checkpoint(b, f, 1)
	r := sample.Rand(1)
	for i := range int64(4) {
		fillBench(b, m, 100_000, func(int) int64 { return r.Int64N(total) })
		checkpoint(b, f, 2+i)
	}
	if err := f.stopMerge(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out, err := (&merger{flow: f, files: f.files, base: true}).run(context.Background(), f.take())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Size)/(1<<20), "MiB")
	}
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
}
