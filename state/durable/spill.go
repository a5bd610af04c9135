package durable

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
)

var _ state.Spiller = (*Flow)(nil)

// coldName is where in the directory that is what memory had no room for. It does not last:
// who opens the directory removes it.
const coldName = "cold"

// Spill implements state.Spiller. After an error the stores are not to be used.
func (f *Flow) Spill(bytes int64) error {
	if f.broken != nil {
		return f.broken
	}
	f.letGo()
	var stores []*memory.Store
	for _, name := range slices.Sorted(maps.Keys(f.stores)) {
		stores = append(stores, f.stores[name])
	}
	return f.fail(f.tier.Spill(stores, bytes))
}

// Held implements state.Spiller.
func (f *Flow) Held() int64 { return f.tier.Held() }

// Limit implements state.Spiller.
func (f *Flow) Limit(bytes int64) { f.limit = bytes }

// fillBounded is fill of a table that takes more on the disk than a good part of what all
// may hold: its files are merged while they are read, so that each key comes once, and what
// there is no room for goes beyond memory at once. It reports whether it is of those.
func (f *Flow) fillBounded(files []*stateFile, name tableName, t state.Table) (bool, error) {
	if f.limit == 0 {
		return false, nil
	}
	m := merger{flow: f, files: files, base: true}
	size := int64(0)
	var found *layered
	for _, x := range m.tables() {
		if x.tableName == name {
			found = &x
		}
	}
	if found == nil {
		return false, nil
	}
	for _, l := range found.layers {
		size += int64(l.end - l.at)
	}
	if size < f.limit/8 {
		return false, nil
	}
	if found.shape != t.Shape() {
		return false, fmt.Errorf("state table %s of %s is kept as %s, not %s", name.table, name.store, found.shape, t.Shape())
	}
	db, err := f.tier.DB(f.limit)
	if err != nil {
		return true, f.fail(err)
	}
	t.(bounded).Bound(db, max(f.limit-f.tier.Held()-f.held(), f.limit/8))
	return true, f.fillMerged(*found, t.Load())
}

// bounded is a table that can be loaded without being in memory whole.
type bounded interface {
	Bound(to state.Cold, bytes int64)
}

func (f *Flow) fillMerged(t layered, to state.Loader) (err error) {
	defer cold.Caught(&err)
	s, err := openLayers(context.Background(), f, t)
	if err != nil {
		return err
	}
	err = s.each(context.Background(), func(e *layerEntry) error {
		if e.gone {
			return nil
		}
		return to.Set(e.key, e.value)
	})
	if closed := s.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return to.Done()
}

// held is what the stores hold.
func (f *Flow) held() int64 {
	n := int64(0)
	for _, s := range f.stores {
		for _, u := range s.Usage() {
			n += u.Bytes
		}
	}
	return n
}

// openCold opens the flow's database.
func (f *Flow) openCold(memory int64) (*cold.DB, error) {
	dir := f.fs.PathJoin(f.dir.path, coldName, strconv.FormatUint(f.manifest.Instance, 10))
	return cold.Open(f.fs, dir, memory)
}

// Passing returns a backend of which nothing lasts, with room beyond memory.
func (d *Dir) Passing() state.Backend {
	n := d.passing.Add(1)
	return cold.NewBackend(func(memory int64) (*cold.DB, error) {
		return cold.Open(d.fs, d.fs.PathJoin(d.path, coldName, "passing-"+strconv.FormatUint(n, 10)), memory)
	})
}

// removeCold removes what an earlier process had no room for.
func (d *Dir) removeCold() error { return d.fs.RemoveAll(d.Path(coldName)) }
