package exec

import (
	"context"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Lookup puts beside each row of the left input those of the right that match it when it
// comes: at the end of its epoch. What comes later on the right changes nothing of what
// was put out, and a left row that is taken back takes back what it was given, of several
// equal ones that which came first.
//
//	Apply   keeps the rows of the right, and holds those of the left
//	Finish  emits the left rows with what matches them now
//
// State: of the right key -> rows with their weights; of a left input that takes rows
// back, row, epoch -> the rows that it was given.
type Lookup struct {
	Left, Right Plan
	Keys        []MatchKey
	On          expr.Expr // the rest of the condition, over pairs; nil for none
	Outer       bool      // left rows without a match stay, NULLs beside them
	AppendOnly  bool      // left rows are only ever added
	Out         *types.Schema
}

// Inputs implements Plan.
func (p *Lookup) Inputs() []Plan { return []Plan{p.Left, p.Right} }

// Schema implements Plan.
func (p *Lookup) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Lookup) String() string {
	name := "Lookup join"
	if p.Outer {
		name = "Left lookup join"
	}
	pairs := &Join{Left: p.Left, Right: p.Right}
	conds := matchTexts(pairs, p.Keys)
	if p.On != nil {
		conds = append(conds, pairs.sided(p.On, 0).String())
	}
	if len(conds) > 0 {
		name += " ON " + strings.Join(conds, " AND ")
	}
	return name
}

// Open implements Plan.
func (p *Lookup) Open(env *Env) (Operator, error) {
	l := &lookup{plan: p, pending: zset.NewBuilder(p.Left.Schema()), probe: state.NewProbe(vec.BatchRows), pairs: &types.Schema{}}
	l.pairs.Fields = append(append(l.pairs.Fields, p.Left.Schema().Fields...), p.Right.Schema().Fields...)
	shape := state.IndexShape{}
	for _, k := range p.Keys {
		shape.Keys = append(shape.Keys, p.Right.Schema().Fields[k.Right].Type)
	}
	for _, f := range p.Right.Schema().Fields {
		shape.Columns = append(shape.Columns, f.Type)
		l.columns = append(l.columns, vec.NewBuilder(f.Type))
	}
	var err error
	if p.On != nil {
		if l.on, err = expr.CompileFilter(p.On, env.EvalErrorNull); err != nil {
			return nil, err
		}
	}
	if l.right, err = env.State.Index(env.Name+"/right", shape); err != nil {
		return nil, err
	}
	if !p.AppendOnly {
		l.given, err = env.State.Ordered(env.Name + "/given")
		l.out = zset.NewBuilder(p.Out)
	}
	return l, err
}

type lookup struct {
	plan    *Lookup
	pairs   *types.Schema
	right   state.Index
	on      *expr.Filter
	pending *zset.Builder // of the left, of this epoch
	probe   *state.Probe
	columns []*vec.Builder // stored rows of the call at hand

	rows    []int32
	sel     []int32
	all     bool
	matched []bool
	weights []int64

	// Of a left input that takes rows back. A key is a left row, the epoch in which it came,
	// and then 0 for how many came, or 1 and a right row for what these were given.
	given state.Ordered
	key   []byte
	found []givenRow
	out   *zset.Builder // rows that are taken back
}

func (l *lookup) Apply(_ context.Context, s *Step, port int, delta *zset.Batch) error {
	if port == 0 {
		l.pending.Append(delta, nil)
		return nil
	}
	delta = l.matchable(s, port, delta)
	l.rows = grow(l.rows, delta.Len)
	l.right.Add(l.keysOf(port, delta), delta.Cols, delta.Weights, l.rows)
	return nil
}

// keysOf are the key columns of a batch of one side.
func (l *lookup) keysOf(port int, b *zset.Batch) []*vec.Vec {
	keys := make([]*vec.Vec, len(l.plan.Keys))
	for i, k := range l.plan.Keys {
		keys[i] = b.Cols[[]int{k.Left, k.Right}[port]]
	}
	return keys
}

// matchable leaves out the rows that match nothing.
func (l *lookup) matchable(s *Step, port int, b *zset.Batch) *zset.Batch {
	l.sel = l.sel[:0]
	keys := l.keysOf(port, b)
	for row := range b.Len {
		null := false
		for i, k := range keys {
			null = null || !l.plan.Keys[i].NullSafe && k.IsNull(row)
		}
		if !null {
			l.sel = append(l.sel, int32(row))
		}
	}
	if len(l.sel) == b.Len {
		return b
	}
	return b.Gather(s.Mem, l.sel)
}

func (l *lookup) Finish(_ context.Context, s *Step) error {
	l.right.Settle()
	if l.pending.Len() == 0 {
		return nil
	}
	left := l.pending.Build()
	if l.given != nil {
		left = zset.Consolidate(left)
		if err := l.takeBack(s, left); err != nil {
			return err
		}
	}
	err := left.Parts(func(part *zset.Batch) error {
		mark := s.Mem.Mark()
		defer s.Mem.Release(mark)
		return l.look(s, l.added(s, part))
	})
	l.pending.Reset()
	l.right.Settle() // else what was looked at would never leave memory
	return err
}

// added are the rows of a batch that come.
func (l *lookup) added(s *Step, b *zset.Batch) *zset.Batch {
	if b.Weights == nil || l.given == nil {
		return b
	}
	l.sel = l.sel[:0]
	for row, w := range b.Weights[:b.Len] {
		if w > 0 {
			l.sel = append(l.sel, int32(row))
		}
	}
	return b.Gather(s.Mem, l.sel)
}

// look puts out rows of the left with what matches them.
func (l *lookup) look(s *Step, left *zset.Batch) error {
	if cap(l.matched) < left.Len {
		l.matched = make([]bool, max(left.Len, vec.BatchRows))
	}
	l.matched = l.matched[:left.Len]
	clear(l.matched)
	able := l.matchable(s, 0, left)
	origin := vec.Alloc[int32](s.Mem, able.Len)
	for i := range origin {
		if origin[i] = int32(i); able != left {
			origin[i] = l.sel[i]
		}
	}
	l.right.Probe(l.keysOf(0, able), able.Len, l.probe)
	for l.right.Next(l.probe) {
		if err := l.emitPairs(s, able, origin); err != nil {
			return err
		}
	}
	return l.emitLonely(s, left)
}

// emitPairs puts out the pairs at hand for which the condition holds.
func (l *lookup) emitPairs(s *Step, left *zset.Batch, origin []int32) error {
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	for _, b := range l.columns {
		b.Reset()
	}
	l.right.Columns(l.probe.Row, l.columns)
	pairs := &zset.Batch{Schema: l.pairs, Len: len(l.probe.Key)}
	for _, c := range left.Cols {
		pairs.Cols = append(pairs.Cols, vec.Gather(s.Mem, c, l.probe.Key))
	}
	for _, b := range l.columns {
		pairs.Cols = append(pairs.Cols, b.Vec())
	}
	stored := l.right.Rows()
	l.weights = l.weights[:0]
	for i, k := range l.probe.Key {
		l.weights = append(l.weights, left.Weight(int(k))**(*int64)(stored.Ptr(l.probe.Row[i])))
	}
	pairs.Weights = l.weights
	keys := l.probe.Key
	if l.on != nil {
		var err error
		if l.sel, l.all, err = l.on.Select(s.expr(), pairs, l.sel[:0]); err != nil {
			return err
		}
		if !l.all {
			keys = pick(s.Mem, keys, l.sel)
			pairs = pairs.Gather(s.Mem, l.sel)
		}
	}
	for _, k := range keys {
		l.matched[origin[k]] = true
	}
	return l.emit(s, pairs)
}

// emitLonely puts out the left rows that matched nothing, and notes of all how many came.
func (l *lookup) emitLonely(s *Step, left *zset.Batch) error {
	l.sel = l.sel[:0]
	for row, m := range l.matched {
		if !m {
			l.sel = append(l.sel, int32(row))
		}
		if l.given != nil {
			l.given.Add(append(l.row(left.Cols, row, s.Epoch), 0), left.Weight(row))
		}
	}
	if !l.plan.Outer || len(l.sel) == 0 {
		return nil
	}
	lonely := left.Gather(s.Mem, l.sel)
	return s.Emit(&zset.Batch{Schema: l.plan.Out, Len: lonely.Len, Weights: lonely.Weights, Cols: append(lonely.Cols, nulls(l.plan.Right.Schema().Fields, lonely.Len)...)})
}

func (l *lookup) emit(s *Step, pairs *zset.Batch) error {
	if pairs.Len == 0 {
		return nil
	}
	out := &zset.Batch{Schema: l.plan.Out, Len: pairs.Len, Cols: pairs.Cols, Weights: pairs.Weights}
	if l.given != nil {
		l.note(s.Epoch, pairs)
	}
	return s.Emit(out)
}
