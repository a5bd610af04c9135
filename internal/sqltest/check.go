package sqltest

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/zset"
)

// brokenDelta says which laws of a single epoch's output are broken: an append-only
// query never takes a row back, and any other puts out each row once, with its net
// weight.
func brokenDelta(q *sqlstream.Query, delta *zset.Batch) []string {
	var out []string
	for row := range delta.Len {
		if w := delta.Weight(row); w == 0 || q.AppendOnly() && w < 0 {
			out = append(out, fmt.Sprintf("the epoch's output has a row of weight %d: %s", w, delta.AppendRowText(nil, row)))
		}
	}
	if !q.AppendOnly() && zset.Consolidate(delta).Len != delta.Len {
		out = append(out, "the epoch's output is not consolidated:\n"+quoted(text(delta)))
	}
	return out
}

// brokenTable says which laws of a result are broken: no weight is negative, and no
// two rows share a key that the plan derived.
func brokenTable(key []int, table *zset.Batch) []string {
	var out []string
	for row := range table.Len {
		if w := table.Weight(row); w < 0 {
			out = append(out, fmt.Sprintf("the result has a row of weight %d: %s", w, table.AppendRowText(nil, row)))
		}
	}
	if key == nil {
		return out
	}
	seen := map[string]bool{}
	for row := range table.Len {
		var k []byte
		for _, c := range key {
			k = zset.AppendKey(k, table.Cols[c:c+1], row)
		}
		if seen[string(k)] || table.Weight(row) > 1 {
			out = append(out, fmt.Sprintf("columns %v are not the key that the plan says they are:\n%s", key, quoted(text(table))))
			break
		}
		seen[string(k)] = true
	}
	return out
}

// check settles every watched query and compares its result with what the judges
// say. It is called after each change of input.
func (s *session) check() error {
	if err := s.notice(); err != nil {
		return err
	}
	s.pass()
	for _, w := range s.watched {
		if !w.running() {
			s.judgeFailure(w)
			continue
		}
		result, err := s.settle(w)
		s.found = append(s.found, w.problems()...)
		switch {
		case s.ctx.Err() != nil:
			return s.ctx.Err()
		case !w.running():
			continue // its end is told where a command asks for it
		case err != nil:
			s.breach("%v", err)
		case !w.unjudged:
			s.judge(w, result)
		}
	}
	return nil
}

// pass waits until what queries write into tables has reached everybody: as often as
// there are queries, the longest way that a row can have.
func (s *session) pass() {
	queries := s.db.Queries()
	for range queries {
		for _, q := range queries {
			if q.Kind() == "INSERT" {
				_ = q.ProcessAllAvailable(s.ctx) // its end is told where a command asks for it
			}
		}
	}
}

// judgeFailure checks that a query which has failed for a value that cannot be computed
// fails as it is written, too.
func (s *session) judgeFailure(w *watched) {
	if w.judgedFailure {
		return
	}
	w.judgedFailure = true
	_, err := w.q.Status()
	var failed *expr.Error
	if w.unjudged || !errors.As(err, &failed) {
		return
	}
	defer s.inZone(w.zone)()
	for _, j := range s.v.Judges {
		if _, no := j.Answer(s.ctx, s.db, w.text); no == nil {
			s.breach("query %s fails where %s does not: %v", w.name, j.Name, err)
		}
	}
}

func (s *session) judge(w *watched, result *zset.Batch) {
	defer s.inZone(w.zone)()
	if !s.timeless(w) {
		return
	}
	if e := emitsFinal(probe.LookAt(w.q).Plan); e != nil {
		s.judgeFinal(w, e, result)
		return
	}
	for _, j := range append([]Judge{BatchPath}, s.v.Judges...) {
		answer, err := j.Answer(s.ctx, s.db, w.text)
		var wrong *wrongQuery
		if errors.Is(err, ErrNoOpinion) || errors.As(err, &wrong) && !s.v.NoRules {
			continue
		}
		if err != nil {
			s.breach("query %s: %s fails where the running one does not: %v", w.name, j.Name, err)
			continue
		}
		if !nearlySameRows(result, answer) {
			s.breach("query %s: its result is\n%s%s says\n%s", w.name, quoted(text(result)), j.Name, quoted(text(answer)))
		}
	}
}
