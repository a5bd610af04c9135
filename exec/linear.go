package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Scan is where rows of a table enter: the loop pushes batches into it.
type Scan struct {
	Table   string
	Columns []int // positions of the table's columns, in the order of Out
	Out     *types.Schema
}

// Inputs implements Plan.
func (p *Scan) Inputs() []Plan { return nil }

// Schema implements Plan.
func (p *Scan) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Scan) String() string {
	return fmt.Sprintf("Scan %s [%s]", p.Table, strings.Join(p.Out.Names(), ", "))
}

// Open implements Plan.
func (p *Scan) Open(*Env) (Operator, error) { return pass{}, nil }

// UnionAll passes on the rows of all its inputs.
type UnionAll struct {
	Ins []Plan
	Out *types.Schema
}

// Inputs implements Plan.
func (p *UnionAll) Inputs() []Plan { return p.Ins }

// Schema implements Plan.
func (p *UnionAll) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *UnionAll) String() string { return "UnionAll" }

// Open implements Plan.
func (p *UnionAll) Open(*Env) (Operator, error) { return pass{}, nil }

// pass hands on what it is given.
type pass struct{}

func (pass) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error { return s.Emit(delta) }
func (pass) Finish(context.Context, *Step) error                              { return nil }

// Filter keeps the rows for which the predicate is TRUE.
//
//	Apply   emits the rows selected, with their weights
//	Finish  nothing
//
// State: none.
type Filter struct {
	Input Plan
	Pred  expr.Expr
}

// Inputs implements Plan.
func (p *Filter) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Filter) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Filter) String() string { return "Filter " + p.Pred.String() }

// Open implements Plan.
func (p *Filter) Open(env *Env) (Operator, error) {
	f, err := expr.CompileFilter(p.Pred, env.EvalErrorNull)
	if err != nil {
		return nil, err
	}
	return &filter{pred: f}, nil
}

type filter struct {
	pred *expr.Filter
	sel  []int32
}

func (f *filter) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	sel, all, err := f.pred.Select(s.expr(), delta, f.sel[:0])
	f.sel = sel
	if err != nil {
		return err
	}
	if all {
		return s.Emit(delta)
	}
	if len(sel) == 0 {
		return nil
	}
	return s.Emit(delta.Gather(s.Mem, sel))
}

func (f *filter) Finish(context.Context, *Step) error { return nil }

// Project computes new columns of each row.
//
//	Apply   emits the computed columns with the rows' weights
//	Finish  nothing
//
// State: none.
type Project struct {
	Input Plan
	Exprs []expr.Expr
	Out   *types.Schema
}

// Inputs implements Plan.
func (p *Project) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Project) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Project) String() string {
	parts := make([]string, len(p.Exprs))
	for i, e := range p.Exprs {
		parts[i] = e.String()
		if name := p.Out.Fields[i].Name; name != parts[i] {
			parts[i] += " AS " + name
		}
	}
	return "Project " + strings.Join(parts, ", ")
}

// Open implements Plan.
func (p *Project) Open(env *Env) (Operator, error) {
	op := &project{out: p.Out}
	for _, e := range p.Exprs {
		prog, err := expr.Compile(e, env.EvalErrorNull)
		if err != nil {
			return nil, err
		}
		op.progs = append(op.progs, prog)
	}
	op.cols = make([]*vec.Vec, len(op.progs))
	return op, nil
}

type project struct {
	progs []*expr.Program
	out   *types.Schema
	cols  []*vec.Vec
}

func (p *project) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	for i, prog := range p.progs {
		v, err := prog.Eval(s.expr(), delta, nil)
		if err != nil {
			return err
		}
		p.cols[i] = v
	}
	return s.Emit(&zset.Batch{Schema: p.out, Len: delta.Len, Cols: p.cols, Weights: delta.Weights})
}

func (p *project) Finish(context.Context, *Step) error { return nil }
