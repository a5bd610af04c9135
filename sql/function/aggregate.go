package function

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// An Aggregate is a function of many rows.
type Aggregate struct {
	Name     string // lower case
	Aliases  []string
	Doc      string
	Examples []AggregateExample
	// Bind resolves the function for argument types; the error says which types it takes.
	Bind func(args []types.Type) (*Bound, error)
	// Idempotent says that a row more or less of equal arguments makes no difference, so
	// that DISTINCT means nothing.
	Idempotent bool
	// Ordered says that the order of the rows makes a difference: ORDER BY among the
	// arguments means something.
	Ordered bool
	// Within says that WITHIN GROUP (ORDER BY x) gives the first argument.
	Within bool
	// Parts says that of its values for parts of a group the function makes that of the whole:
	// SUM and MAX do.
	Parts bool
	// Whole is another function that does it: SUM for COUNT. Its value is then converted.
	Whole *Aggregate
	// Quotient are two functions of the same arguments that give DECIMAL for a whole, of which
	// the value is the quotient: the sum and the count for AVG of numbers that are not floats.
	Quotient []*Aggregate
	// Distinct says that equal arguments count once, with the word DISTINCT or without.
	Distinct bool
	// State is the version of what a Slot of the function keeps: greater by one where that
	// means something else than before, so that what was kept is not taken for it.
	State int
}

// An AggregateExample shows a call over one column of weighted values: "+1 3"
// lines in, the text of the value out.
type AggregateExample struct {
	Call  string // "sum(x)"
	Type  types.Type
	More  []types.Type // of further columns y, z, whose values follow on each line
	Rows  string
	Value string
}

// A Bound is an aggregate for certain argument types. It keeps a group's
// accumulator in one of two ways: a fixed-width slot inside the group's row, or
// an ordered multiset of the argument's values that is folded when asked.
type Bound struct {
	Args    []types.Type // what the arguments are converted to
	Returns types.Type
	// Slot is right under any change; nil where no fixed width suffices.
	Slot Slot
	// AppendOnly is right only while nothing is taken back, and cheaper; nil where
	// there is none.
	AppendOnly Slot
	// Fold computes the value from the group's multiset; nil where Slot is set.
	Fold Fold
	// Kept keeps a Fold's value between epochs; nil where there is none.
	Kept KeptSlot
	// Given lists, of a Fold, the arguments of which none may be NULL in a row that counts;
	// nil is the first one.
	Given []int
	// By is, of a Fold, an argument by whose values it wants the rows ordered before all
	// else; nil for none.
	By *ArgumentOrder
}

// An ArgumentOrder is an argument to order rows by, ascending, NULL first, or the other
// way round.
type ArgumentOrder struct {
	Argument int
	Desc     bool
}

// Counts reports that a row counts in a fold: what must be given is not NULL.
func (b *Bound) Counts(args []*vec.Vec, row int) bool {
	if b.Given == nil {
		return len(args) == 0 || !args[0].IsNull(row)
	}
	for _, i := range b.Given {
		if args[i].IsNull(row) {
			return false
		}
	}
	return true
}

// A Slot is a fixed-width accumulator, many groups at a time. All zero bytes are
// the accumulator of an empty group.
type Slot interface {
	// Width is the accumulator's size in bytes, a multiple of 8.
	Width() int
	// Add takes in the rows of the arguments: row i goes to group gids[i] with
	// weights[i], +1 each where weights is nil. A NULL counts as the function has it.
	Add(rows vec.Rows, gids []int32, args []*vec.Vec, weights []int64) error
	// Merge adds the accumulators src[0], src[1], … to the groups gids[0], gids[1], ….
	Merge(rows vec.Rows, gids []int32, src vec.Rows) error
	// Value appends the value of each group in gids to out.
	Value(rows vec.Rows, gids []int32, out *vec.Builder) error
}

// A Fold computes an aggregate from the ordered multiset of a group's argument
// rows that count. They come in the order of Bound.By, of what the call asks for, and
// then of the arguments, ascending; equal ones as one with their count.
type Fold interface {
	// First reports that only the least value matters, Last that only the greatest does: the
	// caller need not walk the others.
	First() bool
	Last() bool
	// Value appends the group's value to out. next moves values to the next row and returns its
	// count, 0 at the end; the row's values are the last row of each vector it gives.
	Value(next func() (args []*vec.Vec, row int, count int64), out *vec.Builder) error
}

// A RowCounter is a Slot that without arguments is one int64, the sum of the weights.
// A caller that keeps this sum for each group anyway may show it to Value instead of
// having it kept twice.
type RowCounter interface {
	Slot
	CountsRows()
}

// A KeptSlot keeps the value of a Fold, which is right under any change, as long as what
// comes and goes tells it. Where it does not, the value is lost until it is given anew.
type KeptSlot interface {
	Slot
	// Lost reports that the value of a group is lost.
	Lost(rows vec.Rows, group int32) bool
	// Keep gives groups their values: row i of v to gids[i].
	Keep(rows vec.Rows, gids []int32, v *vec.Vec)
}
