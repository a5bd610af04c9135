package logical

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Lookup puts beside each row of the left input those of the right that match it when it
// comes. What the right becomes later changes nothing of that: so it is no view of its
// inputs, and depends on how they are cut into epochs. Its columns are those of the left,
// then those of the right.
type Lookup struct {
	Left, Right Node
	Outer       bool // left rows without a match stay, NULLs beside them
	Keys        []MatchKey
	On          expr.Expr // the rest of the condition, over the columns of both; nil for none
}

// Inputs implements Node.
func (l *Lookup) Inputs() []Node { return []Node{l.Left, l.Right} }

// WithInputs implements Node.
func (l *Lookup) WithInputs(in []Node) Node {
	out := *l
	out.Left, out.Right = in[0], in[1]
	return &out
}

// Schema implements Node.
func (l *Lookup) Schema() *types.Schema { return beside(l.Left, l.Right, l.Outer) }

// beside is the columns of two inputs; those of the right may be NULL in an outer join.
func beside(left, right Node, outer bool) *types.Schema {
	s := &types.Schema{Fields: slices.Concat(left.Schema().Fields, right.Schema().Fields)}
	for i := left.Schema().Len(); outer && i < len(s.Fields); i++ {
		s.Fields[i].NotNull = false
	}
	return s
}

// String implements Node.
func (l *Lookup) String() string {
	name := "Lookup join"
	if l.Outer {
		name = "Left lookup join"
	}
	pairs := &Join{Left: l.Left, Right: l.Right}
	var conds []string
	for _, c := range l.Matches() {
		conds = append(conds, pairs.sided(c).String())
	}
	if len(conds) > 0 {
		name += " ON " + strings.Join(conds, " AND ")
	}
	return name
}

// Matches are the conditions that a pair of rows must meet, over the columns of both.
func (l *Lookup) Matches() []expr.Expr {
	out := equalities(l.Left, l.Right, l.Keys)
	if l.On != nil {
		out = append(out, l.On)
	}
	return out
}

// Properties implements Node. A left row stands there once where it can meet one right row
// at most.
func (l *Lookup) Properties() Properties {
	left, right := l.Left.Properties(), l.Right.Properties()
	out := Properties{AppendOnly: left.AppendOnly, State: PerRow, Cause: left.Cause}
	var columns []int
	for _, k := range l.Keys {
		if exactKey(l.Right.Schema().Fields[k.Right].Type) {
			columns = append(columns, k.Right)
		}
	}
	if right.HasKeyIn(columns) {
		out.Keys = left.Keys
	}
	return out
}
