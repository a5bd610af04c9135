package logical

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
)

// Routing returns the plan in which rows stay, where there are several workers, if they are
// divided as an operator needs them: groups of what a join has put together by one of their
// columns, say. Groups below a join are divided by its keys where they have them.
//
// It is said in the plan, which is kept, since it is another worker that remembers a group: in a
// query that an earlier version has begun all rows are routed as they were.
func Routing(n Node) Node {
	r := &routing{top: n, done: map[Node]Node{}}
	return r.node(n, nil)
}

type routing struct {
	top   Node
	done  map[Node]Node
	often map[Node]bool // aggregates that stand in several places; nil where that is not known yet
}

// node routes what a node needs, whose rows are wanted divided by columns, nil for any way.
func (r *routing) node(n Node, want []int) Node {
	if out, ok := r.done[n]; ok {
		return out
	}
	if _, ok := n.(*Recursive); ok { // one worker's
		return n
	}
	ins := slices.Clone(n.Inputs())
	changed := false
	for i, in := range ins {
		ins[i] = r.node(in, wanted(n, i, want))
		changed = changed || ins[i] != in
	}
	out := n
	if changed {
		out = n.WithInputs(ins)
	}
	out = r.local(n, out, want)
	r.done[n] = out
	return out
}

// local says of a node, which was another one, that rows stay.
func (r *routing) local(was, n Node, want []int) Node {
	switch x := n.(type) {
	case *TopN:
		out := *x
		if out.Local = true; out.Stays() {
			return &out
		}
	case *Window:
		out := *x
		if out.Local = true; out.Stays() {
			return &out
		}
	case *Join:
		out := *x
		out.Local = true
		if _, there := out.Routes(); there != [2]bool{} {
			return &out
		}
	case *Aggregate:
		out := *x
		if out.Local = true; x.Sets == nil && out.Stays() {
			return &out
		}
		if x.Owned == nil && !slices.Equal(want, x.Routes()) && x.has(want) && !r.repeated(was) {
			out.Local, out.Owned = x.Local, want
			return &out
		}
	}
	return n
}

// has reports that groups have columns, by which they can be divided.
func (a *Aggregate) has(columns []int) bool {
	for i, c := range columns {
		if c >= len(a.Group) || slices.Contains(columns[:i], c) {
			return false
		}
	}
	return len(columns) > 0 && a.Sets == nil
}

// repeated reports that an aggregate stands in several places, where it is to be the same.
func (r *routing) repeated(n Node) bool {
	if r.often == nil {
		r.often = map[Node]bool{}
		first := map[string]Node{}
		walkPrinted(r.top, func(n Node, print string) Node {
			if _, ok := n.(*Aggregate); ok {
				if first[print] == nil {
					first[print] = n
				} else {
					r.often[n], r.often[first[print]] = true, true
				}
			}
			return n
		})
	}
	return r.often[n]
}

// wanted are the columns of an input by which a node wants its rows divided, where its own are
// wanted divided by others; nil for any way.
func wanted(n Node, input int, want []int) []int {
	switch x := n.(type) {
	case *Join:
		return joinColumns(x, input)
	case *Filter, *Sort, *EmitFinal:
		return want
	case *Project:
		var out []int
		for _, c := range want {
			e, ok := x.Exprs[c].(*expr.Column)
			if !ok {
				return nil
			}
			out = append(out, e.Index)
		}
		return out
	}
	return nil
}

// joinColumns are the columns of an input that are the keys of a join, nil where one is computed.
func joinColumns(j *Join, input int) []int {
	var out []int
	keys, _ := j.Equi()
	for _, k := range keys {
		c, ok := [2]expr.Expr{k.Left, k.Right}[input].(*expr.Column)
		if !ok {
			return nil
		}
		out = append(out, c.Index)
	}
	return out
}
