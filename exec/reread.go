package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Reread makes changes of what comes whole again and again: a row of weight -1, whose
// values mean nothing, begins it anew, and takes the place of all that was there. With c(r)
// as how often row r came since the last beginning:
//
//	Apply   counts how often each row comes
//	Finish  emits c(r) now - c(r) before, for each row, where it has begun anew
//
// State: row -> c(r).
type Reread struct {
	Input Plan
}

// Inputs implements Plan.
func (p *Reread) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Reread) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Reread) String() string { return "Reread" }

// Open implements Plan.
func (p *Reread) Open(env *Env) (Operator, error) {
	x := &reread{plan: p}
	shape := state.MapShape{Width: 16}
	for _, f := range p.Schema().Fields {
		shape.Keys = append(shape.Keys, f.Type)
		x.columns = append(x.columns, vec.NewBuilder(f.Type))
	}
	var err error
	x.rows, err = env.State.Map(env.Name, shape)
	return x, err
}

type reread struct {
	plan    *Reread
	rows    state.Map // of each row, how often it was there and, within an epoch, comes
	begun   bool      // in this epoch
	gids    []int32
	sel     []int32
	columns []*vec.Builder // of Finish: rows to put out
}

// comes is where in a row stands how often it comes.
const comes = 8

func (x *reread) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	for row := delta.Len - 1; row >= 0; row-- { // only what follows the last beginning counts
		if delta.Weight(row) >= 0 {
			continue
		}
		x.begin()
		x.sel = x.sel[:0]
		for i := row + 1; i < delta.Len; i++ {
			x.sel = append(x.sel, int32(i))
		}
		delta = delta.Gather(s.Mem, x.sel)
		break
	}
	x.gids = grow(x.gids, delta.Len)
	if err := x.rows.Groups(delta.Cols, delta.Len, x.gids); err != nil {
		return err
	}
	rows := x.rows.Rows()
	count(rows.At(rows.Base+comes), x.gids, delta.Weights)
	return nil
}

// begin forgets what has come in this epoch.
func (x *reread) begin() {
	rows := x.rows.Rows()
	for _, g := range x.rows.Dirty() {
		(*[2]int64)(rows.Ptr(g))[1] = 0
	}
	x.begun = true
}

func (x *reread) Finish(_ context.Context, s *Step) error {
	if !x.begun {
		return nil
	}
	x.begun = false
	var gids, gone []int32
	var weights []int64
	rows := x.rows.Rows()
	// What is still there was touched in this epoch, so that nothing else is written.
	for _, g := range x.rows.All(nil) {
		row := (*[2]int64)(rows.Ptr(g))
		if w := row[1] - row[0]; w != 0 {
			gids, weights = append(gids, g), append(weights, w)
		}
		if row[0], row[1] = row[1], 0; row[0] == 0 {
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
