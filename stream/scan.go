package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A scan reads a table for the members of a dataflow: once, however many of
// them use it, and only the columns that some of them needs.
type scan struct {
	spec    *Source
	source  connectors.Source
	uses    []use
	columns []int // what is decoded: the union over uses, positions in the table
	lanes   []*lane

	pos    connectors.Offsets
	latest connectors.Offsets
	end    connectors.Offsets // where a bounded run stops; nil for never
	// Splits that are no part of a bounded run, at a position that nothing lies beyond.
	ignored connectors.Offsets
	bad     int64

	rowBytes float64                // of a record, as far as seen
	message  atomic.Pointer[string] // what the source said last
}

// assumedRowBytes is the size of a record before any was seen.
const assumedRowBytes = 256

// A use is one member's scan node and where its columns stand among the scan's.
type use struct {
	member *member
	node   *exec.Scan
	at     []int
}

// A lane is what one worker decodes with.
type lane struct {
	dec  format.Decoder
	buf  []connectors.Record
	out  *zset.Builder
	rows int64
	bad  []connectors.BadRecord

	records, bytes int64
}

// recordsPerRead is how many records are decoded into one batch.
const recordsPerRead = vec.BatchRows

// openScan opens a table and takes its positions: where reading starts, and with
// ends where it stops. A broker that is away is waited for as long as ctx lasts.
func openScan(ctx context.Context, spec *Source, ends bool, env connectors.Env) (*scan, error) {
	s := &scan{spec: spec, pos: connectors.Offsets{}, ignored: connectors.Offsets{}, rowBytes: assumedRowBytes}
	notice := env.Notice
	env.Notice = func(text string) {
		s.message.Store(&text)
		notice(text)
	}
	src, err := spec.Connector.Source(ctx, spec.Table, env)
	if err != nil {
		return nil, s.wrap(err)
	}
	s.source = src
	if err = s.look(ctx); err == nil && ends {
		s.end = s.latest
	}
	if err == nil {
		err = s.boundedEnd(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return s, nil
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
	s.bad += o.bad
	s.layOut()
}

func (s *scan) layOut() {
	set := map[int]bool{}
	for _, u := range s.uses {
		for _, c := range u.node.Columns {
			set[c] = true
		}
	}
	s.columns = s.columns[:0]
	for c := range s.spec.Table.Columns {
		if set[c] {
			s.columns = append(s.columns, c)
		}
	}
	for i, u := range s.uses {
		s.uses[i].at = make([]int, len(u.node.Columns))
		for j, c := range u.node.Columns {
			s.uses[i].at[j] = slices.Index(s.columns, c)
		}
	}
	s.lanes = nil // made again with the new columns
}

func (s *scan) openLanes(workers int) error {
	if s.lanes != nil {
		return nil
	}
	schema := s.spec.Table.Schema().Project(s.columns)
	for i, c := range s.columns { // a reader may leave NULL where a record lacks the field
		schema.Fields[i].NotNull = s.spec.Table.Columns[c].NotNull
	}
	lanes := make([]*lane, workers)
	for w := range lanes {
		l := &lane{out: zset.NewBuilder(schema)}
		if s.spec.Format != nil {
			dec, err := s.spec.Format.NewDecoder(format.DecodeSpec{
				Table: s.spec.Table, Columns: s.columns, OnError: s.spec.OnError,
			})
			if err != nil {
				return fmt.Errorf("table %s: %w", s.spec.Table.Name, err)
			}
			l.dec, l.buf = dec, make([]connectors.Record, recordsPerRead)
		}
		lanes[w] = l
	}
	s.lanes = lanes
	return nil
}

// plan looks at the source and returns the ranges of the next epoch, at most
// so many rows, and bytes as far as the records seen tell, shared among the splits by
// how much each has.
func (s *scan) plan(ctx context.Context, limits Limits) ([]connectors.Range, error) {
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	limit := max(min(limits.MaxRows, int64(float64(limits.MaxBytes)/s.rowBytes)), 1)
	var total int64
	splits := make([]string, 0, len(s.latest))
	for split := range s.latest {
		total += max(int64(s.until(split)-s.pos[split]), 0)
		splits = append(splits, string(split))
	}
	slices.SortFunc(splits, compareSplits)
	var ranges []connectors.Range
	for _, name := range splits {
		split := connectors.Split(name)
		n := int64(s.until(split) - s.pos[split])
		if total > limit {
			n = min(n, (n*limit+total-1)/total)
		}
		if n > 0 {
			ranges = append(ranges, connectors.Range{Split: split, From: s.pos[split], To: s.pos[split] + connectors.Offset(n)})
		}
	}
	return ranges, nil
}

// compareSplits orders "t/2" before "t/10".
func compareSplits(a, b string) int {
	if len(a) != len(b) && strings.LastIndexByte(a, '/') == strings.LastIndexByte(b, '/') {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// look refreshes the splits and their ends.
func (s *scan) look(ctx context.Context) error {
	splits, err := s.source.Splits(ctx)
	if err != nil {
		return s.wrap(err)
	}
	if s.end != nil { // splits that appear later are not part of a bounded run
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
		for split, off := range start {
			s.pos[split] = off
		}
	}
	s.latest, err = s.source.Latest(ctx, splits)
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
	return fmt.Errorf("table %s: %w", s.spec.Table.Name, err)
}

// read pushes the rows of one range into every member that uses the scan.
func (s *scan) read(ctx context.Context, worker int, r connectors.Range) error {
	l := s.lanes[worker]
	if batches, ok := s.source.(connectors.BatchSource); ok {
		return s.wrap(s.readBatches(ctx, batches, worker, l, r))
	}
	rd, err := s.source.Open(ctx, r)
	if err != nil {
		return s.wrap(err)
	}
	defer rd.Close()
	for {
		n, err := rd.Next(ctx, l.buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.wrap(err)
		}
		for i := range l.buf[:n] {
			l.bytes += int64(len(l.buf[i].Value) + len(l.buf[i].Key))
		}
		l.records += int64(n)
		bad, err := l.dec.Decode(l.buf[:n], l.out)
		if err != nil {
			return s.wrap(err)
		}
		l.bad = append(l.bad, bad...)
		if err := s.push(ctx, worker, l); err != nil {
			return err
		}
	}
}

func (s *scan) readBatches(ctx context.Context, src connectors.BatchSource, worker int, l *lane, r connectors.Range) error {
	rd, err := src.OpenBatches(ctx, r, s.columns)
	if err != nil {
		return err
	}
	defer rd.Close()
	for {
		err := rd.Next(ctx, l.out, vec.BatchRows)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if perr := s.push(ctx, worker, l); perr != nil {
			return perr
		}
		if err != nil {
			return nil
		}
	}
}

func (s *scan) push(ctx context.Context, worker int, l *lane) error {
	if err := ctx.Err(); err != nil {
		return err // generators and memory tables do not look
	}
	if l.out.Len() == 0 {
		return nil
	}
	whole := l.out.Build()
	l.rows += int64(whole.Len)
	err := whole.Parts(func(b *zset.Batch) error {
		for _, u := range s.uses {
			if err := u.member.circuit.Push(ctx, worker, u.node, view(b, u)); err != nil {
				return u.member.blame(err)
			}
		}
		return nil
	})
	l.out.Reset()
	return err
}

// view is the batch with just the columns of one use, shared.
func view(b *zset.Batch, u use) *zset.Batch {
	v := &zset.Batch{Schema: u.node.Out, Len: b.Len, Weights: b.Weights, Cols: make([]*vec.Vec, len(u.at))}
	for i, at := range u.at {
		v.Cols[i] = b.Cols[at]
	}
	return v
}

// take returns and clears what the lanes counted in this epoch.
func (s *scan) take() (rows int64, bad []connectors.BadRecord) {
	var records, bytes int64
	for _, l := range s.lanes {
		rows += l.rows
		bad = append(bad, l.bad...)
		records += l.records
		bytes += l.bytes
		l.rows, l.bad, l.records, l.bytes = 0, nil, 0, 0
		l.out.Reset()
	}
	if records > 0 {
		s.rowBytes = max(float64(bytes)/float64(records), 1)
	}
	s.bad += int64(len(bad))
	return rows, bad
}
