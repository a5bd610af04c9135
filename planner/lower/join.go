package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

var joinKinds = map[logical.JoinKind]exec.JoinKind{
	logical.Inner: exec.InnerJoin, logical.Left: exec.LeftJoin, logical.Right: exec.RightJoin, logical.Full: exec.FullJoin,
	logical.Semi: exec.SemiJoin, logical.Anti: exec.AntiJoin, logical.Mark: exec.MarkJoin,
}

// join looks matches up by the equalities of the condition. Where there are several
// workers, the rows of both sides go to the worker that owns their keys; those of a
// join without equalities all to one.
func (l *lowering) join(j *logical.Join, left, right exec.Plan, print *print) exec.Plan {
	keys, rest := j.Equi()
	out := &exec.Join{Left: left, Right: right, Kind: joinKinds[j.Kind], Any: j.Any, AppendOnly: appends(j.Left) && appends(j.Right), Forget: j.Forget, Numbered: j.Numbered, Out: j.Schema()}
	for _, k := range keys {
		out.Keys = append(out.Keys, exec.JoinKey{Left: k.Left, Right: k.Right, NullSafe: k.NullSafe})
	}
	if len(rest) > 0 {
		out.On = expr.AndOf(rest...)
	}
	for side := range out.Expires {
		if c, of, ok := j.Expires(side); ok {
			out.Expires[side] = exec.Expires{Column: c + 1, Until: Watermark(of)}
		}
	}
	if l.workers <= 1 {
		return l.name(print, out)
	}
	ls, rs := &routed{input: left, appends: appends(j.Left)}, &routed{input: right, appends: appends(j.Right)}
	for i, k := range out.Keys {
		out.Keys[i].Left, out.Keys[i].Right = ls.column(k.Left), rs.column(k.Right)
	}
	routes, there := j.Routes()
	out.Left, out.Right = ls.plan(routes, there[0]), rs.plan(routes, there[1])
	width, moved := left.Schema().Len(), len(ls.added)
	if moved+len(rs.added) == 0 {
		return l.name(print, out)
	}
	if out.On != nil {
		out.On = behind(out.On, width, moved)
	}
	if out.Any != nil {
		out.Any = behind(out.Any, width, moved)
	}
	return l.withoutKeys(j, out, print, width, moved)
}

// behind moves the columns of the right side behind those that the left has gained.
func behind(e expr.Expr, width, by int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && c.Index >= width {
			return &expr.Column{Index: c.Index + by, Field: c.Field}
		}
		return x
	})
}

// withoutKeys projects a join whose sides have gained columns to what it should show.
func (l *lowering) withoutKeys(j *logical.Join, out *exec.Join, print *print, width, moved int) exec.Plan {
	wide := *j
	wide.Left, wide.Right = &columns{out.Left.Schema()}, &columns{out.Right.Schema()}
	wide.On, wide.Any = nil, j.Any
	out.Out = wide.Schema()
	p := &exec.Project{Input: l.name(print, out), Out: j.Schema()}
	for i, f := range p.Out.Fields {
		at := i
		if i >= width {
			at += moved
		}
		p.Exprs = append(p.Exprs, &expr.Column{Index: at, Field: f})
	}
	return p
}

// columns is a node that has a schema alone.
type columns struct{ schema *types.Schema }

func (c *columns) Inputs() []logical.Node                 { return nil }
func (c *columns) WithInputs([]logical.Node) logical.Node { return c }
func (c *columns) Schema() *types.Schema                  { return c.schema }
func (c *columns) String() string                         { return "columns" }
func (c *columns) Properties() logical.Properties         { return logical.Properties{} }

// routed is an input whose rows go to the worker that owns their keys. Keys that are
// computed become columns behind its own.
type routed struct {
	input   exec.Plan
	appends bool // rows are only ever added
	keys    []int
	added   []expr.Expr
}

// column makes a key of an expression over the input and returns it as a column.
func (r *routed) column(e expr.Expr) expr.Expr {
	c, ok := e.(*expr.Column)
	if !ok {
		f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
		c = &expr.Column{Index: r.input.Schema().Len() + len(r.added), Field: f}
		r.added = append(r.added, e)
	}
	r.keys = append(r.keys, c.Index)
	return c
}

// plan routes the rows by some of the keys, which they need not where they are there.
func (r *routed) plan(keys []int, there bool) exec.Plan {
	in := r.input
	if len(r.added) > 0 {
		p := &exec.Project{Input: in, AppendOnly: r.appends, Out: &types.Schema{}}
		for i, f := range in.Schema().Fields {
			p.Exprs, p.Out.Fields = append(p.Exprs, &expr.Column{Index: i, Field: f}), append(p.Out.Fields, f)
		}
		for _, e := range r.added {
			f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
			p.Exprs, p.Out.Fields = append(p.Exprs, e), append(p.Out.Fields, f)
		}
		in = p
	}
	if there {
		return in
	}
	x := &exec.Exchange{Input: in}
	for _, k := range keys {
		x.Keys = append(x.Keys, r.keys[k])
	}
	return x
}
