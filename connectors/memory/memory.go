// Package memory is tables whose rows live in the engine: written by INSERT, UPDATE
// and DELETE or from Go, read by any query.
package memory

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// New returns the connector with tables of its own, found by name.
func New() connectors.Connector {
	s := &store{tables: map[string]*table{}}
	return connectors.Connector{
		Name:   "memory",
		Doc:    "Rows kept in the engine; INSERT, UPDATE and DELETE change them.",
		Memory: true,
		Options: []connectors.Option{
			{Name: "append.only", Default: "false", Values: []string{"true", "false"}, Doc: "rows are only ever added: UPDATE and DELETE are refused, and queries may be in mode APPEND"},
		},
		Source: func(_ context.Context, t *connectors.Table, _ connectors.Env) (connectors.Source, error) {
			return s.table(t).open(), nil
		},
		Sink: func(_ context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, _ connectors.Env) (connectors.Sink, error) {
			return &sink{table: s.table(t), mode: mode, schema: schema, rows: zset.NewBuilder(schema)}, nil
		},
		Size: func(_ context.Context, t *connectors.Table, _ connectors.Env) (int64, error) {
			return s.table(t).logged(), nil
		},
		Modes:     modes,
		Guarantee: func(*connectors.Table, bool) connectors.Guarantee { return connectors.AtMostOnce },
	}
}

// modes says in which modes a table can be written to.
func modes(t *connectors.Table) connectors.ModeCheck {
	return func(m connectors.Mode) error {
		if appendOnly(t) && m != connectors.Append {
			return fmt.Errorf("rows of table %s are only ever added, and %s takes rows back; declare the table without 'append.only'", t.Name, m)
		}
		return nil
	}
}

func appendOnly(t *connectors.Table) bool { return t.Options.Get("append.only") == "true" }

// split is the one split of a memory table.
const split connectors.Split = "0"

type store struct {
	mu     sync.Mutex
	tables map[string]*table
}

// table returns the rows of a catalog entry; one that was dropped and created anew
// begins empty.
func (s *store) table(t *connectors.Table) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(t.Name)
	m, ok := s.tables[key]
	if !ok || m.def != t {
		m = &table{def: t, index: newIndex(t), sources: map[*source]struct{}{}, changed: make(chan struct{})}
		s.tables[key] = m
	}
	return m
}

// A table is the log of its changes: reading any range again gives the same rows.
type table struct {
	def *connectors.Table

	mu      sync.Mutex
	index   *index
	log     []*zset.Batch
	ends    []int64                  // the position after each batch
	base    int64                    // the position before the first batch
	summed  int64                    // rows of the log after the last compaction
	shrinks bool                     // some row was taken back since the log was one sum
	held    *heldRows                // what the log adds up to; nil where that is not known
	places  map[string]place         // by primary key; nil before somebody asks
	gone    map[*zset.Batch][]uint64 // a bit for each row of the log that is none of what the table holds; kept with places
	sources map[*source]struct{}
	changed chan struct{}
}

// total is the position after the last row.
func (t *table) total() int64 {
	if len(t.ends) == 0 {
		return t.base
	}
	return t.ends[len(t.ends)-1]
}

// logged is how many rows the log has: those of the table, and of changes that are yet to be
// summed up.
func (t *table) logged() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total() - t.base
}

// reserve checks a change and holds its keys until it is appended or released.
func (t *table) reserve(b *zset.Batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index.add(b, t.log)
}

// release gives up a reserved change.
func (t *table) release(b *zset.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.index.drop(b)
}

// append makes a reserved change visible.
func (t *table) append(b *zset.Batch) {
	if takesBack(b) {
		b = zset.Consolidate(b)
	}
	if b.Len == 0 {
		return
	}
	b = goneFirst(b).Clone()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(b)
	t.log = append(t.log, b)
	t.ends = append(t.ends, t.total()+int64(b.Len))
	t.shrinks = t.shrinks || takesBack(b)
	t.held = nil
	t.compact()
	close(t.changed)
	t.changed = make(chan struct{})
}

// A source remembers how far it has read, so that the log is not compacted beyond. It
// begins with what the table holds when it starts: rows that came and went before are
// nobody's business any more, and least of all that of an expression which fails on
// them. These first rows take the places just before settled; from there on the
// positions are the log's.
type source struct {
	*table
	at      int64
	held    *heldRows // the rows before settled; nil where the log has them
	settled int64
}

func (t *table) open() *source {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &source{table: t, at: t.base}
	t.sources[s] = struct{}{}
	return s
}

// Splits implements connectors.Source.
func (s *source) Splits(context.Context) ([]connectors.Split, error) {
	return []connectors.Split{split}, nil
}

// Start implements connectors.Source.
func (s *source) Start(context.Context, []connectors.Split) (connectors.Offsets, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shrinks {
		s.at = s.total() // nothing is read yet that could hold others up
		if s.index.keys == nil {
			s.sum()
		}
	}
	if !s.shrinks {
		s.at = s.base
		return connectors.Offsets{split: connectors.Offset(s.at)}, nil
	}
	s.held, s.settled = s.holds(), s.total()
	s.at = s.settled // the log before is not needed
	return connectors.Offsets{split: connectors.Offset(s.settled - int64(s.held.rows))}, nil
}

// Settled implements connectors.Settler.
func (s *source) Settled(at connectors.Offsets) bool { return int64(at[split]) >= s.settled }

// Latest implements connectors.Source.
func (s *source) Latest(context.Context, []connectors.Split) (connectors.Offsets, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connectors.Offsets{split: connectors.Offset(s.total())}, nil
}

// Wait implements connectors.Source.
func (s *source) Wait(ctx context.Context, after connectors.Offsets) error {
	for {
		s.mu.Lock()
		more, changed := s.total() > int64(after[split]), s.changed
		s.mu.Unlock()
		if more {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Open implements connectors.Source; a memory table has no records.
func (s *source) Open(context.Context, connectors.Range) (connectors.Reader, error) {
	return nil, fmt.Errorf("table %s has rows, not records", s.def.Name)
}

// passed says that the source has read all before a position.
func (s *source) passed(to int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = max(s.at, to)
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sources, s)
	return nil
}

// OpenBatches implements connectors.BatchSource.
func (s *source) OpenBatches(_ context.Context, r connectors.Range, columns []int) (connectors.BatchReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = max(s.at, int64(r.From)) // what lies before has been read
	if int64(r.From) >= s.settled {
		s.held = nil // nobody comes back to it
	}
	return &reader{
		source: s, held: s.held, settled: s.settled, log: s.log, ends: s.ends, at: int64(r.From), to: int64(r.To), columns: columns,
	}, nil
}

type reader struct {
	source  *source
	held    *heldRows
	settled int64
	log     []*zset.Batch
	ends    []int64
	at, to  int64
	columns []int
	sel     []int32
}

// Next implements connectors.BatchReader.
func (r *reader) Next(_ context.Context, b *zset.Builder, max int) error {
	for b.Len() < max && r.at < r.to {
		batch, rows, first, end := r.piece()
		n := min(end, r.to, r.at+int64(max-b.Len())) - r.at
		r.sel = r.sel[:0]
		if rows != nil {
			r.sel = append(r.sel, rows[r.at-first:r.at-first+n]...)
		} else {
			for i := range n {
				r.sel = append(r.sel, int32(r.at-first+i))
			}
		}
		view := &zset.Batch{Schema: b.Schema, Len: batch.Len, Weights: batch.Weights}
		for _, c := range r.columns {
			view.Cols = append(view.Cols, batch.Cols[c])
		}
		b.Append(view, r.sel)
		r.at += n
	}
	if r.at < r.to {
		return nil
	}
	r.source.passed(r.to)
	return io.EOF
}

// piece returns the batch that holds the row at the reader's position, which of its rows
// are there, nil for all, and the positions of the first of them and after the last.
func (r *reader) piece() (b *zset.Batch, rows []int32, first, end int64) {
	if r.held != nil && r.at < r.settled {
		start := r.settled - int64(r.held.rows)
		p := r.held.part(int(r.at - start))
		end = start + int64(p.end)
		if p.rows == nil {
			return p.batch, nil, end - int64(p.batch.Len), end
		}
		return p.batch, p.rows, end - int64(len(p.rows)), end
	}
	k := sort.Search(len(r.ends), func(i int) bool { return r.ends[i] > r.at })
	return r.log[k], nil, r.ends[k] - int64(r.log[k].Len), r.ends[k]
}

// Close implements connectors.BatchReader.
func (r *reader) Close() error { return nil }

// A sink collects an epoch, checks it against the table's keys at Prepare, and
// appends it to the table's changes at Commit. A complete result takes the place of
// what the sink wrote before.
type sink struct {
	table    *table
	mode     connectors.Mode
	schema   *types.Schema
	rows     *zset.Builder
	before   *zset.Batch // the result written last, in mode COMPLETE
	prepared *zset.Batch // nil for nothing
}

// Recover implements connectors.Sink: rows in memory do not outlive the process.
func (s *sink) Recover(context.Context, int64) (int64, error) { return 0, nil }

// Begin implements connectors.Sink.
func (s *sink) Begin(context.Context, int64) error {
	s.abandon()
	s.rows.Reset()
	return nil
}

// Write implements connectors.Sink.
func (s *sink) Write(_ context.Context, delta *zset.Batch) error {
	s.rows.Append(delta, nil)
	return nil
}

// Prepare implements connectors.Sink.
func (s *sink) Prepare(context.Context) ([]byte, error) {
	change := s.change()
	if err := s.table.reserve(change); err != nil {
		return nil, err
	}
	s.prepared = change
	return nil, nil
}

// change is what the epoch makes of the table.
func (s *sink) change() *zset.Batch {
	now := s.rows.Build()
	if s.mode != connectors.Complete || s.before == nil || s.before.Len == 0 {
		return now
	}
	taken := *s.before
	taken.Weights = make([]int64, taken.Len)
	for i := range taken.Weights {
		taken.Weights[i] = -s.before.Weight(i)
	}
	return zset.Consolidate(now, &taken)
}

// Commit implements connectors.Sink.
func (s *sink) Commit(context.Context, int64) error {
	if s.prepared == nil {
		return nil
	}
	s.table.append(s.prepared)
	s.prepared = nil
	if s.mode == connectors.Complete {
		s.before = s.rows.Build().Clone()
	}
	return nil
}

// abandon gives up an epoch that was prepared and will not be committed.
func (s *sink) abandon() {
	if s.prepared != nil {
		s.table.release(s.prepared)
		s.prepared = nil
	}
}

// Close implements connectors.Sink.
func (s *sink) Close() error {
	s.abandon()
	return nil
}
