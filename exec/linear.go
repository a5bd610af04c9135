package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
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

// zoned reports a column that is shown in another zone than UTC.
func (p *Scan) zoned() bool {
	return slices.ContainsFunc(p.Out.Fields, func(f types.Field) bool { return f.Type.Zone != nil })
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
	Input      Plan
	Pred       expr.Expr
	AppendOnly bool // the input only ever adds rows
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
	out := &filter{pred: f}
	out.aside = env.aside(out.eval, p.AppendOnly)
	return out, nil
}

type filter struct {
	pred  *expr.Filter
	aside *aside
	sel   []int32
	all   bool // sel is every row
}

func (f *filter) eval(s *Step, b *zset.Batch) (err error) {
	f.sel, f.all, err = f.pred.Select(s.expr(), b, f.sel[:0])
	return err
}

func (f *filter) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	delta, err := f.aside.eval(s, delta)
	switch {
	case err != nil:
		return err
	case f.all:
		return s.Emit(delta)
	case len(f.sel) == 0:
		return nil
	}
	return s.Emit(delta.Gather(s.Mem, f.sel))
}

func (f *filter) Finish(context.Context, *Step) error { return nil }

// Project computes new columns of each row.
//
//	Apply   emits the computed columns with the rows' weights
//	Finish  nothing
//
// State: none.
type Project struct {
	Input      Plan
	Exprs      []expr.Expr
	AppendOnly bool // the input only ever adds rows
	Out        *types.Schema
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
	columns, err := compileColumns(p.Exprs, env)
	out := &project{columns: columns, out: p.Out}
	out.aside = env.aside(out.columns.eval, p.AppendOnly)
	return out, err
}

type project struct {
	columns columns
	aside   *aside
	out     *types.Schema
}

func (p *project) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	delta, err := p.aside.eval(s, delta)
	if err != nil {
		return err
	}
	return s.Emit(&zset.Batch{Schema: p.out, Len: delta.Len, Cols: p.columns.vecs, Weights: delta.Weights})
}

func (p *project) Finish(context.Context, *Step) error { return nil }
