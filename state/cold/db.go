// Package cold keeps what state has no room for in memory: in a Pebble database, which is
// empty when it is opened, since the deltas of the backend are what lasts. Tables find
// keys there in sorted order, through filters that know of most keys that are not there.
package cold

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
)

// A DB is a database of spaces. Each may be used by a goroutine of its own.
type DB struct {
	pebble  *pebble.DB
	fs      vfs.FS
	dir     string
	held    int64
	most    int64                 // bytes of filters that are not those of files
	failed  atomic.Pointer[error] // of what it does in the background, such as a disk that is full
	spaces  atomic.Uint32
	filters atomic.Int64 // bytes
}

const (
	leastCache, mostCache = 16 << 20, 1 << 30
	leastWrite, mostWrite = 4 << 20, 64 << 20
	writeBuffers          = 4
	leastFile, mostFile   = 2 << 20, 8 << 20 // a larger one has a filter that the cache might not take
	openFiles             = 1000
	listBytes             = 1 << 20
	firstRuns, mostRuns   = 16, 48 // of the first level: a lookup asks the filter of each, which is cheaper than to merge often
	filterBits            = 10     // of each key: one lookup in a hundred of a key that is not there reads a block
)

// Open opens an empty database in a directory, whatever was in it. Of so much memory it
// takes a part for blocks of files that were read, filters above all, and for what was
// written last.
func Open(fs vfs.FS, dir string, memory int64) (*DB, error) {
	if err := fs.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("state beyond memory: %w", err)
	}
	blocks, write := between(memory/4, leastCache, mostCache), between(memory/64, leastWrite, mostWrite)
	o := &pebble.Options{
		FS: newFiles(fs), Comparer: comparer, FormatMajorVersion: pebble.FormatNewest, Logger: silent{}, DisableWAL: true,
		CacheSize: blocks, MemTableSize: uint64(write), MemTableStopWritesThreshold: writeBuffers, MaxOpenFiles: openFiles,
		MaxManifestFileSize: listBytes, L0CompactionThreshold: firstRuns, L0StopWritesThreshold: mostRuns,
	}
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = min(int64(leastFile)<<i, mostFile)
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(filterBits)
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression } // of keys, mostly, that are in no order
	}
	d := &DB{fs: fs, dir: dir, held: blocks + 2*write, most: memory / filterPart}
	o.EventListener = &pebble.EventListener{BackgroundError: func(err error) { d.failed.CompareAndSwap(nil, &err) }}
	var err error
	if d.pebble, err = pebble.Open(dir, o); err != nil {
		return nil, fmt.Errorf("state beyond memory: %w", err)
	}
	return d, nil
}

func between(n, least, most int64) int64 { return min(max(n, least), most) }

// Held is the bytes of memory that the database takes.
func (d *DB) Held() int64 { return d.held + d.filters.Load() }

// Close closes the database and removes it.
func (d *DB) Close() error {
	if err := d.pebble.Close(); err != nil {
		return fmt.Errorf("state beyond memory: %w", err)
	}
	return d.fs.RemoveAll(d.dir)
}

// A key in the database is the number of its space, whether that has heads, and its key
// there.
const (
	spaceLen = 5
	headsAt  = 4
)

// Space implements state.Cold.
func (d *DB) Space(heads bool) state.Space {
	s := &space{DB: d}
	binary.BigEndian.PutUint32(s.prefix[:], d.spaces.Add(1))
	if heads {
		s.prefix[headsAt] = 1
	}
	return s
}

// comparer orders keys by their bytes. Filters know whole keys, and of a space of heads the
// heads.
var comparer = func() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "sqlstream.state.1"
	c.Split = func(key []byte) int {
		if len(key) <= spaceLen || key[headsAt] == 0 {
			return len(key)
		}
		_, rest := state.CutHead(key[spaceLen:])
		return len(key) - len(rest)
	}
	c.Compare, c.Equal = bytes.Compare, bytes.Equal
	c.Separator = func(dst, a, _ []byte) []byte { return append(dst, a...) }
	c.Successor = func(dst, a []byte) []byte { return append(dst, a...) }
	return &c
}()

// silent keeps the database's own log from the user: what goes wrong comes as an error.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic(&state.Fault{Err: fmt.Errorf(format, args...)})
}
