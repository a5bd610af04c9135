package logical

import "github.com/sqlstream/sqlstream/sql/types"

// SetOp is INTERSECT or EXCEPT of two inputs with the same column types. Rows are
// equal where all their values are, NULL to NULL.
type SetOp struct {
	Left, Right Node
	Except      bool // else INTERSECT
	All         bool // rows count as often as they stand there; else each once
	Names       []string
}

// Inputs implements Node.
func (s *SetOp) Inputs() []Node { return []Node{s.Left, s.Right} }

// WithInputs implements Node.
func (s *SetOp) WithInputs(in []Node) Node { return &SetOp{in[0], in[1], s.Except, s.All, s.Names} }

// Schema implements Node.
func (s *SetOp) Schema() *types.Schema {
	out := &types.Schema{}
	right := s.Right.Schema().Fields
	for i, f := range s.Left.Schema().Fields {
		f.Name = s.Names[i]
		f.NotNull = f.NotNull || !s.Except && right[i].NotNull
		out.Fields = append(out.Fields, f)
	}
	return out
}

// String implements Node.
func (s *SetOp) String() string {
	out := "Intersect"
	if s.Except {
		out = "Except"
	}
	if s.All {
		out += " all"
	}
	return out
}

// Properties implements Node.
func (s *SetOp) Properties() Properties {
	l, r := s.Left.Properties(), s.Right.Properties()
	out := Properties{State: PerRow, Keys: l.Keys}
	if !s.Except {
		out.Keys = append(append([][]int(nil), l.Keys...), r.Keys...)
	}
	if all := allColumns(len(s.Names)); !s.All && !contains(out.Keys, all) {
		out.Keys = append(out.Keys[:len(out.Keys):len(out.Keys)], all)
	}
	switch {
	case !l.AppendOnly:
		out.Cause = l.Cause
	case !r.AppendOnly:
		out.Cause = r.Cause
	case s.Except:
		out.Cause = s.String()
	default:
		out.AppendOnly = true
	}
	return out
}

func allColumns(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
