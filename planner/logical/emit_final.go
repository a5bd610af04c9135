package logical

import "github.com/sqlstream/sqlstream/sql/types"

// EmitFinal keeps back rows until they cannot change any more: the watermark of a column
// has passed their value in it. It is what makes a query that takes rows back one for the
// mode APPEND. Rows with NULL in the column never come.
type EmitFinal struct {
	Input  Node
	Column int
	Until  []WatermarkTerm // the watermark is the least of them
}

// Final returns the plan with an EmitFinal in it: right above groups that close, where
// these are all that the plan is made of but projections and filters, since groups need
// not come out before; otherwise as high as a column with a watermark lets it stand, at
// the root or below projections that drop the column. It is false where there is none.
func Final(n Node) (Node, bool) {
	if out, ok := finalGroups(n); ok {
		return out, true
	}
	if out, ok := final(n); ok {
		return out, true
	}
	switch x := n.(type) {
	case *Project:
		return finalBelow(x, Final)
	case *Sort:
		if x.Limit < 0 && x.Offset == 0 {
			return finalBelow(x, Final)
		}
	}
	return n, false
}

func finalGroups(n Node) (Node, bool) {
	switch x := n.(type) {
	case *Aggregate:
		return final(x)
	case *Project, *Filter:
		return finalBelow(x, finalGroups)
	}
	return n, false
}

// final puts an EmitFinal above a node.
func final(n Node) (Node, bool) {
	for _, w := range Watermarks(n) {
		if c := w.Column(); c >= 0 && len(w.Of) > 0 {
			return &EmitFinal{Input: n, Column: c, Until: w.Of}, true
		}
	}
	return n, false
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
func (e *EmitFinal) WithInputs(in []Node) Node { return &EmitFinal{in[0], e.Column, e.Until} }

// Schema implements Node.
func (e *EmitFinal) Schema() *types.Schema { return e.Input.Schema() }

// String implements Node.
func (e *EmitFinal) String() string {
	return "Emit final " + e.Schema().Fields[e.Column].Name + " < " + Watermark{Of: e.Until}.Bound()
}

// Properties implements Node.
func (e *EmitFinal) Properties() Properties {
	return Properties{AppendOnly: true, Keys: e.Input.Properties().Keys, State: PerRow}
}
