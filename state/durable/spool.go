package durable

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A spool is a file of sorted pieces of sections that are too large to be put in order in
// memory. It is removed when they have been read.
type spool struct {
	path string
	file vfs.File
	w    *stateWriter

	ctx    context.Context // of the one call that fills it
	piece  unsorted
	bound  []byte
	budget int
}

func (s *layers) newSpool() error {
	path := s.flow.path(fmt.Sprintf("sort-%06d%s", s.flow.spools.Add(1), temporarySuffix))
	file, err := s.flow.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	s.spool = &spool{path: path, file: file, w: newStateWriter(file, 0, 1), budget: s.budget}
	return nil
}

// spooled writes a section in sorted pieces, and reads those.
func (s *layers) spooled(ctx context.Context, at int, l layer, r *blockReader) error {
	if s.spool == nil {
		if err := s.newSpool(); err != nil {
			return err
		}
	}
	p := s.spool
	p.ctx, p.bound, p.piece = ctx, nil, unsorted{layer: at}
	first := len(p.w.sections)
	if err := readSection(r, &l.section, p); err != nil {
		return err
	}
	if err := p.flush(); err != nil {
		return err
	}
	if err := p.w.endEntries(); err != nil {
		return err
	}
	if err := p.w.flush(); err != nil {
		return err
	}
	s.bounds[at] = p.bound
	f, err := openReader(s.flow.fs, p.path)
	if err != nil {
		return err
	}
	s.open = append(s.open, f)
	for _, piece := range p.w.sections[first:] {
		s.read(f.blockReader, at, piece)
	}
	return nil
}

// Below implements state.Delta.
func (p *spool) Below(bound []byte) error {
	p.bound = append([]byte{}, bound...)
	return nil
}

// Delete implements state.Delta.
func (p *spool) Delete(key []byte) error {
	p.piece.add(key, nil, true)
	return p.room()
}

// Set implements state.Delta.
func (p *spool) Set(key, value []byte) error {
	p.piece.add(key, value, false)
	return p.room()
}

// room writes the piece at hand when it is large enough.
func (p *spool) room() error {
	if len(p.piece.data)+len(p.piece.places)*placeSize < p.budget {
		return nil
	}
	if err := p.ctx.Err(); err != nil {
		return err
	}
	return p.flush()
}

// flush writes the piece at hand as a table of its own.
func (p *spool) flush() error {
	if err := p.w.table(section{tableName: tableName{table: fmt.Sprint(len(p.w.sections))}, sorted: true}, true); err != nil {
		return err
	}
	u := &p.piece
	u.sort()
	for _, gone := range []bool{true, false} {
		for ok, err := u.first(); ok; ok, err = u.next() {
			if err != nil {
				return err
			}
			if u.now.gone != gone {
				continue
			}
			if gone {
				err = p.w.Delete(u.now.key)
			} else {
				err = p.w.Set(u.now.key, u.now.value)
			}
			if err != nil {
				return err
			}
		}
	}
	u.data, u.places, u.order = u.data[:0], u.places[:0], u.order[:0]
	return nil
}

func (p *spool) remove(fs vfs.FS) error {
	err := p.file.Close()
	if removed := fs.Remove(p.path); err == nil {
		err = removed
	}
	return err
}
