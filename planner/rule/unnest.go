package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// unnestJoin makes a plain join of a dependent one, as T. Neumann and A. Kemper have it
// (Unnesting Arbitrary Queries, BTW 2015): the right input is computed for all values
// of the parameters at once, which stand beside its rows, and the join compares them
// with those of each left row. Where the right input says itself, by equalities, which
// rows belong to which values, it need not know those of the left: then it is computed
// for all values that it has, and the join takes those that are asked for.
//
// A join that cannot be made plain stays as it is.
func unnestJoin(j *logical.Join) logical.Node {
	if !logical.Correlated(j.Right) {
		out := *j
		out.Params = nil
		return &out
	}
	if out := unnestRow(j); out != nil {
		return out
	}
	if out := unnestPull(j); out != nil {
		return out
	}
	if out := unnestSingle(j); out != nil {
		return out
	}
	u := newUnnesting(j)
	u.exact = failing(j.Right)
	right := u.node(j.Right)
	if right == nil {
		return j
	}
	return u.join(j, right, j.Right.Schema().Len())
}

// An unnesting computes a dependent join's right input for many values of its
// parameters at once.
type unnesting struct {
	params []*logical.Param // one for each; their types
	domain logical.Node     // every list of values that the left rows have, once
	exact  bool             // nothing may be computed for values that are not in the domain
	// selves are what the recursions at hand read of themselves, with the values beside it.
	selves map[*logical.Self]logical.Node
}

// depends reports that a plan is another for other values of the parameters: it reads them,
// or what a recursion has made of them.
func (u *unnesting) depends(n logical.Node) bool {
	if logical.Correlated(n) {
		return true
	}
	found := false
	logical.Walk(n, func(n logical.Node) {
		self, ok := n.(*logical.Self)
		found = found || ok && u.selves[self] != nil
	})
	return found
}

func newUnnesting(j *logical.Join) *unnesting {
	u := &unnesting{}
	p := &logical.Project{Input: j.Left, Exprs: j.Params}
	for i, e := range j.Params {
		name := columnName(e)
		p.Names = append(p.Names, name)
		u.params = append(u.params, &logical.Param{Index: i, Field: types.Field{Name: name, Type: e.Type(), NotNull: e.NotNull()}})
	}
	u.domain = logical.Distinct(p)
	return u
}

// columnName is what a column with the value of an expression is called.
func columnName(e expr.Expr) string {
	switch x := e.(type) {
	case *logical.Param:
		return x.Field.Name
	case *expr.Column:
		return x.Field.Name
	}
	return e.String()
}

// join compares the parameters' values, which stand behind the first width columns of
// the right input, with those of the left rows.
func (u *unnesting) join(j *logical.Join, right logical.Node, width int) logical.Node {
	out := *j
	out.Params, out.Right = nil, right
	left := j.Left.Schema().Len()
	var conds []expr.Expr
	for i, p := range j.Params {
		f := right.Schema().Fields[width+i]
		conds = append(conds, &expr.Compare{Op: matching(f), L: p, R: &expr.Column{Index: left + width + i, Field: f}})
	}
	if j.On != nil {
		conds = append(conds, expr.Conjuncts(j.On)...)
	}
	out.On = expr.AndOf(conds...)
	switch j.Kind {
	case logical.Semi, logical.Anti, logical.Mark:
		return &out
	}
	return logical.Head(&out, left+width)
}

// matching is the comparison by which a value of the parameters finds its rows.
func matching(f types.Field) expr.Op {
	if f.NotNull && exact(f.Type) {
		return expr.Eq
	}
	return expr.NullSafeEq
}

// values returns the parameters' values beside a plan's rows as columns from the
// width-th on.
func (u *unnesting) values(n logical.Node, width int) []expr.Expr {
	s := n.Schema()
	out := make([]expr.Expr, len(u.params))
	for i := range out {
		out[i] = &expr.Column{Index: width + i, Field: s.Fields[width+i]}
	}
	return out
}

// given puts values in place of the parameters.
func given(e expr.Expr, values []expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if p, ok := x.(*logical.Param); ok {
			return values[p.Index]
		}
		return x
	})
}

func givenAll(es []expr.Expr, values []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = given(e, values)
	}
	return out
}

// cross puts every value of the domain beside every row.
func (u *unnesting) cross(n logical.Node) logical.Node {
	return &logical.Join{Left: n, Right: u.domain, Kind: logical.Inner}
}

// unnestRow computes beside the left rows what the right input, a row without a table,
// makes of their values.
//
//	Dependent join GIVEN a     Project *, a + 1 AS b
//	├─ t                    => └─ t
//	└─ Project $1 + 1 AS b
//	   └─ Values (1 row)
func unnestRow(j *logical.Join) logical.Node {
	if j.On != nil || j.Kind != logical.Inner && j.Kind != logical.Left {
		return nil
	}
	p, ok := j.Right.(*logical.Project)
	if !ok {
		return nil
	}
	v, ok := p.Input.(*logical.Values)
	if !ok || v.Rows.Len != 1 || v.Schema().Len() > 0 || v.Rows.Weights != nil {
		return nil
	}
	out := beside(j.Left)
	out.Exprs = append(out.Exprs, givenAll(p.Exprs, j.Params)...)
	out.Names = append(out.Names, p.Names...)
	return out
}

// beside is a projection of all columns of a plan, to which others can be added.
func beside(n logical.Node) *logical.Project {
	p := &logical.Project{Input: n}
	for i, f := range n.Schema().Fields {
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
		p.Names = append(p.Names, f.Name)
	}
	return p
}

// unnestSingle joins an aggregate of one row, and what is computed of it: its groups
// are the values, and where there is no group stands what the calls give for no row
// (without that, a count of nothing would be NULL, the count bug).
//
//	Dependent left join GIVEN a    Project *, CASE WHEN here IS NULL THEN 0 ELSE count(*) END
//	├─ t                        => └─ Left join ON a = b
//	└─ Aggregate count(*)             ├─ t
//	   └─ Filter b = $1               └─ Aggregate count(*), b, TRUE AS here BY b
//	      └─ u                           └─ u
func unnestSingle(j *logical.Join) logical.Node {
	if j.Kind != logical.Left && j.Kind != logical.Inner || j.On != nil {
		return nil
	}
	var above []*logical.Project
	n := j.Right
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			break
		}
		above, n = append(above, p), p.Input
	}
	agg, ok := n.(*logical.Aggregate)
	if !ok || len(agg.Group) > 0 {
		return nil
	}
	u := newUnnesting(j)
	u.exact = failing(agg)
	groups := u.groups(agg)
	if groups == nil {
		return nil
	}
	filled := u.filled(j.Left, j.Params, groups, agg)
	if filled == nil {
		return nil
	}
	values := filled.Exprs[j.Left.Schema().Len():]
	for i := len(above) - 1; i >= 0; i-- {
		values = givenAll(substituteAll(above[i].Exprs, values), j.Params) // what is given is over other columns
	}
	filled.Exprs = append(filled.Exprs[:j.Left.Schema().Len():j.Left.Schema().Len()], values...)
	filled.Names = append(filled.Names[:j.Left.Schema().Len():j.Left.Schema().Len()], j.Right.Schema().Names()...)
	return filled
}

// groups is an aggregate without groups computed for each list of values: its calls,
// the values, and TRUE.
func (u *unnesting) groups(agg *logical.Aggregate) logical.Node {
	in := u.node(agg.Input)
	if in == nil {
		return nil
	}
	values := u.values(in, agg.Input.Schema().Len())
	grouped := &logical.Aggregate{Input: in, Group: values, Calls: u.calls(agg, values)}
	for _, p := range u.params {
		grouped.Names = append(grouped.Names, p.Field.Name)
	}
	out := u.last(grouped, 0)
	out.Exprs = append(out.Exprs, truth(true))
	out.Names = append(out.Names, "here")
	return out
}

func (u *unnesting) calls(agg *logical.Aggregate, values []expr.Expr) []logical.Call {
	calls := make([]logical.Call, len(agg.Calls))
	for i, c := range agg.Calls {
		calls[i] = c.WithExprs(givenAll(c.Exprs(), values))
	}
	return calls
}

// filled joins to rows that have the values as expressions what groups gives for them:
// the rows' columns, then the calls. It is nil where a call says nothing for no row.
func (u *unnesting) filled(rows logical.Node, values []expr.Expr, groups logical.Node, agg *logical.Aggregate) *logical.Project {
	width, calls := rows.Schema().Len(), len(agg.Calls)
	var conds []expr.Expr
	for i, v := range values {
		f := groups.Schema().Fields[calls+i]
		conds = append(conds, &expr.Compare{Op: matching(f), L: v, R: &expr.Column{Index: width + calls + i, Field: f}})
	}
	joined := &logical.Join{Left: rows, Right: groups, Kind: logical.Left, On: expr.AndOf(conds...)}
	fields := joined.Schema().Fields
	here := len(fields) - 1
	out := beside(rows)
	out.Input = joined
	for i, c := range agg.Calls {
		var e expr.Expr = &expr.Column{Index: width + i, Field: fields[width+i]}
		empty, err := expr.Empty(c.Bind)
		if err != nil {
			return nil
		}
		if empty.Value != nil {
			gone := &expr.IsNull{Arg: &expr.Column{Index: here, Field: fields[here]}}
			e = &expr.Case{Whens: []expr.When{{Cond: gone, Then: empty}}, Else: e, T: empty.T}
		}
		out.Exprs = append(out.Exprs, e)
		out.Names = append(out.Names, c.String())
	}
	return out
}

// failing reports that computing a plan for values which no left row has might raise an
// error that the query does not.
func failing(n logical.Node) bool {
	found := false
	logical.Walk(n, func(n logical.Node) {
		for _, e := range logical.Exprs(n) {
			found = found || expr.CanFail(e)
		}
		if _, ok := n.(*logical.Recursive); ok { // it might not end
			found = true
		}
		if a, ok := n.(*logical.Aggregate); ok {
			for _, c := range a.Calls {
				found = found || c.Func == &function.SingleValue
			}
		}
	})
	return found
}
