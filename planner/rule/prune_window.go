package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// window leaves out calls that nobody reads, and with the last of them the window.
func (p *pruner) window(x *logical.Window, need []bool) (logical.Node, []int) {
	width := x.Input.Schema().Len()
	out := *x
	out.Calls = nil
	places := gone(len(x.Calls))
	for i, c := range x.Calls {
		if need[width+i] {
			places[i] = len(out.Calls)
			out.Calls = append(out.Calls, c)
		}
	}
	p.changed = p.changed || len(out.Calls) < len(x.Calls)
	in := slices.Clone(need[:width])
	if len(out.Calls) > 0 {
		readByWindow(&out, in)
	}
	input, at := p.prune(x.Input, in)
	if len(out.Calls) == 0 {
		return input, append(at[:width:width], places...)
	}
	for i, c := range places {
		if c >= 0 {
			places[i] += input.Schema().Len()
		}
	}
	return moveWindow(&out, input, at), append(at[:width:width], places...)
}

// readByWindow marks the columns that decide what a window gives: all of them where its
// order leaves a tie for them to close.
func readByWindow(w *logical.Window, need []bool) {
	order := ordering(w.Partition, w.Keys)
	ties := tied(w.Input, order)
	for _, c := range order {
		need[c] = true
	}
	for _, c := range w.Calls {
		mark(need, c.Exprs()...)
		if ties && !peersAlike(c) {
			markAll(need)
		}
	}
}

// ordering lists the columns of a partition and its order.
func ordering(partition []int, keys []logical.SortKey) []int {
	out := slices.Clone(partition)
	for _, k := range keys {
		out = append(out, k.Column)
	}
	return out
}

// tied reports that two rows may be equal in the columns; floats may be and yet be others.
func tied(n logical.Node, columns []int) bool {
	s := n.Schema()
	exact := slices.DeleteFunc(slices.Clone(columns), func(c int) bool { return s.Fields[c].Type.IsFloat() })
	return !n.Properties().HasKeyIn(exact)
}

func markAll(need []bool) {
	for i := range need {
		need[i] = true
	}
}

// topN leaves out a number that nobody reads, and the columns that decide nothing.
func (p *pruner) topN(x *logical.TopN, need []bool) (logical.Node, []int) {
	out, width := *x, x.Input.Schema().Len()
	if x.Number != "" && !need[width] {
		out.Number, p.changed = "", true
	}
	in := slices.Clone(need[:width])
	order := ordering(x.Partition, x.Keys)
	for _, c := range order {
		in[c] = true
	}
	alike := x.By != logical.RowNumber || x.Ties && x.Offset == 0 && out.Number == ""
	if !alike && tied(x.Input, order) {
		markAll(in)
	}
	input, at := p.prune(x.Input, in)
	out.Input = input
	out.Partition, out.Keys = moveOrder(x.Partition, x.Keys, at)
	switch {
	case out.Number != "":
		at = append(at[:width:width], input.Schema().Len())
	case x.Number != "":
		at = append(at[:width:width], -1)
	}
	return &out, at
}

// moveOrder follows a partition and its order to the new places of their columns.
func moveOrder(partition []int, keys []logical.SortKey, at []int) (moved []int, order []logical.SortKey) {
	for _, c := range partition {
		moved = append(moved, at[c])
	}
	for _, k := range keys {
		k.Column = at[k.Column]
		order = append(order, k)
	}
	return moved, order
}

// peersAlike reports that a call gives rows of equal keys the same, however they stand
// among each other.
func peersAlike(c logical.WindowCall) bool {
	switch c.Name {
	case "rank", "dense_rank", "percent_rank", "cume_dist":
		return true
	case "count", "sum", "avg", "min", "max":
		return c.Frame.Unit != logical.Rows ||
			c.Frame.From.Kind == logical.UnboundedPreceding && c.Frame.To.Kind == logical.UnboundedFollowing
	}
	return false
}

// session leaves out columns of the input that do not decide what a session is and that
// nobody reads.
func (p *pruner) session(x *logical.Session, need []bool) (logical.Node, []int) {
	width := x.Input.Schema().Len()
	in := slices.Clone(need[:width])
	for _, c := range append(slices.Clone(x.Partition), x.Time) {
		in[c] = true
	}
	input, at := p.prune(x.Input, in)
	out := *x
	out.Input, out.Time = input, at[x.Time]
	out.Partition, _ = moveOrder(x.Partition, nil, at)
	at = at[:width:width]
	for i := range x.Columns {
		at = append(at, input.Schema().Len()+i)
	}
	return &out, at
}

// moveWindow puts a window over its pruned input.
func moveWindow(w *logical.Window, input logical.Node, at []int) *logical.Window {
	out := &logical.Window{Input: input}
	out.Partition, out.Keys = moveOrder(w.Partition, w.Keys, at)
	for _, c := range w.Calls {
		out.Calls = append(out.Calls, c.WithExprs(remapAll(c.Exprs(), at)))
	}
	return out
}
