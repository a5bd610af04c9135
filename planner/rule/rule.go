// Package rule rewrites logical plans into others of the same meaning. A rule is a
// file and a line in one of two lists.
package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A Rule is a rewrite of plans: of one node, given the plan below it, or of one
// expression, wherever it stands. A rule never makes an expression that can fail be
// evaluated on a row which the plan before would have filtered out.
type Rule struct {
	Name string
	// Rewrite returns a node in place of n, or false where it does not apply.
	Rewrite func(n logical.Node) (logical.Node, bool)
	// Whole marks a Rewrite that wants the plan's root only, and once.
	Whole bool
	// Expr, where Rewrite is nil, returns an expression of e's type in place of e, whose
	// parts have been rewritten, or e itself where it does not apply.
	Expr func(e expr.Expr) expr.Expr
}

// Required are the rules without which a plan cannot run; they are always on.
var Required = []Rule{
	GroupingSets, // each set is an aggregate
	TimeFilters,  // what compares with the clock, also within subqueries …
	Decorrelate,  // … which become joins
}

// Default are the rules that make plans better.
var Default = []Rule{
	FoldConstants,        // first, so that the others see simple conditions
	SimplifyIn,           // into comparisons …
	NarrowComparisons,    // … which run in the column's own type
	SimplifyNulls,        // decides conditions …
	SimplifyCase,         // … by which branches go
	FactorOr,             // what all of an OR demands stands by itself
	SimplifyLogic,        // and what is decided leaves the others
	DropFilter,           // or nothing at all …
	PropagateEmpty,       // … or everything
	MergeFilters,         // one condition list to divide and push
	PushThroughProject,   // towards the scan, through what the user wrote in views …
	PushThroughUnion,     // … and unions
	ReduceMarkJoin,       // subqueries as whole conditions, and as parts of them below
	ReduceOuterJoin,      // before conditions leave their place above the join …
	PushThroughJoin,      // … for its sides
	PushThroughAsof,      // … or the left one alone,
	PushTimeFilter,       // rows that time moves are moved before they are joined
	PushJoinCondition,    // and its own condition, for the side that it reads
	PushThroughAggregate, // what speaks of whole groups need not be counted first
	PushThroughWindow,    // nor rows of a partition that is not asked for
	PushThroughExpand,    // nor is a row asked for more of which all go
	TopNFilter,           // what has come down to a window of ranks bounds it
	TopNJoin,             // and so does a join with the greatest of a group
	DropDistinct,         // rows that have a key are counted no more
	MergeProjects,        // views on views leave columns that only rename
	MergeIntoAggregate,   // and columns that only an aggregate reads
	DropProject,          // and projects that do nothing at all
	OrderJoins,           // conditions are where they can be …
	SplitMarkJoin,        // … and what IN asks is looked up
	SliceWindow,          // … and windows that overlap are counted once
	PruneColumns,         // what is left decides what is decoded …
	CommonScan,           // … for all that read a table together
	PushLimit,            // last: it depends on the order of all columns
}

// Apply rewrites the plan until no rule applies and returns it with the names of
// the rules that fired, in order, each once.
func Apply(n logical.Node, rules []Rule) (logical.Node, []string) {
	var fired []string
	note := func(name string) {
		if !slices.Contains(fired, name) {
			fired = append(fired, name)
		}
	}
	var expressions, nodes []Rule
	for _, r := range rules {
		switch {
		case r.Expr != nil:
			r.Rewrite = everywhere(r.Expr)
			expressions = append(expressions, r)
		case !r.Whole:
			nodes = append(nodes, r)
		}
	}
	n = rest(n, expressions, nodes, note)
	for _, r := range rules {
		if !r.Whole {
			continue
		}
		if y, ok := r.Rewrite(n); ok {
			note(r.Name)
			n = rest(y, expressions, nodes, note)
		}
	}
	return n, fired
}

// rest applies the rules until none does: those of expressions first, as a plan has
// many more of these than it has nodes.
func rest(n logical.Node, expressions, nodes []Rule, note func(string)) logical.Node {
	for {
		n, _ = exhaust(n, expressions, note)
		moved := false
		if n, moved = exhaust(n, nodes, note); !moved {
			return n
		}
	}
}

// exhaust applies rules in turn until none does, and reports whether any did. A turn
// moves a condition by one node at least, so that their number is bounded by the
// plan's depth; rules that never came to rest would be a bug.
func exhaust(n logical.Node, rules []Rule, note func(string)) (logical.Node, bool) {
	any := false
	for range 20 + 2*depth(n) {
		changed := false
		for _, r := range rules {
			n = logical.Transform(n, func(x logical.Node) logical.Node {
				y, ok := r.Rewrite(x)
				if ok {
					changed = true
					note(r.Name)
				}
				return y
			})
		}
		if !changed {
			return n, any
		}
		any = true
	}
	invariants.Failf("the rules do not come to rest on %s", n)
	return n, any
}

func depth(n logical.Node) int {
	deepest := 0
	for _, in := range n.Inputs() {
		deepest = max(deepest, depth(in))
	}
	return deepest + 1
}
