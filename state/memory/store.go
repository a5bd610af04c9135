// Package memory is the state store that lives in the process: open-addressing
// tables over pointer-free rows, and ordered pages.
package memory

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
)

// A Store keeps state in memory only.
type Store struct {
	maps    map[string]*Map
	indexes map[string]*Index
	ordered map[string]*Ordered
	names   []string
}

// New returns an empty store.
func New() *Store {
	return &Store{maps: map[string]*Map{}, indexes: map[string]*Index{}, ordered: map[string]*Ordered{}}
}

// Map implements state.Store.
func (s *Store) Map(name string, shape state.MapShape) (state.Map, error) {
	if m, ok := s.maps[name]; ok {
		if m.shape.Width != shape.Width || m.shape.Expiry != shape.Expiry || !slices.EqualFunc(m.shape.Keys, shape.Keys, types.Type.Equal) {
			return nil, fmt.Errorf("state table %s has keys %v and rows of %d bytes, not %v and %d", name, m.shape.Keys, m.shape.Width, shape.Keys, shape.Width)
		}
		return m, nil
	}
	m := newMap(shape)
	s.maps[name] = m
	s.names = append(s.names, name)
	return m, nil
}

// Index implements state.Store.
func (s *Store) Index(name string, shape state.IndexShape) (state.Index, error) {
	if x, ok := s.indexes[name]; ok {
		same := x.shape.Words == shape.Words && x.shape.Expiry == shape.Expiry && slices.EqualFunc(x.shape.Keys, shape.Keys, types.Type.Equal) &&
			slices.EqualFunc(x.shape.Columns, shape.Columns, types.Type.Equal)
		if !same {
			return nil, fmt.Errorf("state table %s holds rows of another form", name)
		}
		return x, nil
	}
	x := newIndex(shape)
	s.indexes[name] = x
	s.names = append(s.names, name)
	return x, nil
}

// Ordered implements state.Store.
func (s *Store) Ordered(name string) (state.Ordered, error) {
	if o, ok := s.ordered[name]; ok {
		return o, nil
	}
	o := newOrdered()
	s.ordered[name] = o
	s.names = append(s.names, name)
	return o, nil
}

// Usage implements state.Store.
func (s *Store) Usage() []state.Usage {
	var out []state.Usage
	for _, name := range slices.Sorted(slices.Values(s.names)) {
		if m, ok := s.maps[name]; ok {
			out = append(out, state.Usage{Name: name, Rows: int64(m.Len()), Bytes: m.bytes()})
		}
		if x, ok := s.indexes[name]; ok {
			out = append(out, state.Usage{Name: name, Rows: int64(x.Len()), Bytes: x.bytes()})
		}
		if o, ok := s.ordered[name]; ok {
			out = append(out, state.Usage{Name: name, Rows: int64(o.Len()), Bytes: o.bytes()})
		}
	}
	return out
}

// Close implements state.Store.
func (s *Store) Close() error { return nil }
