package exec

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Aggregate keeps one row for each group of its input: the group's columns, then
// the value of each call. Without group columns there is always exactly one row.
//
//	Apply   adds each row to its group's accumulators
//	Finish  emits, for each group touched, - the old row + the new row where they differ
//
// State: group -> count of rows, whether a row was emitted, accumulators; and for
// calls that fold, an ordered multiset of (group, argument values).
type Aggregate struct {
	Input      Plan
	Group      []expr.Expr
	Calls      []AggregateCall
	Out        *types.Schema // group columns, then calls
	AppendOnly bool          // the input only ever adds rows
}

// An AggregateCall is one aggregate function over its argument expressions.
type AggregateCall struct {
	Func *function.Bound
	Name string
	Args []expr.Expr
}

// String prints the call as SQL.
func (c AggregateCall) String() string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = a.String()
	}
	if len(args) == 0 {
		args = []string{"*"}
	}
	return c.Name + "(" + strings.Join(args, ", ") + ")"
}

// Slot returns the fixed-width accumulator to use, nil where the call folds.
func (c AggregateCall) Slot(appendOnly bool) function.Slot {
	if appendOnly && c.Func.AppendOnly != nil {
		return c.Func.AppendOnly
	}
	return c.Func.Slot
}

// Inputs implements Plan.
func (p *Aggregate) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Aggregate) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Aggregate) String() string { return "Aggregate " + describe(p.Group, p.Calls) }

func describe(group []expr.Expr, calls []AggregateCall) string {
	var parts []string
	for _, c := range calls {
		parts = append(parts, c.String())
	}
	var keys []string
	for _, g := range group {
		keys = append(keys, g.String())
	}
	s := strings.Join(parts, ", ")
	if len(keys) > 0 {
		s = strings.TrimSpace(s + " BY " + strings.Join(keys, ", "))
	}
	return s
}

// The first words of a group's row; accumulators follow.
const (
	countAt   = 0 // sum of the weights of the group's rows
	emittedAt = 8 // 1 where the group has a row in the output
	slotsAt   = 16
)

// Open implements Plan.
func (p *Aggregate) Open(env *Env) (Operator, error) {
	a := &aggregate{plan: p, global: len(p.Group) == 0 && env.Worker == 0}
	shape := state.MapShape{Width: slotsAt}
	for _, g := range p.Group {
		prog, err := expr.Compile(g, env.EvalErrorNull)
		if err != nil {
			return nil, err
		}
		a.keys.progs = append(a.keys.progs, prog)
		shape.Keys = append(shape.Keys, g.Type())
	}
	for i, c := range p.Calls {
		call := &aggCall{bound: c.Func, at: shape.Width}
		if slot := c.Slot(p.AppendOnly); slot != nil {
			call.slot = slot
			shape.Width += slot.Width()
		} else {
			ordered, err := env.State.Ordered(fmt.Sprintf("%s/%d", env.Name, i))
			if err != nil {
				return nil, err
			}
			call.multiset = ordered
		}
		for _, arg := range c.Args {
			prog, err := expr.Compile(arg, env.EvalErrorNull)
			if err != nil {
				return nil, err
			}
			call.args.progs = append(call.args.progs, prog)
		}
		a.calls = append(a.calls, call)
	}
	groups, err := env.State.Map(env.Name, shape)
	if err != nil {
		return nil, err
	}
	a.groups = groups
	a.before, a.after = zset.NewBuilder(p.Out), zset.NewBuilder(p.Out)
	a.out = zset.NewBuilder(p.Out)
	return a, nil
}

type aggregate struct {
	plan   *Aggregate
	global bool // this instance owns the one row of an aggregate without groups
	keys   columns
	calls  []*aggCall
	groups state.Map
	gids   []int32

	before, after, out *zset.Builder
	prefix             []byte
	keyA, keyB         []byte
}

// An aggCall is a running call.
type aggCall struct {
	bound    *function.Bound
	args     columns
	slot     function.Slot // nil where multiset is set
	at       int           // of the slot in the row
	multiset state.Ordered
	pending  pending
}

// columns evaluates several expressions over one batch.
type columns struct {
	progs []*expr.Program
	vecs  []*vec.Vec
}

func (c *columns) eval(s *Step, b *zset.Batch) error {
	c.vecs = c.vecs[:0]
	for _, p := range c.progs {
		v, err := p.Eval(s.expr(), b, nil)
		if err != nil {
			return err
		}
		c.vecs = append(c.vecs, v)
	}
	return nil
}

func (a *aggregate) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if err := a.keys.eval(s, delta); err != nil {
		return err
	}
	gids := a.room(delta.Len)
	if err := a.groups.Groups(a.keys.vecs, delta.Len, gids); err != nil {
		return err
	}
	rows := a.groups.Rows()
	count(rows, gids, delta.Weights)
	for _, c := range a.calls {
		if err := c.args.eval(s, delta); err != nil {
			return err
		}
		if c.slot != nil {
			if err := c.slot.Add(rows.At(rows.Base+c.at), gids, c.args.vecs, delta.Weights); err != nil {
				return err
			}
			continue
		}
		a.hold(c, delta)
	}
	return nil
}

func (a *aggregate) room(n int) []int32 {
	if cap(a.gids) < n {
		a.gids = make([]int32, max(n, vec.BatchRows))
	}
	return a.gids[:n]
}

func count(rows vec.Rows, gids []int32, weights []int64) {
	if weights == nil {
		for _, g := range gids {
			*(*int64)(rows.Ptr(g))++
		}
		return
	}
	for i, g := range gids {
		*(*int64)(rows.Ptr(g)) += weights[i]
	}
}

// A pending is what Apply has yet to add to a multiset: Finish needs the state
// before it, too.
type pending struct {
	data    []byte
	ends    []int
	weights []int64
}

// hold notes the rows of a folding call for Finish; NULL arguments are left out.
func (a *aggregate) hold(c *aggCall, delta *zset.Batch) {
	p := &c.pending
	for row := range delta.Len {
		if len(c.args.vecs) > 0 && c.args.vecs[0].IsNull(row) {
			continue
		}
		for _, k := range a.keys.vecs {
			p.data = zset.AppendOrdered(p.data, k, row)
		}
		for _, v := range c.args.vecs {
			p.data = zset.AppendOrdered(p.data, v, row)
		}
		p.ends = append(p.ends, len(p.data))
		p.weights = append(p.weights, delta.Weight(row))
	}
}

func (c *aggCall) settle() {
	start := 0
	for i, end := range c.pending.ends {
		if total := c.multiset.Add(c.pending.data[start:end], c.pending.weights[i]); total < 0 {
			invariants.Failf("a value was taken back from an aggregate more often than added")
		}
		start = end
	}
	c.pending = pending{c.pending.data[:0], c.pending.ends[:0], c.pending.weights[:0]}
}

func (a *aggregate) Finish(_ context.Context, s *Step) error {
	if a.global && a.groups.Len() == 0 {
		if err := a.groups.Groups(nil, 1, a.room(1)); err != nil {
			return err
		}
	}
	dirty := a.groups.Dirty()
	if len(dirty) == 0 {
		return nil
	}
	places := make([]int32, len(dirty))
	for i := range places {
		places[i] = int32(i)
	}
	a.before.Reset()
	a.after.Reset()
	a.groups.Keys(dirty, a.before.Cols[:len(a.plan.Group)])
	a.groups.Keys(dirty, a.after.Cols[:len(a.plan.Group)])
	if err := a.values(a.before, a.groups.Old(), places); err != nil {
		return err
	}
	for _, c := range a.calls {
		c.settle()
	}
	if err := a.values(a.after, a.groups.Rows(), dirty); err != nil {
		return err
	}
	if err := a.emit(s, dirty); err != nil {
		return err
	}
	a.groups.Clean()
	return nil
}

// values appends the calls' values of the groups to out.
func (a *aggregate) values(out *zset.Builder, rows vec.Rows, gids []int32) error {
	for i, c := range a.calls {
		col := out.Cols[len(a.plan.Group)+i]
		if c.slot != nil {
			if err := c.slot.Value(rows.At(rows.Base+c.at), gids, col); err != nil {
				return fmt.Errorf("%s: %w", a.plan.Calls[i], err)
			}
			continue
		}
		if err := a.fold(c, out, len(gids), col); err != nil {
			return fmt.Errorf("%s: %w", a.plan.Calls[i], err)
		}
	}
	out.EndRows(len(gids))
	return nil
}

// fold computes a folding call for the first n groups whose keys stand in out.
func (a *aggregate) fold(c *aggCall, out *zset.Builder, n int, col *vec.Builder) error {
	keys := make([]*vec.Vec, len(a.plan.Group))
	for i := range keys {
		keys[i] = out.Cols[i].Vec()
	}
	for row := range n {
		a.prefix = a.prefix[:0]
		for _, k := range keys {
			a.prefix = zset.AppendOrdered(a.prefix, k, row)
		}
		if err := c.bound.Fold.Value(c.walk(a.prefix), col); err != nil {
			return err
		}
	}
	return nil
}

// walk iterates over the argument rows of one group in ascending order.
func (c *aggCall) walk(prefix []byte) func() ([]*vec.Vec, int, int64) {
	args := make([]*vec.Builder, len(c.bound.Args))
	for i, t := range c.bound.Args {
		args[i] = vec.NewBuilder(t)
	}
	var counts []int64
	take := func(key []byte, weight int64) bool {
		key = key[len(prefix):]
		for _, b := range args {
			key = zset.DecodeOrdered(key, b)
		}
		counts = append(counts, weight)
		return !c.bound.Fold.First() && !c.bound.Fold.Last()
	}
	from, to := prefix, after(prefix)
	if c.bound.Fold.Last() {
		c.multiset.Descend(from, to, take)
	} else {
		c.multiset.Ascend(from, to, take)
	}
	vecs := make([]*vec.Vec, len(args))
	for i, b := range args {
		vecs[i] = b.Vec()
	}
	row := -1
	return func() ([]*vec.Vec, int, int64) {
		if row++; row >= len(counts) {
			return nil, 0, 0
		}
		return vecs, row, counts[row]
	}
}

// after returns the least byte string above all that begin with prefix; nil for
// no bound.
func after(prefix []byte) []byte {
	p := bytes.Clone(prefix)
	for i := len(p) - 1; i >= 0; i-- {
		if p[i]++; p[i] != 0 {
			return p[:i+1]
		}
	}
	return nil
}

// emit puts out the difference of the old and the new rows.
func (a *aggregate) emit(s *Step, dirty []int32) error {
	before, after := a.before.Build(), a.after.Build()
	rows := a.groups.Rows()
	counts, emitted, old := rows.At(rows.Base+countAt), rows.At(rows.Base+emittedAt), a.groups.Old().At(emittedAt)
	var gone []int32
	for i, g := range dirty {
		n := *(*int64)(counts.Ptr(g))
		if n < 0 {
			invariants.Failf("a group has %d rows", n)
		}
		had := *(*int64)(old.Ptr(int32(i))) != 0
		has := n > 0 || a.global
		*(*int64)(emitted.Ptr(g)) = boolInt(has)
		if had && has && a.same(before, after, i) {
			continue
		}
		if had {
			a.out.AppendRow(before, i, -1)
		}
		if has {
			a.out.AppendRow(after, i, 1)
		} else {
			gone = append(gone, g)
		}
		if a.out.Len() >= vec.BatchRows {
			if err := a.flush(s); err != nil {
				return err
			}
		}
	}
	a.groups.Delete(gone)
	return a.flush(s)
}

func (a *aggregate) flush(s *Step) error {
	if a.out.Len() == 0 {
		return nil
	}
	err := s.Emit(a.out.Build())
	a.out.Reset()
	return err
}

func (a *aggregate) same(x, y *zset.Batch, row int) bool {
	from := len(a.plan.Group)
	a.keyA = zset.AppendKey(a.keyA[:0], x.Cols[from:], row)
	a.keyB = zset.AppendKey(a.keyB[:0], y.Cols[from:], row)
	return bytes.Equal(a.keyA, a.keyB)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
