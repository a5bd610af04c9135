package logical

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// EmitFinal keeps back rows until they cannot change any more: the watermark of a column
// has passed their value in it, of the first of some columns in which they have one. It is
// what makes a query that takes rows back one for the mode APPEND. Rows that have NULL in
// all of the columns never come.
type EmitFinal struct {
	Input Node
	By    []FinalBy
}

// A FinalBy is a column and its watermark, the least of the terms.
type FinalBy struct {
	Column int
	Until  []WatermarkTerm
}

// Final returns the plan with an EmitFinal in it: right above groups that close, where
// these are all that the plan is made of but projections and filters, since groups need
// not come out before; otherwise as high as a column with a watermark lets it stand, at
// the root or below projections that drop the column. It is false where there is none. Groups
// below are held back as well, where that changes nothing (see holdGroups).
func Final(n Node) (Node, bool) {
	if s, ok := n.(*Sort); ok { // which part of the result a limit shows changes to the end
		if s.Limit >= 0 || s.Offset > 0 {
			return n, false
		}
		return finalBelow(s, Final)
	}
	for _, later := range []bool{false, true} {
		if out, ok := finalBy(n, later); ok {
			return Transform(out, func(n Node) Node {
				if e, ok := n.(*EmitFinal); ok {
					return holdGroups(e)
				}
				return n
			}), true
		}
	}
	return n, false
}

// finalBy is Final by columns that no other is sooner than, or with later by any.
func finalBy(n Node, later bool) (Node, bool) {
	if out, ok := finalGroups(n, later); ok {
		return out, true
	}
	if out, ok := final(n, later); ok {
		return out, true
	}
	if p, ok := n.(*Project); ok {
		return finalBelow(p, func(in Node) (Node, bool) { return finalBy(in, later) })
	}
	return n, false
}

func finalGroups(n Node, later bool) (Node, bool) {
	switch x := n.(type) {
	case *Aggregate:
		return final(x, later)
	case *Project, *Filter:
		return finalBelow(x, func(in Node) (Node, bool) { return finalGroups(in, later) })
	}
	return n, false
}

// final puts an EmitFinal above a node. Rows of a FULL JOIN have the time of the left, or
// where that is missing that of the right.
func final(n Node, later bool) (Node, bool) {
	var sides [2]*FinalBy
	j, full := n.(*Join)
	full = full && j.Kind == Full
	for _, w := range Watermarks(n) {
		c := w.Column()
		switch {
		case c < 0 || len(w.Of) == 0 || w.Later && !later:
		case !w.Padded:
			return &EmitFinal{n, []FinalBy{{c, w.Of}}}, true
		case full:
			side := 0
			if c >= j.Left.Schema().Len() {
				side = 1
			}
			if sides[side] == nil {
				sides[side] = &FinalBy{c, w.Of}
			}
		}
	}
	if sides[0] != nil && sides[1] != nil && !padded(j.Left, sides[0].Column) && !padded(j.Right, sides[1].Column-j.Left.Schema().Len()) {
		return &EmitFinal{n, []FinalBy{*sides[0], *sides[1]}}, true
	}
	return n, false
}

// padded reports that a column may be NULL for lack of a match below.
func padded(n Node, column int) bool {
	w, ok := columnWatermarks(n)[column]
	return !ok || w.Padded
}

func finalBelow(n Node, f func(Node) (Node, bool)) (Node, bool) {
	in, ok := f(n.Inputs()[0])
	if !ok {
		return n, false
	}
	return n.WithInputs([]Node{in}), true
}

// Inputs implements Node.
func (e *EmitFinal) Inputs() []Node { return []Node{e.Input} }

// WithInputs implements Node.
func (e *EmitFinal) WithInputs(in []Node) Node { return &EmitFinal{in[0], e.By} }

// Schema implements Node.
func (e *EmitFinal) Schema() *types.Schema { return e.Input.Schema() }

// String implements Node.
func (e *EmitFinal) String() string {
	parts := make([]string, len(e.By))
	for i, by := range e.By {
		parts[i] = e.Schema().Fields[by.Column].Name + " < " + Watermark{Of: by.Until}.Bound()
	}
	return "Emit final " + strings.Join(parts, ", else ")
}

// Properties implements Node.
func (e *EmitFinal) Properties() Properties {
	return Properties{AppendOnly: true, Keys: e.Input.Properties().Keys, State: PerRow}
}
