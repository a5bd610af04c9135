package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// First leaves out rows of an input that only adds rows, where at least Rows others
// come before them. What is shown of the result is among what passes: it is the first
// rows of every worker's first rows.
//
//	Apply   emits the rows before the last of the first rows so far
//	Finish  nothing
//
// State: none that must last. The first rows are kept in memory; after a restart more
// rows pass than need to.
type First struct {
	Input Plan
	Keys  []SortKey // before all columns in turn
	Rows  int
}

// A SortKey is a column to order by. NULL comes first, or with Desc last.
type SortKey struct {
	Column int
	Desc   bool
}

// Inputs implements Plan.
func (p *First) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *First) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *First) String() string {
	var keys []string
	for _, k := range p.Keys {
		name := p.Schema().Fields[k.Column].Name
		if k.Desc {
			name += " DESC"
		}
		keys = append(keys, name)
	}
	out := fmt.Sprintf("First %d", p.Rows)
	if len(keys) > 0 {
		out += " BY " + strings.Join(keys, ", ")
	}
	return out
}

// Open implements Plan.
func (p *First) Open(*Env) (Operator, error) {
	return &first{plan: p, kept: zset.NewBuilder(p.Schema())}, nil
}

type first struct {
	plan *First
	kept *zset.Builder // the first rows, and others not yet sorted out
	last *zset.Batch   // kept; its row Rows-1 bounds what may pass. nil before there are as many
	sel  []int32
}

func (f *first) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if f.plan.Rows == 0 {
		return nil
	}
	f.sel = f.sel[:0]
	for row := range delta.Len {
		if f.last == nil || f.compare(delta.Cols, row, f.last.Cols, f.plan.Rows-1) < 0 {
			f.sel = append(f.sel, int32(row))
		}
	}
	if len(f.sel) == 0 {
		return nil
	}
	f.kept.Append(delta, f.sel)
	if f.kept.Len() >= 2*f.plan.Rows+vec.BatchRows {
		f.sortOut()
	}
	if len(f.sel) == delta.Len {
		return s.Emit(delta)
	}
	return s.Emit(delta.Gather(s.Mem, f.sel))
}

// sortOut keeps the first rows alone.
func (f *first) sortOut() {
	all := f.kept.Build()
	order := make([]int32, all.Len)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return f.compare(all.Cols, int(i), all.Cols, int(j)) })
	f.kept = zset.NewBuilder(f.plan.Schema())
	f.kept.Append(all, order[:f.plan.Rows])
	f.last = f.kept.Build()
}

func (f *first) compare(a []*vec.Vec, i int, b []*vec.Vec, j int) int {
	for _, k := range f.plan.Keys {
		c := zset.CompareValues(a[k.Column], i, b[k.Column], j)
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return zset.CompareRows(a, i, b, j)
}

func (f *first) Finish(context.Context, *Step) error { return nil }
