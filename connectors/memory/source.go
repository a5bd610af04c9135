package memory

import (
	"context"
	"fmt"
	"io"
	"sort"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// A source remembers how far it has read, so that the log is not compacted beyond. It
// begins with what the table holds when it starts: rows that came and went before are
// nobody's business any more, and least of all that of an expression which fails on
// them. These first rows take the places just before settled; from there on the
// positions are the log's.
type source struct {
	*table
	query string // that may come back to where it was; "" for one that will not
	at    int64
	held  *heldRows // the rows before settled; nil where the log has them

	settled  int64
	follower *follower // what the table knows of the query
	first    bool      // the rows before settled may be read again
}

func (t *table) open(query string) *source {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &source{table: t, at: t.base}
	if t.kept != nil && query != "" {
		s.query = query
		t.follow(s)
	}
	t.sources[s] = struct{}{}
	return s
}

// Splits implements connectors.Source.
func (s *source) Splits(context.Context) ([]connectors.Split, error) {
	return []connectors.Split{split}, nil
}

// Start implements connectors.Source.
func (s *source) Start(context.Context, []connectors.Split) (connectors.Offsets, error) {
	if s.query != "" {
		at, err := s.startFollowing()
		return connectors.Offsets{split: at}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shrinks {
		s.at = s.total() // nothing is read yet that could hold others up
		if s.index.keys == nil && s.kept == nil {
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
	if s.query == "" {
		s.at = max(s.at, to)
	}
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sources, s)
	if s.follower != nil {
		delete(s.follower.open, s)
	}
	return nil
}

// OpenBatches implements connectors.BatchSource.
func (s *source) OpenBatches(_ context.Context, r connectors.Range, columns []int) (connectors.BatchReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.query != "" {
		if err := s.resume(int64(r.From)); err != nil {
			return nil, err
		}
	} else {
		s.at = max(s.at, int64(r.From)) // what lies before has been read
		if int64(r.From) >= s.settled {
			s.held = nil // nobody comes back to it
		}
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
