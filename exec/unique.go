package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Unique lets rows through, and no epoch end that leaves two of one key: what they are
// written into could hold only one.
//
//	Apply   emits the rows, and adds their weights to their keys' counts
//	Finish  fails where a key touched counts more than one row
//
// State: key -> how many rows it has.
type Unique struct {
	Input Plan
	Keys  []int
	Into  string // the table that is written into, for the error
}

// Inputs implements Plan.
func (p *Unique) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Unique) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Unique) String() string {
	return "Unique " + strings.Join(p.Schema().Project(p.Keys).Names(), ", ")
}

// Open implements Plan.
func (p *Unique) Open(env *Env) (Operator, error) {
	u := &unique{plan: p, keys: make([]*vec.Vec, len(p.Keys))}
	shape := state.MapShape{Width: 8}
	for _, f := range p.Schema().Project(p.Keys).Fields {
		shape.Keys = append(shape.Keys, f.Type)
	}
	var err error
	u.counts, err = env.State.Map(env.Name, shape)
	return u, err
}

type unique struct {
	plan   *Unique
	counts state.Map
	keys   []*vec.Vec
	gids   []int32
}

func (u *unique) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	for i, k := range u.plan.Keys {
		u.keys[i] = delta.Cols[k]
	}
	u.gids = grow(u.gids, delta.Len)
	if err := u.counts.Groups(u.keys, delta.Len, u.gids); err != nil {
		return err
	}
	count(u.counts.Rows(), u.gids, delta.Weights)
	return s.Emit(delta)
}

func (u *unique) Finish(context.Context, *Step) error {
	rows := u.counts.Rows()
	var gone, twice []int32
	for _, g := range u.counts.Dirty() {
		switch n := *(*int64)(rows.Ptr(g)); {
		case n == 0:
			gone = append(gone, g)
		case n > 1:
			twice = append(twice, g)
		}
	}
	if len(twice) > 0 {
		return fmt.Errorf("%s: the query gives two rows for %s, the PRIMARY KEY, of which the table could hold only one", u.plan.Into, u.first(twice))
	}
	u.counts.Delete(gone)
	u.counts.Clean()
	return nil
}

// first returns the least of some keys as "id = 1, lang = ko", so that the same rows give
// the same error.
func (u *unique) first(gids []int32) string {
	b := zset.NewBuilder(u.plan.Schema().Project(u.plan.Keys))
	u.counts.Keys(gids, b.Cols)
	b.EndRows(len(gids))
	keys := b.Build()
	least, columns := 0, make([]int, len(keys.Cols))
	for row := 1; row < keys.Len; row++ {
		if zset.CompareRows(keys.Cols, row, keys.Cols, least) < 0 {
			least = row
		}
	}
	for i := range columns {
		columns[i] = i
	}
	return keys.NamedText(least, columns)
}
