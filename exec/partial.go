package exec

import (
	"context"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// PartialAggregate combines the rows of one epoch in the worker that read them:
// what crosses to the group's owner is one row a group, with the accumulators as
// bytes in its last column.
//
//	Apply   adds each row to its group's accumulators
//	Finish  emits every group and forgets it
//
// State: none that outlives the epoch.
type PartialAggregate struct {
	Input Plan
	Agg   *Aggregate
	Out   *types.Schema // group columns, then the accumulators
}

// maxPartialGroups is how many groups are combined before they are sent on: they stay in the near
// caches from row to row, and when they are merged.
const maxPartialGroups = 1 << 12

// NewPartialAggregate returns the first half of a, whose expressions are over input.
func NewPartialAggregate(input Plan, a *Aggregate) *PartialAggregate {
	out := &types.Schema{}
	for i := range a.Group {
		out.Fields = append(out.Fields, a.Out.Fields[i])
	}
	out.Fields = append(out.Fields, types.Field{Name: "partial", Type: types.Of(types.Binary), NotNull: true})
	return &PartialAggregate{Input: input, Agg: a, Out: out}
}

// Inputs implements Plan.
func (p *PartialAggregate) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *PartialAggregate) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *PartialAggregate) String() string {
	return "PartialAggregate " + describe(p.Agg.Group, p.Agg.Calls)
}

// Open implements Plan. The groups of one epoch are kept in a map of the state
// store that Finish empties.
func (p *PartialAggregate) Open(env *Env) (Operator, error) {
	inner := *p.Agg
	inner.Closes, inner.Final = 0, false
	op, err := inner.Open(env)
	if err != nil {
		return nil, err
	}
	return &partialAggregate{aggregate: op.(*aggregate), out: zset.NewBuilder(p.Out)}, nil
}

type partialAggregate struct {
	*aggregate
	out *zset.Builder
}

func (p *partialAggregate) Apply(ctx context.Context, s *Step, port int, delta *zset.Batch) error {
	if err := p.aggregate.Apply(ctx, s, port, delta); err != nil {
		return err
	}
	if p.groups.Len() >= maxPartialGroups {
		return p.flushGroups(s)
	}
	return nil
}

func (p *partialAggregate) Finish(_ context.Context, s *Step) error { return p.flushGroups(s) }

func (p *partialAggregate) flushGroups(s *Step) error {
	dirty := p.groups.Dirty()
	rows := p.groups.Rows()
	last := p.out.Cols[len(p.out.Cols)-1]
	for from := 0; from < len(dirty); from += vec.BatchRows {
		part := dirty[from:min(from+vec.BatchRows, len(dirty))]
		p.groups.Keys(part, p.out.Cols[:len(p.out.Cols)-1])
		for _, g := range part {
			last.AppendBytes(unsafe.Slice((*byte)(rows.Ptr(g)), p.width))
		}
		p.out.EndRows(len(part))
		if err := s.Emit(p.out.Build()); err != nil {
			return err
		}
		p.out.Reset()
	}
	p.groups.Delete(dirty)
	p.groups.Clean()
	return nil
}

// FinalAggregate merges what the workers combined: Aggregate over partial rows.
//
//	Apply   merges accumulators into their groups
//	Finish  as Aggregate
//
// State: as Aggregate.
type FinalAggregate struct {
	Input Plan
	Agg   *Aggregate // with group expressions over Input
}

// NewFinalAggregate returns the second half of a over the exchanged partial rows.
func NewFinalAggregate(input Plan, a *Aggregate) *FinalAggregate {
	final := *a
	final.Input = input
	final.Group = make([]expr.Expr, len(a.Group))
	for i := range a.Group {
		final.Group[i] = &expr.Column{Index: i, Field: a.Out.Fields[i]}
	}
	return &FinalAggregate{Input: input, Agg: &final}
}

// Inputs implements Plan.
func (p *FinalAggregate) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *FinalAggregate) Schema() *types.Schema { return p.Agg.Out }

// String implements Plan.
func (p *FinalAggregate) String() string {
	return "FinalAggregate " + describe(p.Agg.Group, p.Agg.Calls) + p.Agg.closing()
}

// Open implements Plan.
func (p *FinalAggregate) Open(env *Env) (Operator, error) {
	op, err := p.Agg.Open(env)
	if err != nil {
		return nil, err
	}
	return &finalAggregate{op.(*aggregate)}, nil
}

type finalAggregate struct{ *aggregate }

func (f *finalAggregate) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if err := f.keys.eval(s, delta); err != nil {
		return err
	}
	gids := f.room(delta.Len)
	if err := f.groups.Groups(f.keys.vecs, delta.Len, gids); err != nil {
		return err
	}
	rows := f.groups.Rows()
	src := f.partials(s, delta)
	for i, g := range gids {
		*(*int64)(rows.Ptr(g)) += *(*int64)(src.Ptr(int32(i)))
	}
	for _, c := range f.calls {
		if c.given {
			continue
		}
		if err := c.slot.Merge(rows.At(rows.Base+c.at), gids, src.At(c.at)); err != nil {
			return err
		}
	}
	return nil
}

// partials returns the accumulators of a batch as rows, each aligned.
func (f *finalAggregate) partials(s *Step, delta *zset.Batch) vec.Rows {
	col := delta.Cols[len(delta.Cols)-1]
	data := s.Mem.Alloc(delta.Len * f.width)
	for i := range delta.Len {
		b := col.Bytes(i)
		if len(b) != f.width {
			invariants.Failf("a partial row has %d bytes, not %d", len(b), f.width)
		}
		copy(data[i*f.width:], b)
	}
	return vec.RowsOver(data, f.width)
}
