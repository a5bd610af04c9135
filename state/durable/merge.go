package durable

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A merger makes one file of several that follow each other. It reads files only, which
// do not change, so that it can work beside everything else.
type merger struct {
	flow  *Flow
	files []*stateFile // the oldest first
	base  bool         // they begin with nothing: of keys that are gone nothing is left
}

// run writes the merged file.
func (m *merger) run(ctx context.Context, number uint64) (*stateFile, error) {
	first, last := m.files[0], m.files[len(m.files)-1]
	path := m.flow.path(stateName(number, first.From))
	file, err := m.flow.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	file = inPassing(file)
	w := newStateWriter(file, first.From, last.To)
	if err = m.write(ctx, w); err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = m.flow.syncDir()
	}
	if err != nil {
		_ = m.flow.fs.Remove(path) // what is left is removed when the flow is opened
		return nil, err
	}
	return &stateFile{Number: number, From: first.From, To: last.To, Size: w.at, meta: last.meta, drops: m.drops(), sections: w.sections}, nil
}

func (m *merger) write(ctx context.Context, w *stateWriter) error {
	if err := w.note(metaBlock, m.files[len(m.files)-1].meta); err != nil {
		return err
	}
	for _, store := range m.drops() {
		if err := w.note(dropBlock, []byte(store)); err != nil {
			return err
		}
	}
	for _, t := range m.tables() {
		if err := m.table(ctx, t, w); err != nil {
			return err
		}
	}
	return w.finish()
}

// drops are the stores of which files before these count no more.
func (m *merger) drops() []string {
	if m.base {
		return nil
	}
	var out []string
	for _, f := range m.files {
		out = append(out, f.drops...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A layer is what one file has of a table.
type layer struct {
	file *stateFile
	section
}

// A layered is a table with its layers, the oldest first.
type layered struct {
	tableName
	shape  string
	layers []layer
}

// tables are what the files have that counts, in the order of their names.
func (m *merger) tables() []layered {
	of := map[tableName]*layered{}
	for _, f := range m.files {
		for _, store := range f.drops {
			for name := range of {
				if name.store == store {
					delete(of, name)
				}
			}
		}
		for _, s := range f.sections {
			t := of[s.tableName]
			if t == nil {
				t = &layered{tableName: s.tableName, shape: s.shape}
				of[s.tableName] = t
			}
			t.layers = append(t.layers, layer{f, s})
		}
	}
	var out []layered
	for _, t := range of {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b layered) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.table, b.table))
	})
	return out
}

// table writes what a table's layers make together: keys that are gone, then those that
// are there, each in order.
func (m *merger) table(ctx context.Context, t layered, w *stateWriter) error {
	if err := w.table(section{tableName: t.tableName, shape: t.shape, sorted: true}, true); err != nil {
		return err
	}
	s, err := openLayers(ctx, m.flow, t)
	if err != nil {
		return err
	}
	if !m.base {
		if bound := s.bound(); bound != nil {
			err = w.Below(bound)
		}
		if err == nil {
			err = s.each(ctx, func(e *layerEntry) error {
				if e.gone {
					return w.Delete(e.key)
				}
				return nil
			})
		}
	}
	if err == nil {
		err = s.each(ctx, func(e *layerEntry) error {
			if e.gone {
				return nil
			}
			return w.Set(e.key, e.value)
		})
	}
	if closed := s.close(); err == nil {
		err = closed
	}
	return err
}

// layers reads the layers of a table together.
type layers struct {
	flow    *Flow
	budget  int      // of memory
	bounds  [][]byte // of each layer, the bound under which older keys are gone
	memory  unsorted
	sources []source
	open    []openFile
	spool   *spool // of what is too large for memory; nil where nothing is
}

// openLayers opens the layers of a table; those that are not sorted are put in order.
func openLayers(ctx context.Context, f *Flow, t layered) (*layers, error) {
	s := &layers{flow: f, budget: f.dir.limits.sort, bounds: make([][]byte, len(t.layers))}
	for i, l := range t.layers {
		if err := s.add(ctx, i, l); err != nil {
			_ = s.close()
			return nil, err
		}
	}
	s.memory.sort()
	s.sources = append(s.sources, &s.memory)
	// What a layer evicts goes from all before it.
	for i := len(s.bounds) - 2; i >= 0; i-- {
		if bytes.Compare(s.bounds[i+1], s.bounds[i]) > 0 {
			s.bounds[i] = s.bounds[i+1]
		}
	}
	return s, nil
}

func (s *layers) add(ctx context.Context, at int, l layer) error {
	r, err := s.flow.reader(l.file.entry())
	if err != nil {
		return err
	}
	s.open = append(s.open, r)
	switch {
	case l.sorted:
		s.read(r.blockReader, at, l.section)
		s.bounds[at], err = boundOf(r.blockReader, &l.section)
		return err
	case s.memory.size()+sizeOf(&l.section) > s.budget:
		return s.spooled(ctx, at, l, r.blockReader)
	}
	s.memory.layer, s.memory.bound = at, nil
	s.memory.reserve(&l.section)
	err = readSection(r.blockReader, &l.section, &s.memory)
	s.bounds[at] = s.memory.bound
	return err
}

// read makes sources of a sorted section. Each has a place of its own in the file.
func (s *layers) read(r *blockReader, at int, x section) {
	gone, set := *r, *r
	gone.buf, set.buf = nil, nil
	s.sources = append(s.sources,
		&sorted{r: &gone, at: x.at, end: x.setAt, kind: deletedBlock, layer: at},
		&sorted{r: &set, at: x.setAt, end: x.end, kind: setBlock, layer: at})
}

// boundOf reads the bound that a section begins with, nil for none.
func boundOf(r *blockReader, s *section) ([]byte, error) {
	if s.at == s.end {
		return nil, nil
	}
	r.at = s.at
	b, err := r.next()
	if err != nil || b.kind != belowBlock {
		return nil, err
	}
	return bytes.Clone(b.payload), nil
}

// bound is the greatest bound of all.
func (s *layers) bound() []byte { return s.bounds[0] }

func (s *layers) close() error {
	var err error
	for _, f := range s.open {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}
	if s.spool != nil {
		if removed := s.spool.remove(s.flow.fs); err == nil {
			err = removed
		}
	}
	return err
}

// cancelEvery is how many entries are merged between looks at the context.
const cancelEvery = 1 << 12

// each calls f with what the youngest layer says of each key, in order.
func (s *layers) each(ctx context.Context, f func(e *layerEntry) error) error {
	var live []source
	for _, x := range s.sources {
		ok, err := x.first()
		if err != nil {
			return err
		}
		if ok {
			live = append(live, x)
		}
	}
	var key []byte
	for n := 1; len(live) > 0; n++ {
		if n%cancelEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		best := live[0]
		for _, x := range live[1:] {
			if before(x.entry(), best.entry()) {
				best = x
			}
		}
		if e := best.entry(); e.layer+1 >= len(s.bounds) || bytes.Compare(e.key, s.bounds[e.layer+1]) >= 0 {
			if err := f(e); err != nil {
				return err
			}
		}
		key = append(key[:0], best.entry().key...)
		var err error
		if live, err = advance(live, key); err != nil {
			return err
		}
	}
	return nil
}

// advance moves all sources behind a key.
func advance(live []source, key []byte) ([]source, error) {
	kept := live[:0]
	for _, x := range live {
		ok := true
		for ok && bytes.Equal(x.entry().key, key) {
			var err error
			if ok, err = x.next(); err != nil {
				return nil, err
			}
		}
		if ok {
			kept = append(kept, x)
		}
	}
	return kept, nil
}

// before orders entries by key, then the younger ones first, and what is set before what
// is gone.
func before(a, b *layerEntry) bool {
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c < 0
	}
	if a.layer != b.layer {
		return a.layer > b.layer
	}
	return !a.gone && b.gone
}
