package logical

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Asof puts beside each row of the left input one row of the right: of those for which
// the equalities hold, and whose time is on the right side of its own, the one nearest in
// time; of several with that time the greatest by all columns of the right input. Its
// columns are those of the left, then those of the right.
type Asof struct {
	Left, Right Node
	Outer       bool // left rows without a match stay, NULLs beside them
	Keys        []MatchKey
	// Op compares the left time with the right: with >= and > the latest right row is
	// taken, with <= and < the earliest.
	Op                  expr.Op
	LeftTime, RightTime int // columns, of one type
}

// A MatchKey is an equality of a column of the left input and one of the right, of one
// type.
type MatchKey struct {
	Left, Right int
	NullSafe    bool // <=>
}

// Inputs implements Node.
func (a *Asof) Inputs() []Node { return []Node{a.Left, a.Right} }

// WithInputs implements Node.
func (a *Asof) WithInputs(in []Node) Node {
	out := *a
	out.Left, out.Right = in[0], in[1]
	return &out
}

// Schema implements Node.
func (a *Asof) Schema() *types.Schema { return beside(a.Left, a.Right, a.Outer) }

// String implements Node.
func (a *Asof) String() string {
	name := "Asof join ON "
	if a.Outer {
		name = "Left asof join ON "
	}
	pairs := &Join{Left: a.Left, Right: a.Right}
	var conds []string
	for _, c := range a.Matches() {
		conds = append(conds, pairs.sided(c).String())
	}
	return name + strings.Join(conds, " AND ")
}

// Matches are the conditions that a pair of rows must meet, the comparison of the times
// last, over the columns of both.
func (a *Asof) Matches() []expr.Expr {
	return append(equalities(a.Left, a.Right, a.Keys), compare(a.Left, a.Right, a.Op, a.LeftTime, a.RightTime))
}

// equalities are keys as conditions over the columns of both inputs.
func equalities(left, right Node, keys []MatchKey) []expr.Expr {
	var out []expr.Expr
	for _, k := range keys {
		op := expr.Eq
		if k.NullSafe {
			op = expr.NullSafeEq
		}
		out = append(out, compare(left, right, op, k.Left, k.Right))
	}
	return out
}

// compare compares a column of the left with one of the right.
func compare(left, right Node, op expr.Op, l, r int) expr.Expr {
	ls, rs := left.Schema(), right.Schema()
	return &expr.Compare{
		Op: op,
		L:  &expr.Column{Index: l, Field: ls.Fields[l]},
		R:  &expr.Column{Index: ls.Len() + r, Field: rs.Fields[r]},
	}
}

// Latest reports that the latest right row is taken, not the earliest.
func (a *Asof) Latest() bool { return a.Op == expr.Ge || a.Op == expr.Gt }

// Properties implements Node. A left row stands there once, so that its keys stay. A right
// row that comes takes the place of another: rows are taken back even where both sides
// only ever add some.
func (a *Asof) Properties() Properties {
	l, r := a.Left.Properties(), a.Right.Properties()
	out := Properties{Keys: l.Keys, State: PerRow, Cause: a.String()}
	switch {
	case !l.AppendOnly:
		out.Cause = l.Cause
	case !r.AppendOnly:
		out.Cause = r.Cause
	}
	return out
}
