package logical

import (
	"strconv"

	"github.com/sqlstream/sqlstream/sql/types"
)

// Sort is the ORDER BY, LIMIT and OFFSET of a whole query: how its result is
// presented. Ties are closed by the remaining columns.
type Sort struct {
	Input  Node
	Keys   []SortKey
	Limit  int64 // -1 for none
	Offset int64
	Hidden int // trailing columns that are only there to be sorted by
}

// A SortKey is a column to sort by.
type SortKey struct {
	Column int
	Desc   bool
}

// Inputs implements Node.
func (s *Sort) Inputs() []Node { return []Node{s.Input} }

// WithInputs implements Node.
func (s *Sort) WithInputs(in []Node) Node { return &Sort{in[0], s.Keys, s.Limit, s.Offset, s.Hidden} }

// Schema implements Node.
func (s *Sort) Schema() *types.Schema { return s.Input.Schema() }

// String implements Node.
func (s *Sort) String() string {
	keys := describeKeys(s.Keys, s.Schema())
	out := "Sort " + keys
	if keys == "" {
		out = "Limit"
	}
	if s.Limit >= 0 {
		if keys != "" {
			out += " limit"
		}
		out += " " + strconv.FormatInt(s.Limit, 10)
	}
	if s.Offset > 0 {
		out += " offset " + strconv.FormatInt(s.Offset, 10)
	}
	return out
}

// Properties implements Node.
func (s *Sort) Properties() Properties {
	p := s.Input.Properties()
	p.State = Presented
	if s.Limit >= 0 || s.Offset > 0 {
		p.AppendOnly = false
		p.Cause = s.String()
	}
	return p
}

// Part returns the rows that a Sort shows, of an inner query, whose order means nothing
// but which rows a limit leaves.
func Part(s *Sort) Node {
	n := s.Input
	if s.Limit >= 0 || s.Offset > 0 {
		n = &TopN{Input: n, Keys: s.Keys, Limit: s.Limit, Offset: s.Offset}
	}
	return Head(n, s.Schema().Len()-s.Hidden)
}
