package cold

import (
	"maps"
	"slices"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
)

// A Backend keeps nothing beyond the process, and has room beyond memory.
type Backend struct {
	*memory.Backend
	tier *Tier
}

var _ state.Spiller = (*Backend)(nil)

// NewBackend returns a backend without stores, which opens its database so.
func NewBackend(open func(memory int64) (*DB, error)) *Backend {
	return &Backend{memory.NewBackend(), NewTier(open)}
}

// Adopt implements state.Backend. Whoever uses the other's stores goes on with them.
func (b *Backend) Adopt(other state.Backend) error {
	switch o := other.(type) {
	case *memory.Backend:
		maps.Copy(b.Stores(), o.Stores())
	case *Backend:
		maps.Copy(b.Stores(), o.Stores())
		b.tier.Take(o.tier)
	}
	return nil
}

// Tier returns what the backend has beyond memory.
func (b *Backend) Tier() *Tier { return b.tier }

// Spill implements state.Spiller. After an error the stores are not to be used.
func (b *Backend) Spill(bytes int64) error {
	var stores []*memory.Store
	for _, name := range slices.Sorted(maps.Keys(b.Stores())) {
		stores = append(stores, b.Stores()[name])
	}
	return b.tier.Spill(stores, bytes)
}

// Limit implements state.Spiller: stores begin with nothing.
func (b *Backend) Limit(int64) {}

// Held implements state.Spiller.
func (b *Backend) Held() int64 { return b.tier.Held() }

// Close implements state.Backend.
func (b *Backend) Close() error { return b.tier.Close() }

// Remove implements state.Backend.
func (b *Backend) Remove() error { return b.Close() }
