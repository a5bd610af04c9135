package logical

import "github.com/sqlstream/sqlstream/sql/types"

// Recursive is WITH RECURSIVE: the rows of Base, and those that Step makes of them, of
// what came of these, and so on until nothing new comes. Step reads what there is
// through Self, once in each of its branches, and is linear in it: what it makes of two
// rows is what it makes of the one and of the other.
type Recursive struct {
	Base, Step Node
	Name       string
	All        bool // UNION ALL: rows count as often as they come; else each once
	Names      []string
	Self       *Self
}

// Self reads, within the Step of a Recursive, the rows of the query itself. It is known
// by its address.
type Self struct {
	Name string
	Out  *types.Schema
	// Retracts says that rows are taken back; set when a plan is lowered.
	Retracts bool
}

// Inputs implements Node.
func (r *Recursive) Inputs() []Node { return []Node{r.Base, r.Step} }

// WithInputs implements Node.
func (r *Recursive) WithInputs(in []Node) Node {
	out := *r
	out.Base, out.Step = in[0], in[1]
	return &out
}

// Schema implements Node.
func (r *Recursive) Schema() *types.Schema { return r.Self.Out }

// String implements Node.
func (r *Recursive) String() string {
	if r.All {
		return "Recursive " + r.Name + " all"
	}
	return "Recursive " + r.Name
}

// Properties implements Node.
func (r *Recursive) Properties() Properties {
	out := Properties{State: PerRow}
	if !r.All {
		out.Keys = [][]int{allColumns(len(r.Names))}
	}
	b, s := r.Base.Properties(), r.Step.Properties()
	switch {
	case !b.AppendOnly:
		out.Cause = b.Cause
	case !s.AppendOnly:
		out.Cause = s.Cause
	default:
		out.AppendOnly = true
	}
	return out
}

// Inputs implements Node.
func (s *Self) Inputs() []Node { return nil }

// WithInputs implements Node.
func (s *Self) WithInputs([]Node) Node { return s }

// Schema implements Node.
func (s *Self) Schema() *types.Schema { return s.Out }

// String implements Node.
func (s *Self) String() string { return "Recursion of " + s.Name }

// Properties implements Node. That the rows are only added is assumed, and what is over
// them then shows whether it is so.
func (s *Self) Properties() Properties {
	if s.Retracts {
		return Properties{Cause: s.String()}
	}
	return Properties{AppendOnly: true}
}
