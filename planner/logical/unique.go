package logical

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// Unique is its input, and an error where two rows have the same key: what they are written
// into could hold only one. It stands at the root of what is written, where the plan below
// does not tell that the key holds.
type Unique struct {
	Input Node
	Keys  []int
	Into  string // the table
}

// Inputs implements Node.
func (u *Unique) Inputs() []Node { return []Node{u.Input} }

// WithInputs implements Node.
func (u *Unique) WithInputs(in []Node) Node { return &Unique{in[0], u.Keys, u.Into} }

// Schema implements Node.
func (u *Unique) Schema() *types.Schema { return u.Input.Schema() }

// String implements Node.
func (u *Unique) String() string {
	return "Unique " + strings.Join(u.Schema().Project(u.Keys).Names(), ", ") + " for " + u.Into
}

// Properties implements Node.
func (u *Unique) Properties() Properties {
	p := u.Input.Properties()
	p.Keys = append(slices.Clone(p.Keys), u.Keys)
	p.State = PerGroup
	return p
}
