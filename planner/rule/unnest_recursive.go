package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/types"
)

// recursive computes a recursion for all values at once: they stand beside the rows that it
// begins with, and each step hands them on.
func (u *unnesting) recursive(r *logical.Recursive) logical.Node {
	base := u.node(r.Base)
	if base == nil {
		return nil
	}
	out := &types.Schema{Fields: slices.Clone(r.Self.Out.Fields)}
	for _, p := range u.params {
		out.Fields = append(out.Fields, types.Field{Name: p.Field.Name, Type: p.Field.Type})
	}
	self := &logical.Self{Name: r.Self.Name, Out: out}
	if u.selves == nil {
		u.selves = map[*logical.Self]logical.Node{}
	}
	u.selves[r.Self] = self
	step := u.node(r.Step)
	if step == nil {
		return nil
	}
	return &logical.Recursive{Base: base, Step: step, Name: r.Name, All: r.All, Names: u.names(r.Names), Self: self}
}
