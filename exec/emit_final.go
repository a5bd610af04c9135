package exec

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// EmitFinal puts out rows once they cannot change any more: when the watermark of a
// column has passed their value in it, of the first of some columns in which they have
// one. What it puts out is never taken back, so that the output only ever adds rows.
//
//	Apply   adds the rows to those that wait
//	Finish  emits the rows below the watermark, in the order of the column and then of
//	        the others, and forgets them
//
// State: for each of the columns an ordered multiset of (its value, all other columns). Rows
// that have NULL in each of them never become final and are not kept.
type EmitFinal struct {
	Input Plan
	By    []FinalBy
}

// A FinalBy is a column and its watermark.
type FinalBy struct {
	Column int
	Until  Watermark
}

// Inputs implements Plan.
func (p *EmitFinal) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *EmitFinal) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *EmitFinal) String() string {
	parts := make([]string, len(p.By))
	for i, by := range p.By {
		parts[i] = p.Schema().Fields[by.Column].Name + " < " + by.Until.String()
	}
	return "EmitFinal " + strings.Join(parts, ", else ")
}

// Open implements Plan.
func (p *EmitFinal) Open(env *Env) (Operator, error) {
	e := &emitFinal{plan: p, out: zset.NewBuilder(p.Schema())}
	for i, by := range p.By {
		w := &waitingFor{column: by.Column}
		var err error
		if w.until, err = by.Until.open(env.watermarks); err != nil {
			return nil, err
		}
		if w.rows, err = env.State.Ordered(fmt.Sprintf("%s/%d", env.Name, i)); err != nil {
			return nil, err
		}
		e.by = append(e.by, w)
	}
	return e, nil
}

type emitFinal struct {
	plan *EmitFinal
	by   []*waitingFor
	key  []byte
	out  *zset.Builder
}

// waitingFor is rows that wait for the watermark of a column.
type waitingFor struct {
	column int
	until  *watermark
	bound  []byte // what it was when rows were put out
	rows   state.Ordered
}

func (e *emitFinal) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	for row := range delta.Len {
		for _, w := range e.by {
			if delta.Cols[w.column].IsNull(row) {
				continue
			}
			e.key = vec.AppendOrdered(e.key[:0], delta.Cols[w.column], row)
			for c, v := range delta.Cols {
				if c != w.column {
					e.key = vec.AppendOrdered(e.key, v, row)
				}
			}
			w.rows.Add(e.key, delta.Weight(row))
			break
		}
	}
	return nil
}

func (e *emitFinal) Finish(_ context.Context, s *Step) error {
	e.out.Reset()
	for _, w := range e.by {
		v, err := w.until.value()
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		bound := vec.AppendOrdered(nil, v, 0)
		if bytes.Equal(bound, w.bound) {
			continue
		}
		w.bound = bound
		if err := e.emitBelow(s, w); err != nil {
			return err
		}
	}
	if e.out.Len() == 0 {
		return nil
	}
	return s.Emit(e.out.Build())
}

// emitBelow puts out the rows below the watermark that they wait for, and forgets them.
func (e *emitFinal) emitBelow(s *Step, w *waitingFor) error {
	var err error
	w.rows.Ascend(nil, w.bound, func(key []byte, weight int64) bool {
		if weight < 0 {
			invariants.Failf("a row is final that is there %d times", weight)
		}
		key = vec.DecodeOrdered(key, e.out.Cols[w.column])
		for c, b := range e.out.Cols {
			if c != w.column {
				key = vec.DecodeOrdered(key, b)
			}
		}
		e.out.EndRowWeight(weight)
		if e.out.Len() >= vec.BatchRows {
			if err = s.Emit(e.out.Build()); err != nil {
				return false
			}
			e.out.Reset()
		}
		return true
	})
	w.rows.EvictBelow(w.bound)
	return err
}
