package durable

import (
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
	var stores []*memory.Store
	for _, name := range slices.Sorted(maps.Keys(f.stores)) {
		stores = append(stores, f.stores[name])
	}
	return f.fail(f.tier.Spill(stores, bytes))
}

// Held implements state.Spiller.
func (f *Flow) Held() int64 { return f.tier.Held() }

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
