package stream

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
)

// found takes in splits that are new, and where they begin.
func (s *scan) found(start connectors.Offsets, ids map[connectors.Split]string) {
	for split, off := range start {
		if _, ok := s.pos[split]; ok {
			continue
		}
		s.pos[split], s.started[split] = off, off
		if s.fresh == nil {
			s.fresh = connectors.Offsets{}
		}
		s.fresh[split] = off
		if id := ids[split]; id != "" {
			s.ids[split] = id
		}
	}
}

// Began returns where reading began in the splits of each table that the query reads itself,
// nil of one that has ended. Queries whose reading has met have it from the first of them.
func (q *Query) Began(ctx context.Context) (tables map[string]connectors.Offsets, err error) {
	err = q.engine.between(ctx, q, func(d *dataflow) {
		if d == nil {
			return
		}
		tables = map[string]connectors.Offsets{}
		for _, s := range d.scans {
			if !slices.ContainsFunc(s.uses, func(u use) bool { return u.member.query == q }) {
				continue
			}
			at := tables[s.spec.Table.Name]
			if at == nil {
				at = connectors.Offsets{}
				tables[s.spec.Table.Name] = at
			}
			for split, off := range s.started {
				if first, ok := at[split]; !ok || off < first {
					at[split] = off
				}
			}
		}
	})
	return tables, err
}

func (s *scan) idsOf(splits connectors.Offsets) map[connectors.Split]string {
	out := map[connectors.Split]string{}
	for split := range splits {
		if id := s.ids[split]; id != "" {
			out[split] = id
		}
	}
	return out
}

// identify asks the source what splits are known by, which not every one can tell.
func (s *scan) identify(ctx context.Context, splits []connectors.Split) (map[connectors.Split]string, error) {
	x, ok := s.source.(connectors.Identifier)
	if !ok || len(splits) == 0 {
		return nil, nil
	}
	ids, err := x.Identify(ctx, splits)
	return ids, s.wrap(err)
}

// goOn takes the positions of an earlier process, and refuses where the source has no
// longer what lies behind them.
func (s *scan) goOn(ctx context.Context, from *scanMeta) error {
	s.restore(from)
	there, err := s.source.Splits(ctx)
	if err != nil {
		return s.wrap(err)
	}
	var known []connectors.Split
	for _, split := range slices.SortedFunc(maps.Keys(s.pos), CompareSplits) {
		if slices.Contains(there, split) {
			known = append(known, split)
		}
	}
	ids, err := s.identify(ctx, known)
	if err != nil {
		return err
	}
	for _, split := range known {
		if was := s.ids[split]; was != "" && ids[split] != was {
			return s.wrap(fmt.Errorf("%s is another one than was read so far: it was deleted and made again; %s", split, startAnew))
		}
	}
	return s.retained(ctx, known)
}

// retained refuses positions that the source has let go.
func (s *scan) retained(ctx context.Context, splits []connectors.Split) error {
	x, ok := s.source.(connectors.Retainer)
	if !ok || len(splits) == 0 {
		return nil
	}
	earliest, err := x.Earliest(ctx, splits)
	if err != nil {
		return s.wrap(err)
	}
	for _, split := range splits {
		if first, at := earliest[split], s.pos[split]; first > at {
			return s.wrap(fmt.Errorf("%s begins at offset %d by now, and was read up to %d: what lies between is gone, its retention has passed; %s, or %s", split, first, at, x.Onward(), startAnew))
		}
	}
	return nil
}

// succeed tells the source how far others have read.
func (s *scan) succeed() {
	if x, ok := s.source.(connectors.Successor); ok {
		x.Succeed(maps.Clone(s.pos))
	}
}

// usedBy reports that a member uses the scan.
func (s *scan) usedBy(m *member) bool {
	return slices.ContainsFunc(s.uses, func(u use) bool { return u.member == m })
}

// usedByKept reports that a query uses it that outlives the process.
func (s *scan) usedByKept() bool {
	return slices.ContainsFunc(s.uses, func(u use) bool { return u.member.spec.Kept })
}
