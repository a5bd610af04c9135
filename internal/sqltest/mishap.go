package sqltest

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/faultfs"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// A write changes a memory table: rows that are fed, or a statement.
type write struct {
	table string
	rows  *zset.Batch // nil for a statement
	text  string
}

// apply does it, and waits for what follows from it.
func (s *session) apply(w write) error {
	if w.rows == nil {
		return s.db.Exec(s.ctx, w.text)
	}
	t, err := s.db.Table(w.table)
	if err != nil {
		return err
	}
	return t.Apply(s.ctx, w.rows)
}

// write changes a table. In a variation that ends the process now and then it may end, or its
// disk fail, at any moment until every query has taken that in. What was acknowledged is there
// when the directory is opened again; what was not, is or is not, as a whole. That can be seen
// of a table whose rows are all to be read: where they may be late it is spared.
func (s *session) write(w write) error {
	if s.v.Restart == 0 || s.dice.IntN(4) > 0 || s.writtenByQuery(w.table) || probe.Look(s.db).Timed(w.table) {
		if err := s.apply(w); err != nil {
			return err
		}
		return s.check()
	}
	before, err := s.rowsOf(w.table)
	if err != nil {
		return err
	}
	ran := s.running()
	found := len(s.found)
	s.disk.now.Arm(s.someMishap())
	err = s.apply(w)
	cerr := s.check()
	if !s.disk.now.Disarm() {
		if err != nil {
			return err
		}
		return cerr
	}
	s.found = s.found[:found] // while nothing could be written
	var promised *zset.Batch  // what was acknowledged
	if err == nil {
		if rows, rerr := s.rowsOf(w.table); rerr == nil {
			promised = rows
		}
	}
	what := s.disk.now.Where()
	s.event("%s while %s", what, w)
	if rerr := s.reopenAs(s.disk.now.Left(), ran); rerr != nil {
		return fmt.Errorf("on opening the directory again, after the process %s: %w", what, rerr)
	}
	after, aerr := s.rowsOf(w.table)
	if aerr != nil {
		return aerr
	}
	switch {
	case promised != nil:
		if !same(promised, after) {
			s.breach("after the process %s table %s has\n%swhere what was acknowledged is\n%s", what, w.table, quoted(text(after)), quoted(text(promised)))
		}
		return s.check()
	case !same(before, after):
		if w.rows != nil && len(w.rows.Cols) == len(before.Cols) && !same(zset.Consolidate(before, w.rows), after) {
			s.breach("after the process %s table %s holds a part of what was fed:\n%s", what, w.table, quoted(text(after)))
		}
		return s.check()
	}
	if err := s.apply(w); err != nil {
		return err
	}
	return s.check()
}

// String names the write.
func (w write) String() string {
	if w.rows != nil {
		return fmt.Sprintf("%d rows were fed to %s", w.rows.Len, w.table)
	}
	return fmt.Sprintf("%.60s ran", w.text)
}

// someMishap draws one: the process dies early or late, or its disk fails.
func (s *session) someMishap() faultfs.Mishap {
	m := faultfs.Mishap{Kind: faultfs.Dies, At: 1 + s.dice.IntN(4<<s.dice.IntN(6)), Kept: 50 * s.dice.IntN(3)}
	switch s.dice.IntN(6) {
	case 0:
		m.Kind = faultfs.NoRoom
	case 1:
		m.Kind = faultfs.Sick
	}
	return m
}

// writtenByQuery reports that a table changes by itself.
func (s *session) writtenByQuery(table string) bool {
	for _, q := range s.db.Queries() {
		if q.Kind() == "INSERT" && strings.Contains(strings.ToLower(q.Text()), strings.ToLower(table)) {
			return true
		}
	}
	return false
}

func (s *session) rowsOf(table string) (*zset.Batch, error) {
	rows, err := s.db.Query(s.ctx, "SELECT * FROM `"+strings.ReplaceAll(table, "`", "``")+"`")
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

// running says of each watched query whether it runs.
func (s *session) running() []bool {
	runs := make([]bool, len(s.watched))
	for i, w := range s.watched {
		runs[i] = w.running()
	}
	return runs
}

// event notes what has happened to a process, for whoever reads of a failure.
func (s *session) event(format string, args ...any) {
	s.events = append(s.events, fmt.Sprintf("line %d: the process ", s.line)+fmt.Sprintf(format, args...))
}

// writes are the statements of a block where all of them change memory tables and nothing is
// to be printed of them.
func (s *session) writes(b *Block) []write {
	if s.v.Restart == 0 || b.Want != "" || b.has("messages") {
		return nil
	}
	statements, err := sql.Parse("", b.Input)
	if err != nil {
		return nil
	}
	var out []write
	for _, st := range statements {
		w := write{text: st.Base().Text()}
		switch x := st.(type) {
		case *sql.Insert:
			if x.Tail.Emit {
				return nil
			}
			w.table = x.Target.Text
		case *sql.Update:
			w.table = x.Target.Text
		case *sql.Delete:
			w.table = x.Target.Text
		default:
			return nil
		}
		if !s.isMemory(w.table) {
			return nil
		}
		out = append(out, w)
	}
	return out
}

func (s *session) isMemory(table string) bool {
	t, err := s.db.Table(table)
	return err == nil && t != nil
}

// resumeFailed lets queries go on that ran before the disk failed.
func (s *session) resumeFailed(ran []bool) {
	for i, w := range s.watched {
		if !ran[i] {
			continue
		}
		for _, q := range s.db.Queries() {
			if st, _ := q.Status(); q.Name() == w.q.Name() && st == sqlstream.Failed {
				for range s.db.Run(s.ctx, "", "RESUME QUERY `"+q.Name()+"`") { // it may fail again for what it reads
				}
			}
		}
	}
}
