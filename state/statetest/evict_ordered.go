package statetest

import (
	"slices"

	"github.com/sqlstream/sqlstream/state"
)

// An evictingOrdered spoils each key of a walk once it may, and Near brings nothing near.
type evictingOrdered struct{ state.Ordered }

// Ordered implements state.Store.
func (s *Evicting) Ordered(name string) (state.Ordered, error) {
	o, err := s.Store.Ordered(name)
	return evictingOrdered{o}, err
}

func spoiling(yield func(key []byte, weight int64) bool) func(key []byte, weight int64) bool {
	return func(key []byte, weight int64) bool {
		key = slices.Clone(key)
		more := yield(key, weight)
		for i := range key {
			key[i] = poison
		}
		return more
	}
}

// Ascend implements state.Ordered.
func (o evictingOrdered) Ascend(from, to []byte, yield func(key []byte, weight int64) bool) {
	o.Ordered.Ascend(from, to, spoiling(yield))
}

// Descend implements state.Ordered.
func (o evictingOrdered) Descend(from, to []byte, yield func(key []byte, weight int64) bool) {
	o.Ordered.Descend(from, to, spoiling(yield))
}

// Near implements state.Ordered.
func (evictingOrdered) Near([][]byte) {}
