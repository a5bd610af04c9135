package exec

import (
	"context"
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// EmitFinal puts out rows once they cannot change any more: when the watermark of a
// column has passed their value in it. What it puts out is never taken back, so that the
// output only ever adds rows.
//
//	Apply   adds the rows to those that wait
//	Finish  emits the rows below the watermark, in the order of the column and then of
//	        the others, and forgets them
//
// State: an ordered multiset of (column, other columns). Rows that have NULL in the
// column never become final and are not kept.
type EmitFinal struct {
	Input  Plan
	Column int
	Until  Watermark
}

// Inputs implements Plan.
func (p *EmitFinal) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *EmitFinal) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *EmitFinal) String() string {
	return "EmitFinal " + p.Schema().Fields[p.Column].Name + " < " + p.Until.String()
}

// Open implements Plan.
func (p *EmitFinal) Open(env *Env) (Operator, error) {
	e := &emitFinal{plan: p, out: zset.NewBuilder(p.Schema())}
	e.order = append(e.order, p.Column)
	for i := range p.Schema().Fields {
		if i != p.Column {
			e.order = append(e.order, i)
		}
	}
	var err error
	if e.until, err = p.Until.open(env.watermarks); err != nil {
		return nil, err
	}
	e.waiting, err = env.State.Ordered(env.Name)
	return e, err
}

type emitFinal struct {
	plan    *EmitFinal
	until   *watermark
	order   []int // of the columns in the keys of waiting
	waiting state.Ordered
	key     []byte
	bound   []byte
	out     *zset.Builder
}

func (e *emitFinal) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	column := delta.Cols[e.plan.Column]
	for row := range delta.Len {
		if column.IsNull(row) {
			continue
		}
		e.key = e.key[:0]
		for _, c := range e.order {
			e.key = vec.AppendOrdered(e.key, delta.Cols[c], row)
		}
		e.waiting.Add(e.key, delta.Weight(row))
	}
	return nil
}

func (e *emitFinal) Finish(_ context.Context, s *Step) error {
	w, err := e.until.value()
	if err != nil || w == nil {
		return err
	}
	bound := vec.AppendOrdered(nil, w, 0)
	if slices.Equal(bound, e.bound) {
		return nil
	}
	e.bound = bound
	e.out.Reset()
	e.waiting.Ascend(nil, bound, func(key []byte, weight int64) bool {
		for _, c := range e.order {
			key = vec.DecodeOrdered(key, e.out.Cols[c])
		}
		if weight < 0 {
			invariants.Failf("a row is final that is there %d times", weight)
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
	if err == nil && e.out.Len() > 0 {
		err = s.Emit(e.out.Build())
	}
	e.waiting.EvictBelow(bound)
	return err
}
