package memory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// errKey is what a key says that is none of its table.
var errKey = errors.New("a key is not of this table's columns")

// takeKey appends the columns of a key that zset.AppendKey made, and returns what is
// behind them. The bytes may be anything.
func takeKey(key []byte, out []*vec.Builder) ([]byte, error) {
	for _, b := range out {
		switch {
		case len(key) == 0 || key[0] > 1:
			return nil, errKey
		case key[0] == 0:
			b.AppendNull()
			key = key[1:]
			continue
		}
		key = key[1:]
		size, layout := 8, b.Type().Layout()
		if layout == types.Int128 {
			size = 16
		}
		if layout == types.Bytes {
			n, w := binary.Uvarint(key)
			if w <= 0 || n > uint64(len(key)-w) {
				return nil, errKey
			}
			key, size = key[w:], int(n)
		}
		if len(key) < size {
			return nil, errKey
		}
		switch layout {
		case types.Bytes:
			b.AppendBytes(key[:size])
		case types.Int128:
			low, high := binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[8:])
			vec.Append(b, decimal128.New(int64(high), low))
		default:
			zset.AppendWord(b, binary.LittleEndian.Uint64(key))
		}
		key = key[size:]
	}
	return key, nil
}

// A keyBatch collects keys as columns.
type keyBatch struct {
	cols []*vec.Builder
	vecs []*vec.Vec
}

func newKeyBatch(ts []types.Type) keyBatch {
	var k keyBatch
	for _, t := range ts {
		k.cols = append(k.cols, vec.NewBuilder(t))
		k.vecs = append(k.vecs, new(vec.Vec))
	}
	return k
}

// add takes in a key, which is all of what it is given.
func (k *keyBatch) add(key []byte) error {
	rest, err := takeKey(key, k.cols)
	if err == nil && len(rest) > 0 {
		return errKey
	}
	return err
}

func (k *keyBatch) columns() []*vec.Vec {
	for i, b := range k.cols {
		b.VecTo(k.vecs[i])
	}
	return k.vecs
}

func (k *keyBatch) reset() {
	for _, b := range k.cols {
		b.Reset()
	}
}

// maxLoadBytes is how much a loader collects at most before it goes on.
const maxLoadBytes = 1 << 20

// A loading is what the loaders of maps and indexes have in common: they collect keys that
// are to be set, or to be deleted.
type loading struct {
	keys     keyBatch
	n, size  int
	deleting bool
	gids     []int32
	flush    func() error
}

// add takes in a key.
func (l *loading) add(key []byte, deleting bool) error {
	if l.n >= vec.BatchRows || l.size > maxLoadBytes || deleting != l.deleting {
		if err := l.flush(); err != nil {
			return err
		}
		l.deleting = deleting
	}
	l.n++
	l.size += len(key)
	return l.keys.add(key)
}

func (l *loading) reset() {
	l.keys.reset()
	l.n, l.size = 0, 0
}

// A mapLoader fills a Map.
type mapLoader struct {
	m *Map
	loading
	rows []byte
	kept *changes // of the map, which has none meanwhile
}

// Load implements state.Table.
func (m *Map) Load() state.Loader {
	l := &mapLoader{m: m, kept: m.changes}
	m.changes, m.loading = nil, true
	l.keys, l.gids = newKeyBatch(m.shape.Keys), make([]int32, vec.BatchRows)
	l.flush = l.put
	return l
}

// Below implements state.Delta.
func (l *mapLoader) Below([]byte) error { return errBelow }

var errBelow = errors.New("keys of this table have no order")

// Delete implements state.Delta.
func (l *mapLoader) Delete(key []byte) error { return l.add(key, true) }

// Set implements state.Delta.
func (l *mapLoader) Set(key, value []byte) error {
	if len(value) != l.m.width {
		return fmt.Errorf("a row has %d bytes, not %d", len(value), l.m.width)
	}
	if err := l.add(key, false); err != nil {
		return err
	}
	l.rows = append(l.rows, value...)
	return nil
}

// put sets or deletes the groups collected.
func (l *mapLoader) put() error {
	m, gids := l.m, l.gids[:l.n]
	if l.n == 0 {
		return nil
	}
	m.find(l.keys.columns(), l.n, gids, !l.deleting)
	if l.deleting {
		m.Delete(present(gids))
	} else {
		for i, g := range gids {
			copy(m.row(g), l.rows[i*m.width:(i+1)*m.width])
		}
	}
	l.rows = l.rows[:0]
	l.reset()
	m.relieve()
	return nil
}

// present returns the gids that are of groups, each once.
func present(gids []int32) []int32 {
	slices.Sort(gids)
	gids = slices.Compact(gids)
	if len(gids) > 0 && gids[0] < 0 {
		gids = gids[1:]
	}
	return gids
}

// Done implements state.Loader.
func (l *mapLoader) Done() error {
	err := l.put()
	l.m.bound = 0
	l.m.changes, l.m.loading = l.kept, false
	l.m.Clean() // the tags of what was loaded are of an epoch that has passed
	return err
}
