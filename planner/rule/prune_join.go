package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// join leaves out columns of the sides that neither the join nor what is above reads,
// and the right side where each row of the left is there once with or without it.
func (p *pruner) join(j *logical.Join, need []bool) (logical.Node, []int) {
	if len(j.Params) > 0 {
		return j, identity(len(need))
	}
	width := j.Left.Schema().Len()
	if !slices.Contains(need[width:], true) && (j.Kind == logical.Mark || j.Kind == logical.Left && oneMatch(j)) {
		p.changed = true
		left, at := p.prune(j.Left, need[:width:width])
		return left, append(at[:width:width], gone(len(need)-width)...)
	}
	both := make([]bool, width+j.Right.Schema().Len())
	copy(both, need[:width])
	if j.Kind <= logical.Full {
		copy(both[width:], need[width:])
	}
	if j.On != nil {
		mark(both, j.On)
	}
	if j.Any != nil {
		mark(both, j.Any)
	}
	left, l := p.prune(j.Left, both[:width:width])
	right, r := p.prune(j.Right, both[width:])
	moved := left.Schema().Len()
	at := append([]int(nil), l...)
	for _, c := range r {
		if c >= 0 {
			c += moved
		}
		at = append(at, c)
	}
	out := *j
	out.Left, out.Right = left, right
	if j.On != nil {
		out.On = remap(j.On, at)
	}
	if j.Any != nil {
		out.Any = remap(j.Any, at)
	}
	switch j.Kind {
	case logical.Semi, logical.Anti:
		return &out, l
	case logical.Mark:
		return &out, append(l[:width:width], moved)
	}
	return &out, at
}

// expand leaves out columns of the input that neither the table function nor what is above
// reads.
func (p *pruner) expand(x *logical.Expand, need []bool) (logical.Node, []int) {
	width := x.Input.Schema().Len()
	in := slices.Clone(need[:width])
	mark(in, x.Args...)
	input, at := p.prune(x.Input, in)
	out := *x
	out.Input, out.Args = input, remapAll(x.Args, at)
	moved := input.Schema().Len()
	for i := range x.Func.Columns {
		at = append(at[:width+i:width+i], moved+i)
	}
	return &out, at
}

// gone is where n columns are that are there no more.
func gone(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = -1
	}
	return at
}

// oneMatch reports that no row of the left has two matches: the columns looked up hold a
// key of the right.
func oneMatch(j *logical.Join) bool {
	keys, _ := j.Equi()
	var columns []int
	for _, k := range keys {
		if c, ok := k.Right.(*expr.Column); ok && !c.Type().IsFloat() {
			columns = append(columns, c.Index)
		}
	}
	return j.Right.Properties().HasKeyIn(columns)
}
