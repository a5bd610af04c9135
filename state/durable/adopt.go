package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
)

// Adopt implements state.Backend. The other one is of the same directory, or keeps nothing.
// Its stores are in the next checkpoint as a whole; if the process dies before that is
// committed, the other flow is there as before.
func (f *Flow) Adopt(other state.Backend) error {
	switch o := other.(type) {
	case *memory.Backend:
		return f.adoptStores(o.Stores())
	case *cold.Backend:
		if err := f.adoptStores(o.Stores()); err != nil {
			return err
		}
		f.tier.Take(o.Tier())
		return nil
	case *Flow:
		if o.dir == f.dir && o != f {
			return f.adoptFlow(o)
		}
	}
	return errors.New("a flow adopts another one of its directory")
}

func (f *Flow) adoptFlow(o *Flow) error {
	f.letGo()
	o.letGo()
	if err := o.kept(); err != nil {
		return err
	}
	if o.waiting != nil || o.broken != nil {
		return fmt.Errorf("flow %s has a checkpoint that is not committed", o.id)
	}
	for _, name := range o.storeNames() {
		if f.has(name) {
			return fmt.Errorf("flow %s has a store %s, as flow %s has", f.id, name, o.id)
		}
	}
	if err := o.quiet(); err != nil {
		return err
	}
	if err := f.adoptStores(o.stores); err != nil {
		return err
	}
	for _, name := range o.storeNames() {
		f.foreign[name] = o
		f.dropped[name] = true // what was kept under that name long ago counts no more
	}
	f.tier.Take(o.tier)
	f.adopts = append(f.adopts, o)
	return nil
}

func (f *Flow) adoptStores(stores map[string]*memory.Store) error {
	for name := range stores {
		if f.has(name) {
			return fmt.Errorf("flow %s has a store %s already", f.id, name)
		}
	}
	for name, s := range stores {
		s.Keep(f.filler(name))
		f.stores[name] = s
		f.dropped[name] = true
	}
	return nil
}

// storeNames are the stores that the flow has open or in its files.
func (f *Flow) storeNames() []string {
	var out []string
	for name := range f.stores {
		out = append(out, name)
	}
	for t := range f.known {
		if _, ok := f.stores[t.store]; !ok {
			out = append(out, t.store)
		}
	}
	return out
}

func (f *Flow) has(store string) bool {
	if _, ok := f.stores[store]; ok {
		return true
	}
	for t := range f.known {
		if t.store == store {
			return true
		}
	}
	return false
}

// saveUnopened copies the tables of an adopted flow that nobody has opened.
func (f *Flow) saveUnopened(ctx context.Context, w *stateWriter, o *Flow) error {
	m := merger{flow: o, files: o.files, base: true}
	for _, t := range m.tables() {
		if f.foreign[t.store] != o || o.dropped[t.store] {
			continue
		}
		if s, ok := f.stores[t.store]; ok {
			if _, opened := s.TableLen(t.table); opened {
				continue
			}
		}
		if err := m.table(ctx, t, w); err != nil {
			return err
		}
		f.known[t.tableName] = true
	}
	return nil
}
