// Package rule rewrites logical plans into others of the same meaning. A rule is a
// file and a line in one of two lists.
package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// A Rule is a rewrite of one node, given the plan below it. It returns false
// where it does not apply. A rule never makes an expression that can fail be
// evaluated on a row which the plan before would have filtered out.
type Rule struct {
	Name    string
	Rewrite func(n logical.Node) (logical.Node, bool)
	// Whole marks a rewrite that wants the plan's root only, and once.
	Whole bool
}

// Required are the rules without which a plan cannot run; they are always on.
var Required = []Rule{}

// Default are the rules that make plans better.
var Default = []Rule{
	FoldConstants,        // first, so that the others see simple conditions
	SimplifyIn,           // into comparisons …
	NarrowComparisons,    // … which run in the column's own type
	SimplifyNulls,        // decides conditions …
	SimplifyCase,         // … by which branches go
	SimplifyLogic,        // and what is decided leaves the others
	DropFilter,           // or nothing at all
	MergeFilters,         // one condition list to divide and push
	PushThroughProject,   // towards the scan, through what the user wrote in views …
	PushThroughUnion,     // … and unions
	PushThroughAggregate, // what speaks of whole groups need not be counted first
	MergeProjects,        // views on views leave columns that only rename
	MergeIntoAggregate,   // and columns that only an aggregate reads
	DropProject,          // and projects that do nothing at all
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
	n = rest(n, rules, note)
	for _, r := range rules {
		if !r.Whole {
			continue
		}
		if y, ok := r.Rewrite(n); ok {
			note(r.Name)
			n = rest(y, rules, note)
		}
	}
	return n, fired
}

// rest applies the rules for single nodes until none does. A round moves a condition
// by one node at least, so that their number is bounded by the plan's depth; a rule
// that never came to rest would be a bug.
func rest(n logical.Node, rules []Rule, note func(string)) logical.Node {
	for range 20 + 2*depth(n) {
		changed := false
		for _, r := range rules {
			if r.Whole {
				continue
			}
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
			return n
		}
	}
	invariants.Failf("the rules do not come to rest on %s", n)
	return n
}

func depth(n logical.Node) int {
	deepest := 0
	for _, in := range n.Inputs() {
		deepest = max(deepest, depth(in))
	}
	return deepest + 1
}
