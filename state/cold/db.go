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
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
)

// A DB is a database of spaces. Each may be used by a goroutine of its own.
type DB struct {
	pebble *pebble.DB
	fs     vfs.FS
	dir    string
	spaces atomic.Uint32
}

// Memory is what a DB itself takes of memory, at most: blocks of files that were read, and
// what was written last.
const Memory = cacheBytes + 2*writeBytes

const (
	cacheBytes = 8 << 20
	writeBytes = 4 << 20
	filterBits = 10 // of each key: one lookup in a hundred of a key that is not there reads a block
)

// Open opens an empty database in a directory, whatever was in it.
func Open(fs vfs.FS, dir string) (*DB, error) {
	if err := fs.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("state beyond memory: %w", err)
	}
	o := &pebble.Options{
		FS: fs, Comparer: comparer, FormatMajorVersion: pebble.FormatNewest, Logger: silent{},
		DisableWAL: true, CacheSize: cacheBytes, MemTableSize: writeBytes, MemTableStopWritesThreshold: 4, MaxOpenFiles: 500,
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(filterBits)
	}
	db, err := pebble.Open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("state beyond memory: %w", err)
	}
	return &DB{pebble: db, fs: fs, dir: dir}, nil
}

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
	s := &space{db: d.pebble}
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
