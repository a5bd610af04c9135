package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Expand makes of each row as many as a table function gives for it.
//
//	Apply   emits the rows, each with the weight of the one that it is made of
//	Finish  nothing
//
// State: none. A row that is taken back takes the same rows back.
type Expand struct {
	Input Plan
	Func  *function.BoundTable
	Args  []expr.Expr
	Outer bool // a row for which the function gives none is kept, NULLs beside it

	AppendOnly bool // the input only ever adds rows
	Out        *types.Schema
}

// Inputs implements Plan.
func (p *Expand) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Expand) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Expand) String() string {
	args := make([]string, len(p.Args))
	for i, a := range p.Args {
		args[i] = a.String()
	}
	out := "Expand " + p.Func.Call(strings.Join(args, ", "))
	if p.Func.Numbered {
		out += " with ordinality"
	}
	if p.Outer {
		out += " or NULL"
	}
	return out
}

// Open implements Plan.
func (p *Expand) Open(env *Env) (Operator, error) {
	x := &expand{plan: p, errorNull: env.EvalErrorNull}
	for _, f := range p.Func.Columns {
		x.made = append(x.made, vec.NewBuilder(f.Type))
	}
	var err error
	x.args, err = compileColumns(p.Args, env)
	x.aside = env.aside(x.args.eval, p.AppendOnly)
	x.failed = env.aside(x.try, p.AppendOnly)
	return x, err
}

type expand struct {
	plan      *Expand
	args      columns
	errorNull bool
	aside     *aside  // rows whose arguments have no value
	failed    *aside  // rows for which the function fails
	sel       []int32 // the row of the delta that each row is made of
	made      []*vec.Builder
	weights   []int64
}

func (x *expand) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	delta, err := x.aside.eval(s, delta)
	if err != nil {
		return err
	}
	for row := 0; row < delta.Len; row++ {
		if batch := x.plan.Func.Batch; batch != nil && !x.plan.Outer {
			if row, x.sel = batch(x.args.vecs, row, x.sel, x.made); len(x.sel) >= vec.BatchRows {
				if err := x.flush(s, delta); err != nil {
					return err
				}
			}
			if row == delta.Len {
				break
			}
		}
		n, err := x.rows(row)
		if err != nil {
			if x.failed.off {
				return err
			}
			x.failed.hold(delta, row, err)
		}
		for range n {
			x.sel = append(x.sel, int32(row))
		}
		if len(x.sel) >= vec.BatchRows {
			if err := x.flush(s, delta); err != nil {
				return err
			}
		}
	}
	return x.flush(s, delta)
}

// rows asks the function for the rows of one.
func (x *expand) rows(row int) (int, error) {
	before := len(x.sel)
	n, err := x.plan.Func.Rows(x.args.vecs, row, x.made)
	if err != nil {
		n = 0
		for _, b := range x.made {
			b.Truncate(before)
		}
		if !x.errorNull {
			return 0, fmt.Errorf("%s: %w", x.plan.Func.Name, err)
		}
	}
	if n == 0 && x.plan.Outer {
		n = 1
		for _, b := range x.made {
			b.AppendNull()
		}
	}
	return n, nil
}

// flush emits what there is.
func (x *expand) flush(s *Step, delta *zset.Batch) error {
	if len(x.sel) == 0 {
		return nil
	}
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	out := &zset.Batch{Schema: x.plan.Out, Len: len(x.sel)}
	same := x.one(delta.Len)
	for _, c := range delta.Cols {
		if !same {
			c = vec.Gather(s.Mem, c, x.sel)
		}
		out.Cols = append(out.Cols, c)
	}
	for _, b := range x.made {
		out.Cols = append(out.Cols, b.Vec())
	}
	if delta.Weights != nil {
		x.weights = x.weights[:0]
		for _, row := range x.sel {
			x.weights = append(x.weights, delta.Weights[row])
		}
		out.Weights = x.weights
	}
	err := out.Parts(s.Emit)
	x.sel = x.sel[:0]
	for _, b := range x.made {
		b.Reset()
	}
	return err
}

// one reports that one row is made of each of n rows.
func (x *expand) one(n int) bool {
	if len(x.sel) != n {
		return false
	}
	for i, row := range x.sel {
		if int(row) != i {
			return false
		}
	}
	return true
}

// try asks for the rows of one row alone, for the error of it.
func (x *expand) try(s *Step, b *zset.Batch) error {
	if err := x.args.eval(s, b); err != nil {
		return err
	}
	_, err := x.rows(0)
	for _, b := range x.made {
		b.Reset()
	}
	return err
}

func (x *expand) Finish(context.Context, *Step) error { return nil }
