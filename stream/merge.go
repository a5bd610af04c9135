package stream

import (
	"maps"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
)

// mergeScans makes one of two scans of a table that have come to the same
// position, so that the table is read once.
func (d *dataflow) mergeScans() error {
	for i := 0; i < len(d.scans); i++ {
		for j := i + 1; j < len(d.scans); j++ {
			a, b := d.scans[i], d.scans[j]
			if !a.spec.reads(b.spec) || a.end != nil || b.end != nil || !sameOffsets(a.pos, b.pos) || !a.settled() || !b.settled() || !a.time.same(b.time) {
				continue
			}
			a.merge(b)
			for _, w := range d.waiters {
				if t, ok := w.targets[b]; ok {
					w.targets[a] = furthest(w.targets[a], t)
					delete(w.targets, b)
				}
			}
			d.scans = slices.Delete(d.scans, j, j+1)
			j--
			if err := b.source.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// settled reports that the scan's position means the same as that of any other scan of
// its table.
func (s *scan) settled() bool {
	x, ok := s.source.(connectors.Settler)
	return !ok || x.Settled(s.pos)
}

func sameOffsets(a, b connectors.Offsets) bool { return len(a) > 0 && maps.Equal(a, b) }

// furthest takes of each split the later position.
func furthest(a, b connectors.Offsets) connectors.Offsets {
	out := maps.Clone(b)
	for split, at := range a {
		out[split] = max(out[split], at)
	}
	return out
}

// twin returns the first scan of the same table that never ends, nil where s is it.
// Scans that have come to the same place stay together only when they are planned
// to the same end, and only then do queries over one table agree.
func (d *dataflow) twin(s *scan) *scan {
	for _, t := range d.scans {
		switch {
		case t == s || s.end != nil:
			return nil
		case t.spec.Table == s.spec.Table && t.end == nil:
			return t
		}
	}
	return nil
}
