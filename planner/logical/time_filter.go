package logical

import (
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// TimeFilter keeps the rows that compare in a way with the clock, at every time: as it
// goes on rows leave, or come in.
type TimeFilter struct {
	Input Node
	Arg   expr.Expr // over the input
	Op    expr.Op   // compares Arg with Clock: one of <, <=, > and >=
	// Clock is of Arg's type. It reads no column and does not decrease with time.
	Clock expr.Expr
}

// Inputs implements Node.
func (f *TimeFilter) Inputs() []Node { return []Node{f.Input} }

// WithInputs implements Node.
func (f *TimeFilter) WithInputs(in []Node) Node { return &TimeFilter{in[0], f.Arg, f.Op, f.Clock} }

// Schema implements Node.
func (f *TimeFilter) Schema() *types.Schema { return f.Input.Schema() }

// String implements Node.
func (f *TimeFilter) String() string {
	return "Time filter " + (&expr.Compare{Op: f.Op, L: f.Arg, R: f.Clock}).String()
}

// Properties implements Node. Rows that have come in stay.
func (f *TimeFilter) Properties() Properties {
	p := f.Input.Properties()
	p.State = UntilPassed
	if p.AppendOnly && (f.Op == expr.Gt || f.Op == expr.Ge) {
		p.AppendOnly, p.Cause = false, f.String()
	}
	return p
}
