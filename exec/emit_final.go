package exec

import (
	"context"
	"slices"
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
// State: an ordered multiset of (which column, its value, all columns). Rows that have NULL
// in each of them never become final and are not kept.
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
	e := &emitFinal{plan: p, out: zset.NewBuilder(p.Schema()), bounds: make([][]byte, len(p.By))}
	for _, by := range p.By {
		w, err := by.Until.open(env.watermarks)
		if err != nil {
			return nil, err
		}
		e.until = append(e.until, w)
	}
	var err error
	e.waiting, err = env.State.Ordered(env.Name)
	return e, err
}

type emitFinal struct {
	plan    *EmitFinal
	until   []*watermark
	bounds  [][]byte // of each, what it was when rows were put out
	waiting state.Ordered
	key     []byte
	out     *zset.Builder
}

func (e *emitFinal) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	for row := range delta.Len {
		i := slices.IndexFunc(e.plan.By, func(by FinalBy) bool { return !delta.Cols[by.Column].IsNull(row) })
		if i < 0 {
			continue
		}
		e.key = vec.AppendOrdered(append(e.key[:0], byte(i)), delta.Cols[e.plan.By[i].Column], row)
		for c, v := range delta.Cols {
			if c != e.plan.By[i].Column {
				e.key = vec.AppendOrdered(e.key, v, row)
			}
		}
		e.waiting.Add(e.key, delta.Weight(row))
	}
	return nil
}

func (e *emitFinal) Finish(_ context.Context, s *Step) error {
	e.out.Reset()
	for i, until := range e.until {
		w, err := until.value()
		if err != nil {
			return err
		}
		if w == nil {
			continue
		}
		bound := vec.AppendOrdered([]byte{byte(i)}, w, 0)
		if slices.Equal(bound, e.bounds[i]) {
			continue
		}
		e.bounds[i] = bound
		if err := e.emitBelow(s, i, bound); err != nil {
			return err
		}
	}
	if e.out.Len() == 0 {
		return nil
	}
	return s.Emit(e.out.Build())
}

// emitBelow puts out the rows that wait for column i of By, under a bound, and forgets them.
func (e *emitFinal) emitBelow(s *Step, i int, bound []byte) error {
	from := []byte{byte(i)}
	column := e.plan.By[i].Column
	var err error
	var gone []storedRow
	e.waiting.Ascend(from, bound, func(key []byte, weight int64) bool {
		if weight < 0 {
			invariants.Failf("a row is final that is there %d times", weight)
		}
		if len(e.plan.By) > 1 {
			gone = append(gone, storedRow{slices.Clone(key), weight})
		}
		rest := vec.DecodeOrdered(key[1:], e.out.Cols[column])
		for c, b := range e.out.Cols {
			if c != column {
				rest = vec.DecodeOrdered(rest, b)
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
	if len(e.plan.By) == 1 {
		e.waiting.EvictBelow(bound)
	}
	for _, g := range gone { // others wait before them
		e.waiting.Add(g.key, -g.weight)
	}
	return err
}
