package memory

import (
	"context"

	"github.com/sqlstream/sqlstream/state"
)

// A Backend keeps nothing beyond the process: a dataflow on it begins anew.
type Backend struct{ stores map[string]*Store }

// NewBackend returns a backend without stores.
func NewBackend() *Backend { return &Backend{map[string]*Store{}} }

// Stores returns the stores that were opened, by name.
func (b *Backend) Stores() map[string]*Store { return b.stores }

// Found implements state.Backend.
func (b *Backend) Found() state.Found { return state.Found{} }

// Settle implements state.Backend.
func (b *Backend) Settle(context.Context, bool) error { return nil }

// Store implements state.Backend.
func (b *Backend) Store(name string) (state.Store, error) {
	s, ok := b.stores[name]
	if !ok {
		s = New()
		b.stores[name] = s
	}
	return s, nil
}

// Drop implements state.Backend.
func (b *Backend) Drop(name string) { delete(b.stores, name) }

// Adopt implements state.Backend. Whoever uses the other's stores goes on with them.
func (b *Backend) Adopt(state.Backend) error { return nil }

// Log implements state.Backend.
func (b *Backend) Log(context.Context, int64, []byte) error { return nil }

// Prepare implements state.Backend.
func (b *Backend) Prepare(context.Context, state.Checkpoint) error { return nil }

// Commit implements state.Backend.
func (b *Backend) Commit(context.Context) error { return nil }

// Durable implements state.Backend.
func (b *Backend) Durable() error { return nil }

// Close implements state.Backend.
func (b *Backend) Close() error { return nil }

// Remove implements state.Backend.
func (b *Backend) Remove() error { return nil }
