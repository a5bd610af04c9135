package exec

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// A JoinKind says which rows a Join has.
type JoinKind uint8

// The kinds.
const (
	InnerJoin JoinKind = iota // pairs that match
	LeftJoin                  // and left rows without a match, NULLs beside them
	RightJoin                 // and right rows without a match
	FullJoin                  // and both
	SemiJoin                  // left rows with a match, each once
	AntiJoin                  // left rows without a match
	MarkJoin                  // all left rows and whether there is a match
)

// Join puts the rows of two inputs together. With l and r as the rows so far,
//
//	Apply   on a change dl emits the pairs of dl with r, then l becomes l + dl; the
//	        same for dr: so every pair is made once, by the later of its rows
//	Finish  stores what was held back of the epoch (see held), and forgets rows that are
//	        gone, those that will meet nothing more, and with Forget those that came long
//	        ago: the pairs that they made stand
//
// A row that is kept without a match, or looked at for one, has a count of its matches,
// each by its weight: a row's change in the output is that of "has none" (or of the
// mark) times its weight, and so comes back when the matches go. A count, and not a
// flag, since the other side takes rows back, too.
//
// State: for each side key -> rows with their weights and counts, or their numbers. A row with a NULL in
// a key that is compared by = matches nothing and is not kept.
type Join struct {
	Left, Right Plan
	Kind        JoinKind
	Keys        []JoinKey
	On          expr.Expr // the rest of the condition, over pairs; nil for none
	// Any is, for a MarkJoin, what is asked of the matches: the mark is TRUE where it is TRUE
	// for one, else NULL where it is NULL for one, else FALSE. nil is TRUE.
	Any        expr.Expr
	AppendOnly bool // both inputs only ever add rows
	Expires    [2]Expires
	// Forget is how many microseconds a row is kept that does not expire otherwise; 0 for ever.
	// Then the join is inner, and both inputs only add rows.
	Forget int64
	// Numbered gives rows that are kept a number, so that no two are equal: to keep one more it
	// need not be looked for. Where many are equal (see repeats) they have the number 0, and are
	// kept as one. Then the join is inner, both inputs only add rows, and Forget is 0.
	Numbered bool
	Out      *types.Schema
}

// Expires says when rows that are kept are of no more use: when a watermark has passed
// their value in a column.
type Expires struct {
	Column int // 1 + its position; 0 for never
	Until  Watermark
}

// A JoinKey is an equality by which matches are looked up: expressions over the columns
// of the left input and of the right, of one type.
type JoinKey struct {
	Left, Right expr.Expr
	NullSafe    bool // NULL equals NULL
}

// Inputs implements Plan.
func (p *Join) Inputs() []Plan { return []Plan{p.Left, p.Right} }

// Schema implements Plan.
func (p *Join) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Join) String() string {
	name := [...]string{"Join", "Left join", "Right join", "Full join", "Semi join", "Anti join", "Mark join"}[p.Kind]
	var conds []string
	for _, k := range p.Keys {
		op := " = "
		if k.NullSafe {
			op = " <=> "
		}
		conds = append(conds, p.sided(k.Left, 0).String()+op+p.sided(k.Right, p.Left.Schema().Len()).String())
	}
	if p.On != nil {
		conds = append(conds, p.sided(p.On, 0).String())
	}
	if len(conds) > 0 {
		name += " ON " + strings.Join(conds, " AND ")
	}
	if p.Any != nil {
		name += " ANY " + p.sided(p.Any, 0).String()
	}
	for i, in := range p.Inputs() {
		if e := p.Expires[i]; e.Column > 0 {
			name += " FORGETS " + [...]string{"left.", "right."}[i] + in.Schema().Fields[e.Column-1].Name + " < " + e.Until.String()
		}
	}
	return name + untouched(p.Forget)
}

// sided says left or right of columns whose name both sides have, for printing. The
// columns of e are those of pairs from a place on.
func (p *Join) sided(e expr.Expr, from int) expr.Expr {
	left, right := p.Left.Schema(), p.Right.Schema()
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		side, other := "left.", right
		if c.Index+from >= left.Len() {
			side, other = "right.", left
		}
		if !slices.ContainsFunc(other.Fields, func(f types.Field) bool { return strings.EqualFold(f.Name, c.Field.Name) }) {
			return x
		}
		out := *c
		out.Field.Name = side + c.Field.Name
		return &out
	})
}

// preserves reports that rows of a side stay without a match; 0 is the left.
func (p *Join) preserves(side int) bool {
	switch p.Kind {
	case LeftJoin:
		return side == 0
	case RightJoin:
		return side == 1
	case FullJoin:
		return true
	}
	return false
}

// counts reports that rows of a side have counts of their matches.
func (p *Join) counts(side int) bool {
	return p.preserves(side) || side == 0 && p.Kind >= SemiJoin
}

// The words that a join keeps with a row, behind its weight.
const (
	matchesAt = 8  // the weights of the rows that match; of a mark, those for which Any is TRUE
	unknownAt = 16 // of a mark, the weights of those for which Any is NULL
	countedAt = 24 // 1 where the others are set
)

// Open implements Plan.
func (p *Join) Open(env *Env) (Operator, error) {
	j := &join{plan: p, probe: state.NewProbe(vec.BatchRows), pairs: &types.Schema{}}
	j.pairs.Fields = append(append(j.pairs.Fields, p.Left.Schema().Fields...), p.Right.Schema().Fields...)
	for i, in := range []Plan{p.Left, p.Right} {
		side, err := p.openSide(i, in, env)
		if err != nil {
			return nil, err
		}
		j.sides[i] = side
	}
	j.right = len(j.sides[0].columns)
	j.paired = p.Kind < SemiJoin
	j.onRows = env.aside(j.match, p.AppendOnly)
	j.asked = env.aside(j.ask, p.AppendOnly)
	var err error
	if p.On != nil {
		if j.on, err = expr.CompileFilter(p.On, env.EvalErrorNull); err != nil {
			return nil, err
		}
	}
	if p.Any != nil {
		if j.any, err = expr.Compile(p.Any, env.EvalErrorNull); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (p *Join) openSide(i int, in Plan, env *Env) (*joinSide, error) {
	side := &joinSide{counts: p.counts(i)}
	shape := state.IndexShape{Expiry: p.Expires[i].Column}
	var keys []expr.Expr
	for _, k := range p.Keys {
		e := k.Left
		if i == 1 {
			e = k.Right
		}
		keys = append(keys, e)
		shape.Keys = append(shape.Keys, e.Type())
		side.strict = append(side.strict, !k.NullSafe)
	}
	for _, f := range in.Schema().Fields {
		shape.Columns = append(shape.Columns, f.Type)
		side.columns = append(side.columns, vec.NewBuilder(f.Type))
	}
	side.stored = side.columns
	if p.Forget > 0 && shape.Expiry == 0 {
		side.came = vec.NewBuilder(types.Of(types.BigInt))
		shape.Columns = append(shape.Columns, side.came.Type())
		side.stored = append(side.stored[:len(side.stored):len(side.stored)], vec.NewBuilder(side.came.Type()))
		shape.Expiry = len(shape.Columns)
	}
	if p.Numbered {
		side.number = vec.NewBuilder(types.Of(types.BigInt))
		shape.Columns = append(shape.Columns, side.number.Type())
		side.stored = append(side.stored[:len(side.stored):len(side.stored)], vec.NewBuilder(side.number.Type()))
	}
	if side.counts {
		shape.Words = 3
	}
	side.held = p.newHeld(&shape, in.Schema(), env)
	var err error
	if side.keys, err = compileColumns(keys, env); err != nil {
		return nil, err
	}
	side.aside = env.aside(side.keys.eval, p.AppendOnly)
	if p.Expires[i].Column > 0 {
		if side.until, err = p.Expires[i].Until.open(env.watermarks); err != nil {
			return nil, err
		}
	}
	side.index, err = env.State.Index(env.Name+[]string{"/left", "/right"}[i], shape)
	return side, err
}

// A joinSide is one input of a running join.
type joinSide struct {
	keys    columns
	aside   *aside
	strict  []bool // for each key: a NULL in it matches nothing
	index   state.Index
	counts  bool
	until   *watermark     // rows below it are forgotten; nil for none
	columns []*vec.Builder // stored rows of the call at hand
	came    *vec.Builder   // a further column of stored rows: the step of time in which they came; nil where there is none
	number  *vec.Builder   // or their numbers; nil where they have none
	epoch   int64          // the last in which rows were numbered
	last    int64          // the last number
	repeats repeats        // of rows without their numbers
	stored  []*vec.Builder // columns, and those of came or number

	held *held // rows that are not stored yet; nil where each is as it comes

	rows  []int32 // of the delta: the stored rows
	fresh []bool  // of the delta: the row was stored by it, and its matches are not counted
}
