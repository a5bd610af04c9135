package exec

import (
	"fmt"
	"slices"
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
//	Finish  emits, for each group touched, - the old row + the new row where they differ;
//	        then forgets the groups that are closed: the watermark has passed their value in
//	        a column. With Final it emits those alone, once. With Forget it takes back and
//	        forgets groups to which no row has come for a time; their rows stand where there
//	        are no calls
//
// State: group -> count of rows, whether a row was emitted, accumulators; for calls that
// fold, an ordered multiset of (group, order, argument values), the same for all that ask
// the same of it; and for others with DISTINCT, (group, argument values) -> how often they
// are there.
type Aggregate struct {
	Input      Plan
	Group      []expr.Expr
	Calls      []AggregateCall
	Out        *types.Schema // group columns, then calls
	AppendOnly bool          // the input only ever adds rows
	// Closes is 1 + the group column whose watermark is Until; 0 for none.
	Closes int
	Until  Watermark
	Final  bool // emit groups when they are closed, and no changes before
	// Forget is how many microseconds a group is kept to which no row comes; 0 for ever. Then
	// the input only adds rows, and groups do not close.
	Forget int64
}

// An AggregateCall is one aggregate function over its argument expressions.
type AggregateCall struct {
	Func     *function.Bound
	Name     string
	Args     []expr.Expr
	Distinct bool       // rows with equal arguments count once
	Order    []Ordering // in which a fold is given the rows; then their arguments decide
	Filter   expr.Expr  // of a fold, or with Distinct: what is not TRUE does not count; nil for none
}

// An Ordering is an expression to order by. NULL comes first, or with Desc last.
type Ordering struct {
	Expr expr.Expr
	Desc bool
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
	text := strings.Join(args, ", ")
	if c.Distinct {
		text = "DISTINCT " + text
	}
	for i, o := range c.Order {
		text += [...]string{" ORDER BY ", ", "}[min(i, 1)] + o.Expr.String()
		if o.Desc {
			text += " DESC"
		}
	}
	text = c.Name + "(" + text + ")"
	if c.Filter != nil {
		text += " FILTER (WHERE " + c.Filter.String() + ")"
	}
	return text
}

// Replace puts f of each of the call's expressions in its place: arguments, order,
// filter.
func (c *AggregateCall) Replace(f func(expr.Expr) expr.Expr) {
	c.Args, c.Order = slices.Clone(c.Args), slices.Clone(c.Order)
	for i, e := range c.Args {
		c.Args[i] = f(e)
	}
	for i, o := range c.Order {
		c.Order[i].Expr = f(o.Expr)
	}
	if c.Filter != nil {
		c.Filter = f(c.Filter)
	}
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
func (p *Aggregate) String() string {
	return "Aggregate " + describe(p.Group, p.Calls) + p.closing() + untouched(p.Forget)
}

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
	a.setEnds()
	if err := a.openDistinct(env, keys); err != nil {
		return nil, err
	}
	a.groups, err = env.State.Map(env.Name, state.MapShape{Keys: keys, Width: a.width, Expiry: p.Closes})
	if err != nil {
		return nil, err
	}
	if p.Closes > 0 {
		if a.until, err = p.Until.open(env.watermarks); err != nil {
			return nil, err
		}
	}
	if err := a.openAges(env, keys); err != nil {
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
		of, err := a.multisetOf(call, env, name)
		if err != nil {
			return nil, err
		}
		call.fold = newFold(c, of)
		if call.fold.kept != nil {
			call.slot = call.fold.kept
			a.width += call.slot.Width()
		}
	}
	var err error
	if call.args, err = compileColumns(c.Args, env); err != nil {
		return nil, err
	}
	var order []expr.Expr
	for _, o := range c.Order {
		order = append(order, o.Expr)
	}
	if call.order, err = compileColumns(order, env); err != nil {
		return nil, err
	}
	if c.Filter != nil {
		call.filter, err = compileColumns([]expr.Expr{c.Filter}, env)
	}
	return call, err
}

// multisetOf returns the multiset for a call that folds, that of another call where this
// one asks the same of it.
func (a *aggregate) multisetOf(call *aggCall, env *Env, name string) (*multiset, error) {
	for _, m := range a.multisets {
		if m.serves(call.plan) {
			return m, nil
		}
	}
	rows, err := env.State.Ordered(name)
	m := &multiset{call: call, rows: rows, closes: a.plan.Closes > 0}
	a.multisets = append(a.multisets, m)
	return m, err
}

// An aggregate is a running Aggregate.
type aggregate struct {
	plan   *Aggregate
	global bool // this instance owns the one row of an aggregate without groups
	width  int  // of a group's row
	keys   columns
	calls  []*aggCall
	sets   []*distinctSet // of the calls with DISTINCT that keep a slot

	multisets []*multiset // of the calls that fold
	groups    state.Map
	aside     *aside
	gids      []int32
	until     *watermark
	ages      *ages      // nil where groups are kept for ever
	closed    []int32    // groups that are
	first     []*vec.Vec // group columns, that of Closes before the others

	// Of Finish.
	keyCols []*vec.Builder
	changes changes
	out     []*vec.Vec
}

// An aggCall is a running call.
type aggCall struct {
	plan   AggregateCall
	args   columns
	order  columns
	filter columns       // none, or one
	slot   function.Slot // nil where fold keeps nothing in the group's row
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
