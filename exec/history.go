package exec

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// History makes versions of what arrives by key: a row of weight +1 holds from its time
// on, one of weight -1 says that there is none.
//
//	Apply   emits each row with a last column that says whether it is gone
//	Finish  nothing
//
// State: none.
type History struct {
	Input Plan
	Time  int  // a column
	Dated bool // the time is that of a row of weight -1, too
	Out   *types.Schema
}

// Inputs implements Plan.
func (p *History) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *History) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *History) String() string { return "History by " + p.Out.Fields[p.Time].Name }

// Open implements Plan.
func (p *History) Open(*Env) (Operator, error) { return &history{p}, nil }

type history struct{ plan *History }

func (h *history) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	gone := vec.New(s.Mem, types.Of(types.Boolean), delta.Len)
	bits := gone.Bits()
	clear(bits)
	for row := range delta.Len {
		if delta.Weight(row) > 0 {
			continue
		}
		if !h.plan.Dated {
			return fmt.Errorf("a record takes a row away, and no column says when: the time of a version, %s, is not that of a record; "+
				"declare a column TIMESTAMP(3) METADATA FROM 'timestamp', and the WATERMARK on it", h.plan.Out.Fields[h.plan.Time].Name)
		}
		vec.SetBit(bits, row, true)
	}
	cols := delta.Cols[:len(delta.Cols):len(delta.Cols)]
	return s.Emit(&zset.Batch{Schema: h.plan.Out, Len: delta.Len, Cols: append(cols, gone)})
}

func (h *history) Finish(context.Context, *Step) error { return nil }
