package exec

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Inherits reports that what a node remembers is enough for all that it has ever put out: a
// circuit of another plan that has the same node can begin with it.
func Inherits(p Plan) bool {
	switch p := p.(type) {
	case *Aggregate:
		return p.Closes == 0 && p.Forget == 0
	case *FinalAggregate:
		return Inherits(p.Agg)
	case *Join:
		return p.Forget == 0 && p.Expires[0].Column == 0 && p.Expires[1].Column == 0 && p.keepsLonely()
	case *Net, *Upsert:
		return true
	case *SetOp:
		return p.Expires.Column == 0
	}
	return false
}

// keepsLonely reports that all rows are kept that stand in the output without a match. One
// with a NULL in a key that is compared by = does, and is not.
func (p *Join) keepsLonely() bool {
	for side := range 2 {
		if p.counts(side) && p.Kind != SemiJoin && !p.KeepsAll(side) {
			return false
		}
	}
	return true
}

// KeepsAll reports that all rows of a side are kept, 0 being the left, as long as none is
// forgotten.
func (p *Join) KeepsAll(side int) bool {
	return !slices.ContainsFunc(p.Keys, func(k JoinKey) bool {
		e := [...]expr.Expr{k.Left, k.Right}[side]
		return !k.NullSafe && !e.NotNull()
	})
}

// An heir is an operator that can begin with what the same operator of another circuit
// remembers.
type heir interface {
	// inherit copies that. By the end of the epoch all of the operator's output is put out,
	// as if its input had come in this epoch.
	inherit(ctx context.Context, s *Step, from Operator) error
}

// Inherit has the nodes of some names begin with what those of another circuit remember,
// which stands between two epochs, and is as it was afterwards. All of them are of the same
// plans, for which Inherits holds, and so is what has a name below them. It is called in the
// first epoch, which has no other input: what is above these nodes gets all their rows.
func (c *Circuit) Inherit(ctx context.Context, from *Circuit, names []string) error {
	if len(c.workers) != len(from.workers) {
		invariants.Failf("%d workers cannot begin with what %d remember", len(c.workers), len(from.workers))
	}
	heirs, olds := make([]bool, len(c.nodes)), make([]int, len(c.nodes))
	for at, n := range c.nodes {
		if x, ok := n.plan.(*Named); ok && slices.Contains(names, x.Name) {
			heirs[at], olds[at] = true, from.named(x.Name)
		}
	}
	for _, w := range c.workers {
		w.ctx, w.heirs = ctx, heirs
	}
	for i, w := range c.workers {
		for at, takes := range heirs {
			if !takes {
				continue
			}
			mark := w.mem.Mark()
			x, ok := unmetered(w.ops[at]).(heir)
			if !ok || olds[at] < 0 {
				invariants.Failf("%s cannot begin with what another remembers", c.nodes[at].plan)
			}
			if err := x.inherit(ctx, &w.steps[at], unmetered(from.workers[i].ops[olds[at]])); err != nil {
				return fmt.Errorf("%s: %w", c.nodes[at].plan, err)
			}
			w.mem.Release(mark)
		}
	}
	return nil
}

// named returns the place of the node of a name, -1 where there is none.
func (c *Circuit) named(name string) int {
	return slices.IndexFunc(c.nodes, func(n node) bool {
		x, ok := n.plan.(*Named)
		return ok && x.Name == name
	})
}

func unmetered(op Operator) Operator {
	if m, ok := op.(*metered); ok {
		return m.Operator
	}
	return op
}

// inherit implements heir: the groups are new ones of this epoch.
func (a *aggregate) inherit(_ context.Context, _ *Step, op Operator) error {
	var from *aggregate
	switch x := op.(type) {
	case *aggregate:
		from = x
	case *finalAggregate:
		from = x.aggregate
	}
	if err := copyMap(a.groups, from.groups, typesOf(a.keyCols), a.width); err != nil {
		return err
	}
	for i, d := range a.sets {
		if err := copyMap(d.seen, from.sets[i].seen, typesOf(d.keys), 8*len(d.counted)); err != nil {
			return err
		}
		d.seen.Clean() // the groups' accumulators have them
	}
	for i, m := range a.multisets {
		copyOrdered(m.rows, from.multisets[i].rows)
	}
	return nil
}

// inherit implements heir: the rows of either side come again.
func (j *join) inherit(ctx context.Context, s *Step, op Operator) error {
	from := op.(*join)
	for port, side := range from.sides {
		schema := j.plan.Inputs()[port].Schema()
		err := eachRow(side.index, schema, typesOf(side.stored[schema.Len():]), func(b *zset.Batch) error { return j.Apply(ctx, s, port, b) })
		if err != nil {
			return err
		}
	}
	return nil
}

// inherit implements heir.
func (x *net) inherit(_ context.Context, _ *Step, from Operator) error {
	return copyMap(x.rows, from.(*net).rows, typesOf(x.columns), 8)
}

// inherit implements heir.
func (x *setOp) inherit(_ context.Context, _ *Step, from Operator) error {
	return copyMap(x.rows, from.(*setOp).rows, typesOf(x.columns), 16)
}

// inherit implements heir: the row of each key comes again.
func (u *upsert) inherit(ctx context.Context, s *Step, from Operator) error {
	return eachRow(from.(*upsert).rows, u.plan.Schema(), nil, func(b *zset.Batch) error { return u.Apply(ctx, s, 0, b) })
}

func typesOf(columns []*vec.Builder) []types.Type {
	out := make([]types.Type, len(columns))
	for i, c := range columns {
		out[i] = c.Type()
	}
	return out
}

// copyMap puts all groups of a map into one that is empty, where they are dirty.
func copyMap(to, from state.Map, keys []types.Type, width int) error {
	columns := make([]*vec.Builder, len(keys))
	for i, t := range keys {
		columns[i] = vec.NewBuilder(t)
	}
	there := make([]int32, vec.BatchRows)
	for part := range slices.Chunk(from.All(nil), vec.BatchRows) {
		vecs := make([]*vec.Vec, len(keys))
		for _, b := range columns {
			b.Reset()
		}
		from.Keys(part, columns)
		for i, b := range columns {
			vecs[i] = b.Vec()
		}
		if err := to.Groups(vecs, len(part), there[:len(part)]); err != nil {
			return err
		}
		rows, olds := to.Rows(), from.Rows()
		for i, g := range part {
			copy(bytesAt(rows.Ptr(there[i]), width), bytesAt(olds.Ptr(g), width))
		}
	}
	return nil
}

func bytesAt(p unsafe.Pointer, n int) []byte { return unsafe.Slice((*byte)(p), n) }

// copyOrdered puts all keys of a multiset into one that is empty.
func copyOrdered(to, from state.Ordered) {
	from.Ascend(nil, nil, func(key []byte, weight int64) bool {
		to.Add(key, weight)
		return true
	})
}

// eachRow calls f for all rows of an index, some at a time, without columns of some types
// that they have behind those of the schema.
func eachRow(from state.Index, schema *types.Schema, more []types.Type, f func(*zset.Batch) error) error {
	var columns []*vec.Builder
	for _, c := range schema.Fields {
		columns = append(columns, vec.NewBuilder(c.Type))
	}
	for _, t := range more {
		columns = append(columns, vec.NewBuilder(t))
	}
	for part := range slices.Chunk(from.All(nil), vec.BatchRows) {
		b := &zset.Batch{Schema: schema, Len: len(part), Weights: make([]int64, len(part))}
		for _, c := range columns {
			c.Reset()
		}
		from.Columns(part, columns)
		rows := from.Rows()
		for i, r := range part {
			b.Weights[i] = *(*int64)(rows.Ptr(r))
		}
		for _, c := range columns[:schema.Len()] {
			b.Cols = append(b.Cols, c.Vec())
		}
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}
