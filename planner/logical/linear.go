package logical

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Filter keeps the rows for which a condition is TRUE.
type Filter struct {
	Input Node
	Pred  expr.Expr
}

// Inputs implements Node.
func (f *Filter) Inputs() []Node { return []Node{f.Input} }

// WithInputs implements Node.
func (f *Filter) WithInputs(in []Node) Node { return &Filter{in[0], f.Pred} }

// Schema implements Node.
func (f *Filter) Schema() *types.Schema { return f.Input.Schema() }

// String implements Node.
func (f *Filter) String() string { return "Filter " + f.Pred.String() }

// Properties implements Node.
func (f *Filter) Properties() Properties {
	p := f.Input.Properties()
	p.State = NoState
	return p
}

// Project computes columns.
type Project struct {
	Input Node
	Exprs []expr.Expr
	Names []string
}

// Inputs implements Node.
func (p *Project) Inputs() []Node { return []Node{p.Input} }

// WithInputs implements Node.
func (p *Project) WithInputs(in []Node) Node { return &Project{in[0], p.Exprs, p.Names} }

// Schema implements Node.
func (p *Project) Schema() *types.Schema {
	s := &types.Schema{Fields: make([]types.Field, len(p.Exprs))}
	for i, e := range p.Exprs {
		s.Fields[i] = types.Field{Name: p.Names[i], Type: e.Type(), NotNull: certain(e)}
	}
	return s
}

// String implements Node.
func (p *Project) String() string {
	parts := make([]string, len(p.Exprs))
	for i, e := range p.Exprs {
		parts[i] = e.String()
		if p.Names[i] != parts[i] {
			parts[i] += " AS " + p.Names[i]
		}
	}
	return "Project " + strings.Join(parts, ", ")
}

// Properties implements Node.
func (p *Project) Properties() Properties {
	out := p.Input.Properties()
	from := make([]int, len(p.Exprs))
	for i, e := range p.Exprs {
		from[i] = columnOf(e)
	}
	out.Keys, out.State = mapKeys(out.Keys, from), NoState
	return out
}

// certain reports that an expression has a value on every row: it is neither NULL
// nor an error, which eval_error = 'null' makes one.
func certain(e expr.Expr) bool { return e.NotNull() && !expr.CanFail(e) }

// columnOf returns the input's column that an expression is, -1 where it computes.
func columnOf(e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	return -1
}

// Union is UNION ALL: the rows of all inputs, which have the same column types.
type Union struct {
	Ins   []Node
	Names []string
}

// Inputs implements Node.
func (u *Union) Inputs() []Node { return u.Ins }

// WithInputs implements Node.
func (u *Union) WithInputs(in []Node) Node { return &Union{in, u.Names} }

// Schema implements Node.
func (u *Union) Schema() *types.Schema {
	s := &types.Schema{Fields: make([]types.Field, len(u.Names))}
	for n, in := range u.Ins {
		for i, f := range in.Schema().Fields {
			s.Fields[i] = types.Field{Name: u.Names[i], Type: f.Type, NotNull: f.NotNull && (n == 0 || s.Fields[i].NotNull)}
		}
	}
	return s
}

// String implements Node.
func (u *Union) String() string { return "Union all" }

// Properties implements Node.
func (u *Union) Properties() Properties {
	out := Properties{AppendOnly: true}
	for _, in := range u.Ins {
		if p := in.Properties(); !p.AppendOnly && out.AppendOnly {
			out.AppendOnly, out.Cause = false, p.Cause
		}
	}
	return out
}

// Distinct keeps one of equal rows.
func Distinct(in Node) Node {
	schema := in.Schema()
	a := &Aggregate{Input: in, Names: schema.Names()}
	for i, f := range schema.Fields {
		a.Group = append(a.Group, &expr.Column{Index: i, Field: f})
	}
	return a
}

// Head keeps the first n columns of a node.
func Head(in Node, n int) Node {
	schema := in.Schema()
	if schema.Len() == n {
		return in
	}
	p := &Project{Input: in}
	for i, f := range schema.Fields[:n] {
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
		p.Names = append(p.Names, f.Name)
	}
	return p
}

// Rename gives the columns of a node other names.
func Rename(in Node, names []string) Node {
	schema := in.Schema()
	same := true
	p := &Project{Input: in, Names: names}
	for i, f := range schema.Fields {
		same = same && f.Name == names[i]
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
	}
	if same {
		return in
	}
	return p
}
