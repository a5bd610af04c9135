package logical

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Expand makes of each row of its input as many rows as a table function gives for it,
// which stand beside the row's own columns: UNNEST, generate_series, JSON_TABLE.
type Expand struct {
	Input Node
	Func  *function.BoundTable
	Args  []expr.Expr // over the input's columns, converted to Func.Args
	Names []string    // of the function's columns
	// Outer keeps a row for which the function gives none, NULLs beside it.
	Outer bool
}

// Inputs implements Node.
func (x *Expand) Inputs() []Node { return []Node{x.Input} }

// WithInputs implements Node.
func (x *Expand) WithInputs(in []Node) Node {
	out := *x
	out.Input = in[0]
	return &out
}

// Schema implements Node.
func (x *Expand) Schema() *types.Schema {
	s := &types.Schema{Fields: slices.Clone(x.Input.Schema().Fields)}
	for i, f := range x.Func.Columns {
		f.Name = x.Names[i]
		f.NotNull = f.NotNull && !x.Outer
		s.Fields = append(s.Fields, f)
	}
	return s
}

// String implements Node.
func (x *Expand) String() string {
	out := "Expand " + x.Func.Call(exprList(x.Args))
	if x.Func.Numbered {
		out += " with ordinality"
	}
	if x.Outer {
		out += " or NULL"
	}
	return out
}

// Properties implements Node. A row of the input is told from the others by its key, and
// what is made of it by the function's.
func (x *Expand) Properties() Properties {
	p := x.Input.Properties()
	out := Properties{AppendOnly: p.AppendOnly, Cause: p.Cause}
	if x.Func.Key == nil {
		return out
	}
	width := x.Input.Schema().Len()
	for _, key := range p.Keys {
		key = slices.Clone(key)
		for _, c := range x.Func.Key {
			key = append(key, width+c)
		}
		out.Keys = append(out.Keys, key)
	}
	return out
}
