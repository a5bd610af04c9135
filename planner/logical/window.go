package logical

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Window computes calls over the rows around each row: OVER. Its columns are those of
// the input, then one for each call. All calls have one partition and one order; other
// ones are other nodes. Where the keys are equal, all columns of the input in turn
// decide, ascending, NULL first, except for what treats equal keys alike: RANK,
// DENSE_RANK, PERCENT_RANK, CUME_DIST and RANGE frames.
type Window struct {
	Input     Node
	Partition []int // columns of the input
	Keys      []SortKey
	Calls     []WindowCall
	Local     bool // rows stay on their worker where those of a partition are all there, see Stays
}

// A WindowCall is one function OVER a window.
type WindowCall struct {
	// Name is the function's in lower case: an aggregate's, or row_number, rank,
	// dense_rank, ntile, percent_rank, cume_dist, lag, lead, first_value, last_value,
	// nth_value.
	Name string
	// Func and Bind are set for an aggregate, nil for the others.
	Func *function.Aggregate
	Bind *function.Bound
	Args []expr.Expr // over the input's columns, of the types that the function takes
	// Distinct and Order are of an aggregate what they are of a Call.
	Distinct bool
	Order    []Order
	Filter   expr.Expr // FILTER (WHERE …) of an aggregate; nil for none
	Returns  types.Type
	Frame    Frame // of aggregates, first_value, last_value, nth_value
	// IgnoreNulls passes over NULLs, of lag, lead, first_value, last_value and nth_value.
	IgnoreNulls bool
	As          string // the column's name
}

// A Frame says which rows of the partition a call sees.
type Frame struct {
	Unit     FrameUnit
	From, To FrameBound
	// Key is, of Range with distances, the one sort key, of a type in which the ends' At can
	// be compared with it; nil otherwise.
	Key expr.Expr
}

// A FrameUnit says what an offset counts.
type FrameUnit uint8

// The units.
const (
	Rows   FrameUnit = iota // rows
	Range                   // the distance of the one key; without offsets, groups of equal keys
	Groups                  // groups of equal keys
)

// A FrameBound is an end of a frame.
type FrameBound struct {
	Kind FrameBoundKind
	// Offset is a constant, of Preceding and Following alone: a BIGINT for Rows and Groups, a
	// number or an INTERVAL for Range.
	Offset *expr.Literal
	// At is, of Range with distances, the value of the key at which the frame of a row ends.
	At expr.Expr
}

// A FrameBoundKind says where an end lies.
type FrameBoundKind uint8

// The kinds, in the order in which they can follow each other.
const (
	UnboundedPreceding FrameBoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// String prints the frame as SQL.
func (f Frame) String() string {
	return [...]string{"ROWS", "RANGE", "GROUPS"}[f.Unit] + " BETWEEN " + f.From.String() + " AND " + f.To.String()
}

// String prints the end as SQL.
func (b FrameBound) String() string {
	switch b.Kind {
	case UnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case Preceding:
		return b.Offset.String() + " PRECEDING"
	case Following:
		return b.Offset.String() + " FOLLOWING"
	case UnboundedFollowing:
		return "UNBOUNDED FOLLOWING"
	}
	return "CURRENT ROW"
}

// HasFrame reports that a call looks at its frame.
func (c WindowCall) HasFrame() bool {
	switch c.Name {
	case "row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist", "lag", "lead":
		return false
	}
	return true
}

// String prints the call as SQL, without its window.
func (c WindowCall) String() string {
	args := exprList(c.Args)
	if c.Name == "count" && len(c.Args) == 0 {
		args = "*"
	}
	if c.Distinct {
		args = "DISTINCT " + args
	}
	out := c.Name + "(" + args + describeOrder(c.Order) + ")"
	if c.IgnoreNulls {
		out += " IGNORE NULLS"
	}
	if c.Filter != nil {
		out += " FILTER (WHERE " + c.Filter.String() + ")"
	}
	if c.HasFrame() {
		out += " " + c.Frame.String()
	}
	return out
}

// Exprs returns the expressions of the call: arguments, order, filter, and those of the
// frame.
func (c WindowCall) Exprs() []expr.Expr {
	out := append([]expr.Expr(nil), c.Args...)
	for _, o := range c.Order {
		out = append(out, o.Expr)
	}
	for _, e := range []expr.Expr{c.Filter, c.Frame.Key, c.Frame.From.At, c.Frame.To.At} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// WithExprs returns the call with others in place of its expressions.
func (c WindowCall) WithExprs(es []expr.Expr) WindowCall {
	n := len(c.Args)
	c.Args, es = es[:n:n], es[n:]
	c.Order, es = orderOver(c.Order, es), es[len(c.Order):]
	for _, e := range []*expr.Expr{&c.Filter, &c.Frame.Key, &c.Frame.From.At, &c.Frame.To.At} {
		if *e != nil {
			*e, es = es[0], es[1:]
		}
	}
	return c
}

// Inputs implements Node.
func (w *Window) Inputs() []Node { return []Node{w.Input} }

// WithInputs implements Node.
func (w *Window) WithInputs(in []Node) Node {
	out := *w
	out.Input = in[0]
	return &out
}

// Schema implements Node.
func (w *Window) Schema() *types.Schema {
	s := &types.Schema{Fields: append([]types.Field(nil), w.Input.Schema().Fields...)}
	for _, c := range w.Calls {
		s.Fields = append(s.Fields, types.Field{Name: c.As, Type: c.Returns})
	}
	return s
}

// String implements Node.
func (w *Window) String() string {
	in := w.Input.Schema()
	calls := make([]string, len(w.Calls))
	for i, c := range w.Calls {
		calls[i] = c.String()
	}
	var over []string
	if len(w.Partition) > 0 {
		names := make([]string, len(w.Partition))
		for i, c := range w.Partition {
			names[i] = in.Fields[c].Name
		}
		over = append(over, "PARTITION BY "+strings.Join(names, ", "))
	}
	if len(w.Keys) > 0 {
		over = append(over, "ORDER BY "+describeKeys(w.Keys, in))
	}
	return "Window " + strings.Join(calls, ", ") + " OVER (" + strings.Join(over, " ") + ")"
}

// Properties implements Node. A new row changes what is seen from rows that were there.
func (w *Window) Properties() Properties {
	in := w.Input.Properties()
	out := Properties{Keys: in.Keys, State: PerRow, Cause: in.Cause}
	if in.AppendOnly {
		out.Cause = w.String()
	}
	return out
}
