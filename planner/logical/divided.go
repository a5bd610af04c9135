package logical

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
)

// A Division says by what the rows of a node are divided among workers: by the hash of some
// values, in their order. Each value stands in one column or in several; nil says that nothing
// is known.
type Division [][]int

// DividedBy returns how the rows of a node are divided where there are several workers. State lies
// where it says, so that what it says of a plan stays the same for ever.
func DividedBy(n Node) Division {
	switch x := n.(type) {
	case *Scan:
		if x.Relation.Arrival == ByKey {
			return byColumns(x.Relation.Keys[0]).moved(func(c int) []int { return positionsOf(x.Columns, c) })
		}
	case *Filter, *Expand, *Sort:
		return DividedBy(n.Inputs()[0])
	case *Project:
		return DividedBy(x.Input).moved(func(c int) []int { return columnsOf(x.Exprs, c) })
	case *Union:
		return x.division()
	case *Aggregate:
		return x.division()
	case *Join:
		return x.division()
	case *TopN:
		return partitioned(x.Input, x.Partition, x.Local)
	case *Window:
		return partitioned(x.Input, x.Partition, x.Local)
	case *EmitFinal: // of groups that come when they close; of others it divides the rows anew
		if _, ok := x.Input.(*Aggregate); ok || adds(x.Input) {
			return DividedBy(x.Input)
		}
	}
	return nil
}

// byColumns is a division by each of some columns, nil by none, which is to leave the rows to one
// worker.
func byColumns(columns []int) Division {
	var out Division
	for _, c := range columns {
		out = append(out, []int{c})
	}
	return out
}

// moved is the division where a column stands in others, nil where one stands in none.
func (d Division) moved(to func(column int) []int) Division {
	var out Division
	for _, value := range d {
		var at []int
		for _, c := range value {
			at = append(at, to(c)...)
		}
		if len(at) == 0 {
			return nil
		}
		out = append(out, at)
	}
	return out
}

// within reports that equal values in columns are the same worker's.
func (d Division) within(columns []int) bool {
	return d.moved(func(c int) []int { return positionsOf(columns, c) }) != nil
}

// positionsOf returns where a column stands in a list.
func positionsOf(columns []int, c int) []int {
	var out []int
	for i, x := range columns {
		if x == c {
			out = append(out, i)
		}
	}
	return out
}

// columnsOf returns which of the expressions are a column.
func columnsOf(exprs []expr.Expr, column int) []int {
	var out []int
	for i, e := range exprs {
		if c, ok := e.(*expr.Column); ok && c.Index == column {
			out = append(out, i)
		}
	}
	return out
}

func (u *Union) division() Division {
	out := DividedBy(u.Ins[0])
	for _, in := range u.Ins[1:] {
		if out != nil && !slices.EqualFunc(out, DividedBy(in), slices.Equal) {
			return nil
		}
	}
	return out
}

// partitioned is the division of rows of which a partition is one worker's.
func partitioned(in Node, partition []int, local bool) Division {
	if d := DividedBy(in); local && d.within(partition) {
		return d
	}
	return byColumns(partition)
}

// Stays reports that the rows of a partition are one worker's as they come.
func (t *TopN) Stays() bool { return t.Local && DividedBy(t.Input).within(t.Partition) }

// Stays reports that the rows of a partition are one worker's as they come.
func (w *Window) Stays() bool { return w.Local && DividedBy(w.Input).within(w.Partition) }

// Stays reports that the rows of a group are one worker's as they come.
func (a *Aggregate) Stays() bool { return a.Local && a.below() != nil }

// below is the division of the rows, in positions of the groups.
func (a *Aggregate) below() Division {
	return DividedBy(a.Input).moved(func(c int) []int { return columnsOf(a.Group, c) })
}

// Routes returns the positions in Group by whose values the rows are routed.
func (a *Aggregate) Routes() []int {
	if a.Owned != nil {
		return slices.Clone(a.Owned)
	}
	out := make([]int, len(a.Group))
	for i := range out {
		out[i] = i
	}
	return out
}

func (a *Aggregate) division() Division {
	if a.Local {
		if d := a.below(); d != nil {
			return d
		}
	}
	return byColumns(a.Routes())
}

// Routes returns the keys, by their positions in those of Equi, by whose values the rows of both
// sides are routed, and which sides need not be, since they are so already.
func (j *Join) Routes() (keys []int, there [2]bool) {
	equi, _ := j.Equi()
	sides := [2][]expr.Expr{}
	for i, k := range equi {
		keys = append(keys, i)
		sides[0], sides[1] = append(sides[0], k.Left), append(sides[1], k.Right)
	}
	if !j.Local {
		return keys, there
	}
	var by [2][]int
	for side, in := range j.Inputs() {
		by[side] = orderOf(DividedBy(in), sides[side])
	}
	switch {
	case by[0] != nil:
		return by[0], [2]bool{true, slices.Equal(by[0], by[1])}
	case by[1] != nil:
		return by[1], [2]bool{false, true}
	}
	return keys, there
}

// orderOf is the order of keys in which they are a division, nil where it is by other values, or
// by some of them: many rows may have these in common.
func orderOf(d Division, keys []expr.Expr) []int {
	if len(d) != len(keys) {
		return nil
	}
	var out []int
	for _, at := range d.moved(func(c int) []int { return columnsOf(keys, c) }) {
		for _, k := range at {
			if !slices.Contains(out, k) {
				out = append(out, k)
				break
			}
		}
	}
	if len(out) < len(keys) {
		return nil
	}
	return out
}

// division is by the keys of the side whose rows all come, which both have in an inner join.
func (j *Join) division() Division {
	keys, _ := j.Routes()
	equi, _ := j.Equi()
	width := j.Left.Schema().Len()
	var out Division
	for _, k := range keys {
		var at []int
		if c, ok := equi[k].Left.(*expr.Column); ok && j.Kind != Right && j.Kind != Full {
			at = append(at, c.Index)
		}
		if c, ok := equi[k].Right.(*expr.Column); ok && (j.Kind == Right || j.Kind == Inner) {
			at = append(at, width+c.Index)
		}
		if len(at) == 0 {
			return nil
		}
		out = append(out, at)
	}
	return out
}
