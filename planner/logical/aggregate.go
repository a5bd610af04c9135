package logical

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Aggregate groups rows. Its columns are the group expressions, then the calls.
// Without calls it is DISTINCT; without group expressions it always has one row.
type Aggregate struct {
	Input Node
	Group []expr.Expr
	Names []string // of the group columns
	Calls []Call
}

// A Call is an aggregate function over argument expressions.
type Call struct {
	Func *function.Aggregate
	Bind *function.Bound
	Args []expr.Expr // converted to Bind.Args
}

// String prints the call as SQL.
func (c Call) String() string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = a.String()
	}
	if len(args) == 0 {
		args = []string{"*"}
	}
	return c.Func.Name + "(" + strings.Join(args, ", ") + ")"
}

// Inputs implements Node.
func (a *Aggregate) Inputs() []Node { return []Node{a.Input} }

// WithInputs implements Node.
func (a *Aggregate) WithInputs(in []Node) Node {
	return &Aggregate{in[0], a.Group, a.Names, a.Calls}
}

// Schema implements Node.
func (a *Aggregate) Schema() *types.Schema {
	s := &types.Schema{}
	for i, g := range a.Group {
		s.Fields = append(s.Fields, types.Field{Name: a.Names[i], Type: g.Type(), NotNull: certain(g)})
	}
	for _, c := range a.Calls {
		s.Fields = append(s.Fields, types.Field{Name: c.String(), Type: c.Bind.Returns})
	}
	return s
}

// String implements Node.
func (a *Aggregate) String() string {
	var calls, keys []string
	for _, c := range a.Calls {
		calls = append(calls, c.String())
	}
	for _, g := range a.Group {
		keys = append(keys, g.String())
	}
	switch {
	case len(a.Calls) == 0:
		return "Distinct " + strings.Join(keys, ", ")
	case len(a.Group) == 0:
		return "Aggregate " + strings.Join(calls, ", ")
	}
	return "Aggregate " + strings.Join(calls, ", ") + " BY " + strings.Join(keys, ", ")
}

// Properties implements Node. DISTINCT over rows that are only added adds only. A key
// of the input that is grouped by is one of the groups, too.
func (a *Aggregate) Properties() Properties {
	in := a.Input.Properties()
	key, from := make([]int, len(a.Group)), make([]int, len(a.Group))
	for i, g := range a.Group {
		key[i], from[i] = i, columnOf(g)
	}
	out := Properties{Keys: mapKeys(in.Keys, from), State: a.bound(in), Cause: in.Cause}
	if !contains(out.Keys, key) {
		out.Keys = append(out.Keys, key)
	}
	out.AppendOnly = in.AppendOnly && len(a.Calls) == 0
	if !out.AppendOnly && in.AppendOnly {
		out.Cause = a.String()
	}
	return out
}

// bound says what the state grows with: a call without an accumulator of fixed width,
// as MAX over rows that are taken back, keeps all values of its argument.
func (a *Aggregate) bound(in Properties) Bound {
	for _, c := range a.Calls {
		if c.Bind.Slot == nil && (c.Bind.AppendOnly == nil || !in.AppendOnly) {
			return PerValue
		}
	}
	if len(a.Group) == 0 {
		return Constant
	}
	return PerGroup
}

func contains(keys [][]int, key []int) bool {
	return slices.ContainsFunc(keys, func(k []int) bool { return slices.Equal(k, key) })
}
