package kafka

import (
	"maps"

	"github.com/sqlstream/sqlstream/connectors"
)

// learnEnds takes in what fetches that waited for data have told.
func (s *source) learnEnds(ends connectors.Offsets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = connectors.Offsets{}
	}
	for split, end := range ends {
		s.known[split], s.seen[split] = end, max(s.seen[split], end)
	}
}

// ahead reports that a split is known to have more than what lies before a position.
func (s *source) ahead(split connectors.Split, at connectors.Offset) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[split] > at
}

// Known implements connectors.Ahead.
func (s *source) Known(at connectors.Offsets) (connectors.Offsets, bool) {
	if s.gone() != nil {
		return nil, false // as Latest will say
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		return nil, false
	}
	ends := make(connectors.Offsets, len(at))
	for split, pos := range at {
		ends[split] = max(pos, s.known[split])
	}
	return ends, true
}

// goneBack returns the ends that are to be looked into as lost records. Where those are nothing
// to stop for, an end before what was reached is waited for to come back.
func (s *source) goneBack(ends, reached connectors.Offsets) connectors.Offsets {
	out := maps.Clone(ends)
	maps.DeleteFunc(out, func(split connectors.Split, end connectors.Offset) bool { return s.skipLoss && end < reached[split] })
	return out
}
