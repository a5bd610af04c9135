package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// SetOp is INTERSECT and EXCEPT. With a and b as how often a row stands in either
// input, it is in the output f(a, b) times:
//
//	INTERSECT      1 if a > 0 and b > 0    INTERSECT ALL  min(a, b)
//	EXCEPT         1 if a > 0 and b = 0    EXCEPT ALL     max(0, a - b)
//
//	Apply   adds the weights to the rows' a or b
//	Finish  emits f now - f before for each row touched, and forgets those that the
//	        watermark has passed
//
// State: row -> a, b.
type SetOp struct {
	Left, Right Plan
	Except      bool // else INTERSECT
	All         bool
	Expires     Expires // of the rows; none for never
	Out         *types.Schema
}

// Inputs implements Plan.
func (p *SetOp) Inputs() []Plan { return []Plan{p.Left, p.Right} }

// Schema implements Plan.
func (p *SetOp) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *SetOp) String() string {
	out := "Intersect"
	if p.Except {
		out = "Except"
	}
	if p.All {
		out += " all"
	}
	if c := p.Expires.Column; c > 0 {
		out += " FORGETS " + p.Out.Fields[c-1].Name + " < " + p.Expires.Until.String()
	}
	return out
}

// Open implements Plan.
func (p *SetOp) Open(env *Env) (Operator, error) {
	x := &setOp{plan: p}
	shape := state.MapShape{Width: 16, Expiry: p.Expires.Column}
	for _, f := range p.Out.Fields {
		shape.Keys = append(shape.Keys, f.Type)
		x.columns = append(x.columns, vec.NewBuilder(f.Type))
	}
	var err error
	if p.Expires.Column > 0 {
		if x.until, err = p.Expires.Until.open(env.watermarks); err != nil {
			return nil, err
		}
	}
	x.rows, err = env.State.Map(env.Name, shape)
	return x, err
}

type setOp struct {
	plan    *SetOp
	rows    state.Map
	until   *watermark
	gids    []int32
	columns []*vec.Builder // of Finish: rows to put out
}

func (x *setOp) Apply(_ context.Context, _ *Step, port int, delta *zset.Batch) error {
	x.gids = grow(x.gids, delta.Len)
	if err := x.rows.Groups(delta.Cols, delta.Len, x.gids); err != nil {
		return err
	}
	rows := x.rows.Rows()
	count(rows.At(rows.Base+8*port), x.gids, delta.Weights)
	return nil
}

// times is f.
func (x *setOp) times(row *[2]int64) int64 {
	a, b := row[0], row[1]
	switch {
	case x.plan.All && x.plan.Except:
		return max(0, a-b)
	case x.plan.All:
		return max(0, min(a, b))
	case a > 0 && (b > 0) != x.plan.Except:
		return 1
	}
	return 0
}

func (x *setOp) Finish(_ context.Context, s *Step) error {
	dirty := x.rows.Dirty()
	passed, err := x.until.value()
	if err != nil || len(dirty) == 0 && passed == nil {
		return err
	}
	old, rows := x.rows.Old(), x.rows.Rows()
	var gids, gone []int32
	var weights []int64
	for i, g := range dirty {
		now := (*[2]int64)(rows.Ptr(g))
		if w := x.times(now) - x.times((*[2]int64)(old.Ptr(int32(i)))); w != 0 {
			gids, weights = append(gids, g), append(weights, w)
		}
		if *now == [2]int64{} {
			gone = append(gone, g)
		}
	}
	for from := 0; from < len(gids); from += vec.BatchRows {
		to := min(from+vec.BatchRows, len(gids))
		if err := emitGroups(s, x.rows, &zset.Batch{Schema: x.plan.Out, Len: to - from, Weights: weights[from:to]}, gids[from:to], x.columns); err != nil {
			return err
		}
	}
	x.rows.Delete(gone)
	if passed != nil {
		x.rows.Delete(x.rows.Below(passed, gone[:0]))
	}
	x.rows.Clean()
	return nil
}
