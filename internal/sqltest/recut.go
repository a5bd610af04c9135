package sqltest

import (
	"fmt"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/zset"
)

// A feeding is rows for a table that no epoch holds yet.
type feeding struct {
	table *sqlstream.Table // of the process that was there when they were fed
	rows  *zset.Batch
	timed bool // the table has a watermark: its rows stay in order
}

// feed gives rows to a table: as one epoch, or in a variation that cuts with what
// else is fed before anybody looks.
func (s *session) feed(t *sqlstream.Table, rows *zset.Batch) error {
	if s.v.Recut == 0 {
		return s.write(write{table: t.Name(), rows: rows})
	}
	for i, f := range s.pending {
		if f.table.Schema() == t.Schema() {
			s.pending[i].add(rows)
			return nil
		}
	}
	f := feeding{t, zset.NewBuilder(rows.Schema).Build(), probe.Look(s.db).Timed(t.Name())}
	f.add(rows)
	s.pending = append(s.pending, f)
	return nil
}

// add takes in more rows.
func (f *feeding) add(rows *zset.Batch) {
	if !f.timed {
		f.rows = zset.Consolidate(f.rows, rows)
		return
	}
	b := zset.NewBuilder(rows.Schema)
	b.Append(f.rows, nil)
	b.Append(rows, nil)
	f.rows = b.Build()
}

// flush feeds what is pending, cut into epochs and put in order at random. What is
// taken back goes before what is added: every cut then leaves a table that could have
// been, with its keys.
func (s *session) flush() error {
	pending := s.pending
	s.pending = nil
	for len(pending) > 0 {
		i := s.dice.IntN(len(pending))
		f := &pending[i]
		table, piece := f.table, s.cut(f)
		if f.rows.Len == 0 {
			pending = append(pending[:i], pending[i+1:]...)
		}
		if piece.Len == 0 {
			continue
		}
		if err := s.write(write{table: table.Name(), rows: piece}); err != nil {
			return fmt.Errorf("rows that the file feeds at once are refused in pieces: %w", err)
		}
	}
	return nil
}

// cut takes some of the rows, those to be taken back first.
func (s *session) cut(f *feeding) *zset.Batch {
	var gone, added []int32
	for row := range f.rows.Len {
		if f.rows.Weight(row) < 0 {
			gone = append(gone, int32(row))
		} else {
			added = append(added, int32(row))
		}
	}
	if !f.timed {
		s.shuffle(gone)
		s.shuffle(added)
	}
	order := append(gone, added...)
	n := s.dice.IntN(len(order)+1) * s.dice.IntN(2)
	if n == 0 {
		n = min(len(order), 1+s.dice.IntN(3))
	}
	piece, rest := zset.NewBuilder(f.rows.Schema), zset.NewBuilder(f.rows.Schema)
	piece.Append(f.rows, order[:n])
	rest.Append(f.rows, order[n:])
	f.rows = rest.Build()
	return piece.Build()
}

func (s *session) shuffle(rows []int32) {
	s.dice.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
}
