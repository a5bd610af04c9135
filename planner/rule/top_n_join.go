package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// TopNJoin finds the rows that have the greatest value of their group in the order of the rows,
// where a query joins them with the greatest values.
//
//	Join ON l.k = r.k AND l.v >= r.m       Project k, v, k, v AS m
//	├─ t                                => └─ Top 1 by rank BY v DESC PER k
//	└─ Aggregate max(v) AS m BY k             └─ Filter k IS NOT NULL AND v IS NOT NULL
//	   └─ t                                      └─ t
//
// The same for the least, for = in place of >=, and for the sides the other way round. Both have
// to be the same rows, whatever columns are made of them. Not by floats, of which NaN is the
// greatest and equal to none.
var TopNJoin = Rule{Name: "TopNJoin", Rewrite: topNJoin}

func topNJoin(n logical.Node) (logical.Node, bool) {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != logical.Inner || j.On == nil || len(j.Params) > 0 {
		return n, false
	}
	for _, e := range [2]extremes{{join: j, rows: j.Left, groups: j.Right, left: true}, {join: j, rows: j.Right, groups: j.Left}} {
		if e.find() {
			return e.top(), true
		}
	}
	return n, false
}

// extremes are rows that are joined with the extremes of their groups.
type extremes struct {
	join         *logical.Join
	rows, groups logical.Node
	left         bool // the rows are the left side

	columns   []expr.Expr // of the groups' side, over what the aggregate puts out
	partition []int       // columns of the rows by group; -1 for those that are not compared
	value     int         // the column of the rows that has the extreme one
	desc      bool
}

// find reports that the join is one with the extremes.
func (e *extremes) find() bool {
	top, columns := beneath(e.groups)
	a, ok := top.(*logical.Aggregate)
	if !ok || a.Sets != nil || len(a.Calls) != 1 || a.Calls[0].Filter != nil {
		return false
	}
	call := a.Calls[0]
	e.columns, e.desc, e.value = columns, call.Func.Name == "max", -1
	if !e.desc && call.Func.Name != "min" || !call.Bind.Returns.Equal(call.Args[0].Type()) {
		return false
	}
	in, made := computed(a.Input, append(append([]expr.Expr(nil), a.Group...), call.Args[0]))
	if f, ok := in.(*logical.Filter); ok && onlyThere(f.Pred, made) {
		in, made = computed(f.Input, made)
	}
	all, ofRows := beneath(e.rows)
	if !alike(in, all) {
		return false
	}
	for range a.Group {
		e.partition = append(e.partition, -1)
	}
	for _, c := range expr.Conjuncts(e.join.On) {
		if !e.compared(c, made, ofRows) {
			return false
		}
	}
	return e.value >= 0 && !slices.Contains(e.partition, -1)
}

// compared takes in a condition: it compares a group or the extreme value with what it is made
// of in the rows.
func (e *extremes) compared(c expr.Expr, made, ofRows []expr.Expr) bool {
	x, ok := c.(*expr.Compare)
	if !ok {
		return false
	}
	l, ok := x.L.(*expr.Column)
	r, ok2 := x.R.(*expr.Column)
	if !ok || !ok2 {
		return false
	}
	op, width := x.Op, e.join.Left.Schema().Len()
	if l.Index >= width {
		l, r, op = r, l, mirrored(op)
	}
	if l.Index >= width || r.Index < width {
		return false
	}
	row, group := l.Index, r.Index-width
	if !e.left {
		row, group, op = group, row, mirrored(op)
	}
	of, ok := e.columns[group].(*expr.Column)
	if !ok || !ordered(of.Type()) || !pure(made[of.Index]) || expr.Fingerprint(made[of.Index]) != expr.Fingerprint(ofRows[row]) {
		return false
	}
	if at := of.Index; at < len(e.partition) {
		e.partition[at] = row
		return op == expr.Eq
	}
	e.value = row
	return op == expr.Eq || e.desc && op == expr.Ge || !e.desc && op == expr.Le
}

// ordered reports that values of a type are the same where neither is before the other.
func ordered(t types.Type) bool { return exact(t) && t.Kind != types.JSON && !t.IsNested() }

// top is what the join becomes.
func (e *extremes) top() logical.Node {
	fields := e.rows.Schema().Fields
	var there []expr.Expr
	made := make([]expr.Expr, 0, len(e.partition)+1)
	for _, c := range append(append([]int(nil), e.partition...), e.value) {
		col := &expr.Column{Index: c, Field: fields[c]}
		made = append(made, col)
		if !fields[c].NotNull {
			there = append(there, &expr.IsNull{Arg: col, Negated: true})
		}
	}
	p := &logical.Project{
		Names: e.join.Schema().Names(),
		Input: &logical.TopN{
			Input: filtered(e.rows, there), Partition: e.partition,
			Keys: []logical.SortKey{{Column: e.value, Desc: e.desc}}, Limit: 1, By: logical.RankTies,
		},
	}
	for i, f := range fields {
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
	}
	if groups := substituteAll(e.columns, made); e.left {
		p.Exprs = append(p.Exprs, groups...)
	} else {
		p.Exprs = append(groups, p.Exprs...)
	}
	return p
}

// onlyThere reports that a condition asks no more than that values are not NULL: what = compares
// is not.
func onlyThere(pred expr.Expr, values []expr.Expr) bool {
	for _, c := range expr.Conjuncts(pred) {
		x, ok := c.(*expr.IsNull)
		if !ok || !x.Negated || !slices.ContainsFunc(values, func(v expr.Expr) bool { return expr.Fingerprint(v) == expr.Fingerprint(x.Arg) }) {
			return false
		}
	}
	return true
}

// computed is the node below projections, and expressions over n as they are computed of it.
func computed(n logical.Node, es []expr.Expr) (logical.Node, []expr.Expr) {
	in, columns := beneath(n)
	return in, substituteAll(es, columns)
}

// beneath is the node below projections, and the columns of n over it.
func beneath(n logical.Node) (logical.Node, []expr.Expr) {
	var columns []expr.Expr
	for i, f := range n.Schema().Fields {
		columns = append(columns, &expr.Column{Index: i, Field: f})
	}
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			return n, columns
		}
		for _, e := range p.Exprs {
			if !pure(e) {
				return n, columns
			}
		}
		n, columns = p.Input, substituteAll(columns, p.Exprs)
	}
}

// alike reports that two plans always have the same rows.
func alike(a, b logical.Node) bool {
	x, ok := logical.Identity(a)
	y, _ := logical.Identity(b)
	ins, others := a.Inputs(), b.Inputs()
	if !ok || x != y || len(ins) != len(others) {
		return false
	}
	for i := range ins {
		if !alike(ins[i], others[i]) {
			return false
		}
	}
	return true
}
