package sqltest

import (
	"errors"

	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/zset"
)

// emitsFinal returns what of a plan makes it one of final rows, nil for any other. Of several
// it is the one above the others.
func emitsFinal(p *planner.Query) *logical.EmitFinal {
	var found *logical.EmitFinal
	logical.Walk(p.Optimised, func(n logical.Node) {
		if e, ok := n.(*logical.EmitFinal); ok && found == nil {
			found = e
		}
	})
	return found
}

// judgeFinal holds a query that puts out final rows alone to what the naive evaluator
// says of its plan: the rows below the watermark.
func (s *session) judgeFinal(w *watched, e *logical.EmitFinal, result *zset.Batch) {
	running := probe.LookAt(w.q)
	answer, err := func() (*zset.Batch, error) {
		bounds := make([]any, len(e.By))
		for i, by := range e.By {
			until, err := running.Watermark(s.ctx, lower.Watermark(by.Until))
			if err != nil {
				return nil, err
			}
			if until != nil {
				bounds[i] = expr.LiteralAt(until, 0).Value
			}
		}
		tables, err := tablesOf(s.ctx, s.db, running.Plan.Optimised)
		if err != nil {
			return nil, err
		}
		rows, err := naive.Final(running.Plan.Optimised, tables, bounds)
		if err != nil {
			return nil, err
		}
		return naive.Batch(running.Plan.Visible(), rows), nil
	}()
	switch {
	case errors.Is(err, ErrNoOpinion), errors.Is(err, naive.ErrLong):
	case err != nil:
		s.breach("query %s: the naive evaluator fails where the running one does not: %v", w.name, err)
	case !nearlySameRows(result, answer):
		s.breach("query %s: its result is\n%sof the plan\n%sthe naive evaluator says\n%s", w.name, quoted(text(result)), logical.Format(running.Plan.Optimised), quoted(text(answer)))
	}
}
