// Package memory is the state store that lives in the process: open-addressing
// tables over pointer-free rows, and ordered pages.
package memory

import (
	"fmt"
	"iter"
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
)

// A Store keeps state in memory. Where a backend is to make it last, it notes what changes.
type Store struct {
	maps    map[string]*Map
	indexes map[string]*Index
	ordered map[string]*Ordered
	names   []string
	fill    Fill // nil where nothing lasts
	closed  bool
	cold    state.Cold
}

// A Fill gives a table that is opened for the first time what it had, and reports whether
// that is kept already: otherwise all of it counts as changed.
type Fill func(name string, t state.Table) (kept bool, err error)

// New returns an empty store.
func New() *Store {
	return &Store{maps: map[string]*Map{}, indexes: map[string]*Index{}, ordered: map[string]*Ordered{}}
}

// Keep makes the store one that lasts: its tables note what changes, all that they have to
// begin with, and others are filled when they are opened.
func (s *Store) Keep(fill Fill) {
	s.fill = fill
	for _, t := range s.Tables() {
		t.(keeper).keep()
	}
}

// A keeper is a table that can note what changes.
type keeper interface {
	state.Table
	keep()
}

// Tables returns the tables that were opened, in the order of their names.
func (s *Store) Tables() iter.Seq2[string, state.Table] {
	return func(yield func(string, state.Table) bool) {
		for _, name := range slices.Sorted(slices.Values(s.names)) {
			if !yield(name, s.table(name)) {
				return
			}
		}
	}
}

func (s *Store) table(name string) state.Table {
	if m, ok := s.maps[name]; ok {
		return m
	}
	if x, ok := s.indexes[name]; ok {
		return x
	}
	return s.ordered[name]
}

// TableLen returns the number of keys of a table, and whether it was opened.
func (s *Store) TableLen(name string) (int, bool) {
	if !slices.Contains(s.names, name) {
		return 0, false
	}
	return s.table(name).Len(), true
}

// begin takes up a new table under a name that no other has.
func (s *Store) begin(name string, t keeper) error {
	if slices.Contains(s.names, name) {
		return fmt.Errorf("state table %s is a %s, not a %s", name, s.table(name).Shape(), t.Shape())
	}
	if s.fill != nil {
		t.keep()
		kept, err := s.fill(name, t)
		if err != nil {
			return err
		}
		if !kept {
			t.keep()
		}
	}
	s.names = append(s.names, name)
	if s.cold != nil {
		t.(spiller).chill(s.cold)
	}
	return nil
}

// Map implements state.Store.
func (s *Store) Map(name string, shape state.MapShape) (state.Map, error) {
	if m, ok := s.maps[name]; ok {
		if m.shape.Width != shape.Width || m.shape.Expiry != shape.Expiry || !slices.EqualFunc(m.shape.Keys, shape.Keys, types.Type.Equal) {
			return nil, fmt.Errorf("state table %s is a %s, not a %s", name, m.shape, shape)
		}
		return m, nil
	}
	m := newMap(shape)
	if err := s.begin(name, m); err != nil {
		return nil, err
	}
	s.maps[name] = m
	return m, nil
}

// Index implements state.Store.
func (s *Store) Index(name string, shape state.IndexShape) (state.Index, error) {
	if x, ok := s.indexes[name]; ok {
		same := x.shape.Words == shape.Words && x.shape.Expiry == shape.Expiry && slices.EqualFunc(x.shape.Keys, shape.Keys, types.Type.Equal) &&
			slices.EqualFunc(x.shape.Columns, shape.Columns, types.Type.Equal)
		if !same {
			return nil, fmt.Errorf("state table %s is an %s, not an %s", name, x.shape, shape)
		}
		return x, nil
	}
	x := newIndex(shape)
	if err := s.begin(name, x); err != nil {
		return nil, err
	}
	s.indexes[name] = x
	return x, nil
}

// Ordered implements state.Store.
func (s *Store) Ordered(name string) (state.Ordered, error) {
	if o, ok := s.ordered[name]; ok {
		return o, nil
	}
	o := newOrdered()
	if err := s.begin(name, o); err != nil {
		return nil, err
	}
	s.ordered[name] = o
	return o, nil
}

// A spiller is a table that can move what it holds out of memory.
type spiller interface {
	chill(to state.Cold)
	thaw()
	evict(keep int64)
	usage() state.Usage
}

// Spill moves what tables hold beyond memory, until they hold no more than so many bytes, as
// far as may be: each gives up as much of what it has. What is dirty, or not settled, or what
// the next Save asks for, stays.
func (s *Store) Spill(to state.Cold, bytes int64) {
	s.cold = to
	held := int64(0)
	for _, t := range s.Tables() {
		t.(spiller).chill(to)
		held += t.(spiller).usage().Bytes
	}
	if held <= bytes {
		return
	}
	for _, t := range s.Tables() {
		own := t.(spiller).usage().Bytes
		t.(spiller).evict(int64(float64(own) * float64(bytes) / float64(held)))
	}
}

// Usage implements state.Store.
func (s *Store) Usage() []state.Usage {
	var out []state.Usage
	for name, t := range s.Tables() {
		u := t.(spiller).usage()
		u.Name = name
		out = append(out, u)
	}
	return out
}

func (m *Map) usage() state.Usage {
	return state.Usage{Rows: int64(m.Len()), Bytes: m.bytes(), Spilled: m.cold.spilled()}
}

func (x *Index) usage() state.Usage {
	return state.Usage{Rows: int64(x.Len()), Bytes: x.bytes(), Spilled: x.cold.spilled()}
}

func (o *Ordered) usage() state.Usage {
	return state.Usage{Rows: int64(o.Len()), Bytes: o.bytes(), Spilled: o.cold.spilled()}
}

// Closed reports that the store was closed: what was beyond memory it has no more.
func (s *Store) Closed() bool { return s.closed }

// Close implements state.Store. What is beyond memory is removed.
func (s *Store) Close() (err error) {
	s.closed = true
	if s.cold == nil {
		return nil
	}
	defer func() {
		if f, ok := recover().(*state.Fault); ok {
			err = f
		}
	}()
	for _, t := range s.Tables() {
		t.(spiller).thaw()
	}
	s.cold = nil
	return nil
}
