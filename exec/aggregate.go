package exec

import (
	"fmt"
	"strings"

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
	a := &aggregate{plan: p, global: len(p.Group) == 0 && env.Worker == 0, width: slotsAt}
	var err error
	if a.keys, err = compileColumns(p.Group, env); err != nil {
		return nil, err
	}
	var keys []types.Type
	for _, g := range p.Group {
		keys = append(keys, g.Type())
		a.keyCols = append(a.keyCols, vec.NewBuilder(g.Type()))
	}
	for i, c := range p.Calls {
		call, err := a.openCall(c, env, fmt.Sprintf("%s/%d", env.Name, i))
		if err != nil {
			return nil, err
		}
		a.calls = append(a.calls, call)
	}
	a.groups, err = env.State.Map(env.Name, state.MapShape{Keys: keys, Width: a.width})
	if err != nil {
		return nil, err
	}
	a.out = make([]*vec.Vec, len(p.Group)+len(p.Calls))
	a.aside = env.aside(a.eval, p.AppendOnly)
	return a, nil
}

func (a *aggregate) openCall(c AggregateCall, env *Env, name string) (*aggCall, error) {
	call := &aggCall{plan: c, at: a.width, values: vec.NewBuilder(c.Func.Returns)}
	call.slot = c.Slot(a.plan.AppendOnly)
	if _, ok := call.slot.(function.RowCounter); ok && len(c.Args) == 0 {
		call.at, call.given = countAt, true
	} else if call.slot != nil {
		a.width += call.slot.Width()
	} else {
		ordered, err := env.State.Ordered(name)
		if err != nil {
			return nil, err
		}
		call.fold = newFold(c.Func, ordered)
	}
	var err error
	call.args, err = compileColumns(c.Args, env)
	return call, err
}

// An aggregate is a running Aggregate.
type aggregate struct {
	plan   *Aggregate
	global bool // this instance owns the one row of an aggregate without groups
	width  int  // of a group's row
	keys   columns
	calls  []*aggCall
	groups state.Map
	aside  *aside
	gids   []int32

	// Of Finish.
	keyCols []*vec.Builder
	changes changes
	out     []*vec.Vec
}

// An aggCall is a running call.
type aggCall struct {
	plan   AggregateCall
	args   columns
	slot   function.Slot // nil where fold is set
	at     int           // of the slot in the row
	given  bool          // the slot is the group's own count of rows
	fold   *fold
	values *vec.Builder // of Finish: old values of some groups, then the new ones
}

// columns evaluates several expressions over one batch.
type columns struct {
	progs []*expr.Program
	vecs  []*vec.Vec
	parts []*vec.Vec // views of a part of vecs
}

func compileColumns(exprs []expr.Expr, env *Env) (columns, error) {
	var c columns
	for _, e := range exprs {
		p, err := expr.Compile(e, env.EvalErrorNull)
		if err != nil {
			return c, err
		}
		c.progs = append(c.progs, p)
		c.parts = append(c.parts, new(vec.Vec))
	}
	return c, nil
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

// part returns rows [from, to) of the columns, good until the next call.
func (c *columns) part(from, to int) []*vec.Vec {
	for i, v := range c.vecs {
		v.PartTo(c.parts[i], from, to)
	}
	return c.parts
}
