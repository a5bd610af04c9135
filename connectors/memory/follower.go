package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// A follower is a query that reads the table and may come back to where its last checkpoint
// is, in this process or in another: the log is not summed up beyond.
type follower struct {
	query string
	at    int64 // read again at most from here
	first view
	open  map[*source]struct{} // its sources in this process
}

// A view is the rows that a reader begins with where the log has others, too: what the log
// up to settled adds up to, on the positions from start on, of which settled is not one. Until they have been passed the
// log is not summed up at all, so that they are the same rows in the same order whenever
// they are asked for. The zero view is none.
type view struct{ start, settled int64 }

func (f *follower) record() []byte {
	out := appendText([]byte{recordFollower}, f.query)
	for _, n := range []int64{f.at, f.first.start, f.first.settled} {
		out = binary.AppendVarint(out, n)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// rowsAt is what the log adds up to at a position. The caller holds t.mu.
func (t *table) rowsAt(settled int64) *heldRows {
	n := sort.Search(len(t.ends), func(i int) bool { return t.ends[i] > settled })
	held := &heldRows{}
	if n > 0 {
		held.add(zset.Consolidate(t.log[:n]...), nil)
	}
	return held
}

// follow opens a source of a query that outlives the process: from the start where the
// query is not known or has gone, else from where it was. The caller holds t.mu.
func (t *table) follow(s *source) {
	s.follower = t.kept.followers[s.query]
	if f := s.follower; f != nil {
		s.at, s.settled, s.first = f.at, f.first.settled, f.first != view{}
		f.open[s] = struct{}{}
	}
}

// startFollowing begins anew, and has that on disk.
func (s *source) startFollowing() (connectors.Offset, error) {
	t := s.table
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	f := s.follower
	if f == nil || len(f.open) == 1 { // else the query reads the table twice
		f = &follower{query: s.query, at: t.total(), open: map[*source]struct{}{s: {}}}
	}
	start := t.base
	if t.shrinks && f.first != (view{}) && f.first.settled != t.total() {
		t.mu.Unlock()
		return 0, fmt.Errorf("table %s has changed between two looks of query %s at it; start the query again", t.def.Name, s.query)
	}
	s.at = start
	if t.shrinks && (s.follower != f || f.first != view{}) {
		s.held, s.settled = t.rowsAt(t.total()), t.total()
		s.at, start = s.settled, s.settled-int64(s.held.rows)
		s.first, f.first = true, view{start, s.settled}
	}
	f.at = min(f.at, s.at)
	s.follower, t.kept.followers[s.query] = f, f
	t.mu.Unlock()
	return connectors.Offset(start), t.write(f.record())
}

// resume readies a follower to read from a position that it had before.
func (s *source) resume(from int64) error {
	t, f := s.table, s.follower
	low := t.base
	if len(t.ends) > 0 && t.summed > 0 {
		low = t.ends[0] // the places before are those of other rows than they were
	}
	switch {
	case f == nil && from < low, f != nil && from < f.at && (f.first == view{} || from < f.first.start):
		return fmt.Errorf("table %s no longer has the changes from position %d on, since it was summed up while query %s was away; drop the query and create it again",
			t.def.Name, from, s.query)
	case f == nil:
		f = &follower{query: s.query, at: from, open: map[*source]struct{}{s: {}}}
		s.follower, t.kept.followers[s.query] = f, f
	case from < f.first.settled && s.held == nil:
		s.held, s.settled = t.rowsAt(f.first.settled), f.first.settled
	}
	return nil
}

// Passed implements connectors.Follower.
func (s *source) Passed(_ context.Context, at connectors.Offsets) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.follower
	if f == nil {
		return nil
	}
	s.at = max(s.at, int64(at[split]))
	s.first = s.first && int64(at[split]) < s.settled
	f.at = s.at
	first := false
	for o := range f.open {
		f.at, first = min(f.at, o.at), first || o.first
	}
	if !first {
		f.first, s.held = view{}, nil
	}
	return nil
}
