package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Net makes a table of rows that are added and taken back by others, who may err: with
// w as the weights of a row so far, it is in the output max(0, w) times. The order of
// changes does not matter.
//
//	Apply   adds the weights to the rows' w
//	Finish  emits max(0, w) now - max(0, w) before for each row touched
//
// State: row -> w.
type Net struct {
	Input Plan
}

// Inputs implements Plan.
func (p *Net) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Net) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Net) String() string { return "Net" }

// Open implements Plan.
func (p *Net) Open(env *Env) (Operator, error) {
	x := &net{plan: p}
	shape := state.MapShape{Width: 8}
	for _, f := range p.Schema().Fields {
		shape.Keys = append(shape.Keys, f.Type)
		x.columns = append(x.columns, vec.NewBuilder(f.Type))
	}
	var err error
	x.rows, err = env.State.Map(env.Name, shape)
	return x, err
}

type net struct {
	plan    *Net
	rows    state.Map
	gids    []int32
	columns []*vec.Builder // of Finish: rows to put out
}

func (x *net) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	x.gids = grow(x.gids, delta.Len)
	if err := x.rows.Groups(delta.Cols, delta.Len, x.gids); err != nil {
		return err
	}
	count(x.rows.Rows(), x.gids, delta.Weights)
	return nil
}

func (x *net) Finish(_ context.Context, s *Step) error {
	dirty := x.rows.Dirty()
	old, rows := x.rows.Old(), x.rows.Rows()
	var gids, gone []int32
	var weights []int64
	for i, g := range dirty {
		now, before := *(*int64)(rows.Ptr(g)), *(*int64)(old.Ptr(int32(i)))
		if w := max(0, now) - max(0, before); w != 0 {
			gids, weights = append(gids, g), append(weights, w)
		}
		if now == 0 {
			gone = append(gone, g)
		}
	}
	for from := 0; from < len(gids); from += vec.BatchRows {
		to := min(from+vec.BatchRows, len(gids))
		if err := emitGroups(s, x.rows, &zset.Batch{Schema: x.plan.Schema(), Len: to - from, Weights: weights[from:to]}, gids[from:to], x.columns); err != nil {
			return err
		}
	}
	x.rows.Delete(gone)
	x.rows.Clean()
	return nil
}

// emitGroups puts out the keys of groups, with the weights that out has.
func emitGroups(s *Step, rows state.Map, out *zset.Batch, gids []int32, columns []*vec.Builder) error {
	for _, b := range columns {
		b.Reset()
	}
	rows.Keys(gids, columns)
	for _, b := range columns {
		out.Cols = append(out.Cols, b.Vec())
	}
	return s.Emit(out)
}
