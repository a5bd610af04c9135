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
	// Sets are, of GROUPING SETS, ROLLUP and CUBE, the groups to make: each lists positions
	// in Group, and the group columns not listed are NULL in its rows. nil is one set of all.
	// Where there are sets, one more column is last: a BIGINT with a bit for each group
	// column, the first the highest, which is 1 where the column is not listed. Nothing
	// runs sets; they are rewritten first.
	Sets [][]int
	// Forget is how many microseconds a group is kept to which no row comes, 0 for ever.
	Forget int64
	// Owned are the positions in Group of those columns by which, where there are several
	// workers, a row finds the one of its group; nil for all.
	Owned []int
	// Local says that rows stay on their worker where those of a group are all there, see Stays.
	Local bool
}

// SetID has a bit for each of some groups, the first the highest, which is 1 where the
// group is not in the set.
func SetID(set, groups []int) int64 {
	id := int64(0)
	for _, g := range groups {
		if id <<= 1; !slices.Contains(set, g) {
			id |= 1
		}
	}
	return id
}

// GroupingID is the name of the last column of an Aggregate with Sets.
const GroupingID = "grouping_id"

// A Call is an aggregate function over argument expressions.
type Call struct {
	Func *function.Aggregate
	Bind *function.Bound
	Args []expr.Expr // converted to Bind.Args
	// Distinct counts equal arguments once.
	Distinct bool
	// Order is the order in which the rows are taken in, by expressions over the input;
	// the arguments in turn decide where it leaves it open. Empty where it means nothing.
	Order []Order
	// Filter leaves out rows for which it is not TRUE; nil for none.
	Filter expr.Expr
}

// An Order is an expression to sort by. NULL comes first, or with Desc last.
type Order struct {
	Expr expr.Expr
	Desc bool
}

// String prints the call as SQL.
func (c Call) String() string {
	args := exprList(c.Args)
	if len(c.Args) == 0 && c.Func.Name == "count" {
		args = "*"
	}
	if c.Distinct {
		args = "DISTINCT " + args
	}
	out := c.Func.Name + "(" + args + describeOrder(c.Order) + ")"
	if c.Filter != nil {
		out += " FILTER (WHERE " + c.Filter.String() + ")"
	}
	return out
}

func describeOrder(order []Order) string {
	out := ""
	for i, o := range order {
		out += [...]string{" ORDER BY ", ", "}[min(i, 1)] + o.Expr.String()
		if o.Desc {
			out += " DESC"
		}
	}
	return out
}

// orderOver is an order by the first of other expressions.
func orderOver(order []Order, es []expr.Expr) []Order {
	var out []Order
	for i, o := range order {
		out = append(out, Order{es[i], o.Desc})
	}
	return out
}

// Exprs returns the expressions of the call: arguments, order, filter.
func (c Call) Exprs() []expr.Expr {
	out := append([]expr.Expr(nil), c.Args...)
	for _, o := range c.Order {
		out = append(out, o.Expr)
	}
	if c.Filter != nil {
		out = append(out, c.Filter)
	}
	return out
}

// WithExprs returns the call with others in place of its expressions.
func (c Call) WithExprs(es []expr.Expr) Call {
	n := len(c.Args)
	c.Args = es[:n:n]
	c.Order = orderOver(c.Order, es[n:])
	if c.Filter != nil {
		c.Filter = es[len(es)-1]
	}
	return c
}

// Inputs implements Node.
func (a *Aggregate) Inputs() []Node { return []Node{a.Input} }

// WithInputs implements Node.
func (a *Aggregate) WithInputs(in []Node) Node {
	out := *a
	out.Input = in[0]
	return &out
}

// Schema implements Node.
func (a *Aggregate) Schema() *types.Schema {
	s := &types.Schema{}
	for i, g := range a.Group {
		s.Fields = append(s.Fields, types.Field{Name: a.Names[i], Type: g.Type(), NotNull: certain(g) && a.Sets == nil})
	}
	for _, c := range a.Calls {
		s.Fields = append(s.Fields, types.Field{Name: c.String(), Type: c.Bind.Returns})
	}
	if a.Sets != nil {
		s.Fields = append(s.Fields, types.Field{Name: GroupingID, Type: types.Of(types.BigInt), NotNull: true})
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
	case a.Sets != nil:
		return strings.TrimSpace("Aggregate "+strings.Join(calls, ", ")) + " BY " + a.sets()
	case len(a.Calls) == 0:
		return "Distinct " + strings.Join(keys, ", ") + untouched(a.Forget)
	case len(a.Group) == 0:
		return "Aggregate " + strings.Join(calls, ", ")
	}
	return "Aggregate " + strings.Join(calls, ", ") + " BY " + strings.Join(keys, ", ") + untouched(a.Forget)
}

func (a *Aggregate) sets() string {
	sets := make([]string, len(a.Sets))
	for i, set := range a.Sets {
		keys := make([]string, len(set))
		for j, g := range set {
			keys[j] = a.Group[g].String()
		}
		sets[i] = "(" + strings.Join(keys, ", ") + ")"
	}
	return "GROUPING SETS (" + strings.Join(sets, ", ") + ")"
}

// Properties implements Node. DISTINCT over rows that are only added adds only. A key
// of the input that is grouped by is one of the groups, too.
func (a *Aggregate) Properties() Properties {
	in := a.Input.Properties()
	if a.Sets != nil { // equal sets give equal rows
		out := Properties{State: PerGroup, Cause: in.Cause}
		if in.AppendOnly {
			out.Cause = a.String()
		}
		return out
	}
	key, from := make([]int, len(a.Group)), make([]int, len(a.Group))
	for i, g := range a.Group {
		key[i], from[i] = i, columnOf(g)
	}
	out := Properties{Keys: mapKeys(in.Keys, from), State: a.bound(in), Cause: in.Cause}
	if !contains(out.Keys, key) {
		out.Keys = append(out.Keys, key)
	}
	if a.Forget > 0 && len(a.Calls) == 0 {
		out.Keys = nil // what was forgotten may come once more
	}
	out.AppendOnly = in.AppendOnly && len(a.Calls) == 0
	if !out.AppendOnly && in.AppendOnly {
		out.Cause = a.String()
	}
	return out
}

// bound says what the state grows with: a call without an accumulator of fixed width,
// as MAX over rows that are taken back, keeps all values of its argument. Where rows only come
// and every call asks for the same end of its values, that is all that is kept.
func (a *Aggregate) bound(in Properties) Bound {
	first, last := false, false
	for _, c := range a.Calls {
		fold := c.Bind.Fold
		switch {
		case c.Bind.Slot != nil || in.AppendOnly && c.Bind.AppendOnly != nil:
		case in.AppendOnly && fold.First():
			first = true
		case in.AppendOnly && fold.Last():
			last = true
		default:
			return PerValue
		}
	}
	if first && last { // perhaps of the same values
		return PerValue
	}
	if len(a.Group) == 0 {
		return Constant
	}
	return PerGroup
}

func contains(keys [][]int, key []int) bool {
	return slices.ContainsFunc(keys, func(k []int) bool { return slices.Equal(k, key) })
}
