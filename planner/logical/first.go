package logical

import (
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// First leaves out rows of an input that only adds rows, where so many come before
// them that they are never shown: at least the first Rows rows pass, in the order of
// the keys and then of all columns, and others may.
type First struct {
	Input Node
	Keys  []SortKey
	Rows  int64
}

// Inputs implements Node.
func (f *First) Inputs() []Node { return []Node{f.Input} }

// WithInputs implements Node.
func (f *First) WithInputs(in []Node) Node { return &First{in[0], f.Keys, f.Rows} }

// Schema implements Node.
func (f *First) Schema() *types.Schema { return f.Input.Schema() }

// String implements Node.
func (f *First) String() string {
	out := "First " + strconv.FormatInt(f.Rows, 10)
	if keys := describeKeys(f.Keys, f.Schema()); keys != "" {
		out += " BY " + keys
	}
	return out
}

// Properties implements Node.
func (f *First) Properties() Properties {
	p := f.Input.Properties()
	p.State = Bounded
	return p
}

// describeKeys prints sort keys as SQL.
func describeKeys(keys []SortKey, s *types.Schema) string {
	var parts []string
	for _, k := range keys {
		p := s.Fields[k.Column].Name
		if k.Desc {
			p += " DESC"
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, ", ")
}
