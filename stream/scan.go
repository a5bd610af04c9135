package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
)

// A scan reads a table for the members of a dataflow: once, however many of
// them use it, and only the columns that some of them needs.
type scan struct {
	spec    *Source
	table   *connectors.Table // as it is decoded
	source  connectors.Source
	uses    []use
	columns []int // what is decoded: the union over uses, positions in the table
	lanes   []*lane

	pos    connectors.Offsets
	latest connectors.Offsets
	end    connectors.Offsets // where a bounded run stops; nil for never
	// Splits that are no part of a bounded run, at a position that nothing lies beyond.
	ignored connectors.Offsets
	bad     int64                  // records that could not be read, since the start
	badNow  []connectors.BadRecord // of them those of this epoch

	rowBytes float64 // of a record, as far as seen
	turn     int     // which splits come first where not all may
	budget   int64   // of bytes, for the epoch
	spent    atomic.Int64

	message atomic.Pointer[string] // what the source said last

	started connectors.Offsets          // where reading began
	fresh   connectors.Offsets          // of it, splits that were found since the last epoch
	ids     map[connectors.Split]string // what splits are known by, of a connectors.Identifier
	time    *eventTime                  // nil for a table without a watermark
	now     int64                       // the epoch's clock
}

// assumedRowBytes is the size of a record before any was seen.
const assumedRowBytes = 256

// noBudget lets an epoch read the whole of its ranges.
const noBudget = math.MaxInt64

// A use is one member's scan node and where its columns stand among the scan's.
type use struct {
	member *member
	node   *exec.Scan
	at     []int
}

func newScan(spec *Source) *scan {
	return &scan{
		spec: spec, table: spec.shape(), pos: connectors.Offsets{}, ignored: connectors.Offsets{}, started: connectors.Offsets{},
		rowBytes: assumedRowBytes, time: newEventTime(spec.Watermark), ids: map[connectors.Split]string{},
	}
}

// open opens the table and takes its positions, as place does. A broker that is away is
// waited for as long as place's context lasts.
func (s *scan) open(ctx context.Context, env connectors.Env, place func() error) error {
	notice := env.Notice
	env.Notice = func(text string) {
		s.message.Store(&text)
		notice(text)
	}
	src, err := s.spec.Connector.Source(ctx, s.spec.Table, env)
	if err != nil {
		return s.wrap(err)
	}
	s.source = src
	if err := place(); err != nil {
		return errors.Join(err, src.Close())
	}
	return nil
}

// begin takes the positions where reading starts, and with ends where it stops.
func (s *scan) begin(ctx context.Context, ends bool) error {
	if err := s.look(ctx); err != nil {
		return err
	}
	if ends {
		s.end = s.latest
	}
	return s.boundedEnd(ctx)
}

// attach adds a use. The columns decoded grow as needed.
func (s *scan) attach(m *member, node *exec.Scan) {
	s.uses = append(s.uses, use{member: m, node: node})
	s.layOut()
}

// detach removes a member's uses and reports whether any is left.
func (s *scan) detach(m *member) bool {
	s.uses = slices.DeleteFunc(s.uses, func(u use) bool { return u.member == m })
	s.layOut()
	return len(s.uses) > 0
}

// merge takes over the uses of another scan of the same table at the same position.
func (s *scan) merge(o *scan) {
	s.uses = append(s.uses, o.uses...)
	s.bad = max(s.bad, o.bad) // both have read the same records
	if s.time != nil {
		s.time.late, s.time.ahead = max(s.time.late, o.time.late), max(s.time.ahead, o.time.ahead)
	}
	s.layOut()
}

// readers are the names of the queries that use the scan.
func (s *scan) readers() []string {
	var out []string
	for _, u := range s.uses {
		out = append(out, u.member.spec.Name)
	}
	return out
}

func (s *scan) layOut() {
	set := map[int]bool{}
	for _, u := range s.uses {
		for _, c := range u.node.Columns {
			set[c] = true
		}
	}
	s.columns = s.columns[:0]
	if s.time != nil {
		for _, c := range s.time.spec.Columns {
			set[c] = true
		}
	}
	for c := range s.table.Columns {
		if set[c] && !s.made(c) {
			s.columns = append(s.columns, c)
		}
	}
	for i, u := range s.uses {
		s.uses[i].at = make([]int, len(u.node.Columns))
		for j, c := range u.node.Columns {
			if s.uses[i].at[j] = slices.Index(s.columns, c); s.made(c) {
				s.uses[i].at[j] = s.madeAt(c)
			}
		}
	}
	s.lanes = nil // made again with the new columns
}

// nearest takes the earlier of two positions, and only splits that both have.
func nearest(a, b connectors.Offsets) connectors.Offsets {
	out := connectors.Offsets{}
	for split, at := range a {
		if other, ok := b[split]; ok {
			out[split] = min(at, other)
		}
	}
	return out
}

// CompareSplits orders "t/2" before "t/10".
func CompareSplits(a, b connectors.Split) int {
	if len(a) != len(b) && strings.LastIndexByte(string(a), '/') == strings.LastIndexByte(string(b), '/') {
		return len(a) - len(b)
	}
	return strings.Compare(string(a), string(b))
}

// latestFor returns how a plan learns the ends. One that comes as soon as there is data takes
// what waiting for it has told; with an interval it takes what there is at its moment.
func (s *scan) latestFor(trigger time.Duration, twin *scan) latest {
	ahead, ok := s.source.(connectors.Ahead)
	if !ok || trigger > 0 || twin != nil || s.end != nil {
		return s.source.Latest
	}
	return func(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
		at := make(connectors.Offsets, len(splits))
		for _, split := range splits {
			at[split] = s.pos[split]
		}
		if ends, ok := ahead.Known(at); ok {
			return ends, nil
		}
		return s.source.Latest(ctx, splits)
	}
}

// latest is Source.Latest, or what takes its place.
type latest func(context.Context, []connectors.Split) (connectors.Offsets, error)

// look refreshes the splits and their ends.
func (s *scan) look(ctx context.Context) error { return s.lookBy(ctx, s.source.Latest) }

func (s *scan) lookBy(ctx context.Context, ends latest) error {
	splits, err := s.source.Splits(ctx)
	if err != nil {
		return s.wrap(err)
	}
	if s.end != nil { // splits that appear later are not part of a bounded run
		for split, end := range s.end {
			if s.pos[split] < end && !slices.Contains(splits, split) {
				return s.wrap(fmt.Errorf("%s is gone before it was read to its end", split))
			}
		}
		splits = slices.DeleteFunc(slices.Clone(splits), func(sp connectors.Split) bool {
			_, ok := s.end[sp]
			if !ok {
				s.ignored[sp] = math.MaxInt64
			}
			return !ok
		})
	}
	var fresh []connectors.Split
	for _, split := range splits {
		if _, ok := s.pos[split]; !ok {
			fresh = append(fresh, split)
		}
	}
	if len(fresh) > 0 {
		start, err := s.source.Start(ctx, fresh)
		if err != nil {
			return s.wrap(err)
		}
		for _, split := range fresh {
			if from, ok := s.spec.From[split]; ok {
				start[split] = from
			}
		}
		ids, err := s.identify(ctx, fresh)
		if err != nil {
			return err
		}
		s.found(start, ids)
	}
	s.latest, err = ends(ctx, splits)
	return s.wrap(err)
}

// boundedEnd makes the run bounded where the source ends by itself.
func (s *scan) boundedEnd(ctx context.Context) error {
	b, ok := s.source.(connectors.Bounded)
	if !ok {
		return nil
	}
	splits, err := s.source.Splits(ctx)
	if err != nil {
		return s.wrap(err)
	}
	end, ends, err := b.End(ctx, splits)
	if err != nil {
		return s.wrap(err)
	}
	if !ends {
		return nil
	}
	for split, at := range end {
		if stop, ok := s.end[split]; ok {
			end[split] = min(stop, at)
		}
	}
	s.end = end
	return nil
}

// waits returns beyond which positions there is something new for this scan.
func (s *scan) waits() connectors.Offsets {
	after := maps.Clone(s.pos)
	maps.Copy(after, s.ignored)
	for split, end := range s.end {
		if s.pos[split] >= end {
			after[split] = math.MaxInt64
		}
	}
	return after
}

func (s *scan) until(split connectors.Split) connectors.Offset {
	if s.end == nil {
		return s.latest[split]
	}
	return min(s.end[split], s.latest[split])
}

// done reports that a bounded scan has read everything.
func (s *scan) done() bool {
	if s.end == nil {
		return false
	}
	for split, end := range s.end {
		if at, ok := s.pos[split]; !ok || at < end {
			return false
		}
	}
	return true
}

// reached reports that the scan has read up to target.
func (s *scan) reached(target connectors.Offsets) bool {
	for split, off := range target {
		if s.pos[split] < off {
			return false
		}
	}
	return true
}

func (s *scan) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("table %s: %w", s.spec.Table.Name, s.spec.Table.Hide(err))
}
