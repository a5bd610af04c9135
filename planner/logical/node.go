// Package logical is the plan as meaning: what rows a query has, not how they are
// computed. Nodes are immutable; a rule makes new ones.
package logical

import (
	"slices"

	"github.com/sqlstream/sqlstream/internal/tree"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A Node is a relational operation.
type Node interface {
	Inputs() []Node
	// WithInputs returns the node over other inputs of the same schemas.
	WithInputs(inputs []Node) Node
	Schema() *types.Schema
	// String prints this node alone, on one line.
	String() string
	// Properties says what the node's changes look like, from its inputs'.
	Properties() Properties
}

// Properties are what can be known of a node's output without running it.
type Properties struct {
	AppendOnly bool    // rows are only ever added
	Keys       [][]int // sets of columns that hold no two equal rows
	State      Bound   // what the node itself must remember
	Cause      string  // of a retracting plan: the lowest node that takes rows back, for messages
}

// HasKeyIn reports that rows which are equal in the columns are one row: they hold a key.
func (p Properties) HasKeyIn(columns []int) bool {
	return slices.ContainsFunc(p.Keys, func(key []int) bool {
		return !slices.ContainsFunc(key, func(c int) bool { return !slices.Contains(columns, c) })
	})
}

// A Bound says how state grows.
type Bound uint8

// The bounds.
const (
	NoState     Bound = iota
	PerGroup          // one row for each distinct key
	PerValue          // every value of an aggregate's argument in each group
	Constant          // one row
	Presented         // only while a result is shown
	Bounded           // so many rows as are shown, forgotten at a restart
	PerRow            // every row of the inputs
	FirstRows         // the first rows of each partition
	UntilPassed       // the rows that the clock has not passed
)

// String gives the bound as EXPLAIN prints it.
func (b Bound) String() string {
	return [...]string{
		"none", "one row a group", "every value in a group", "one row", "none", "the rows shown",
		"every row", "the first rows of each partition",
		"the rows that the clock has not passed",
	}[b]
}

// Format prints the plan below n as a tree.
func Format(n Node) string {
	return tree.Format(n, Node.String, Node.Inputs)
}

// Transform rebuilds the plan from the leaves up, with f applied to each node.
func Transform(n Node, f func(Node) Node) Node {
	return transformUpTo(n, func(Node) bool { return false }, f)
}

// transformUpTo is Transform that leaves nodes for which stop holds, and what is below them, as
// they are.
func transformUpTo(n Node, stop func(Node) bool, f func(Node) Node) Node {
	if stop(n) {
		return n
	}
	ins := n.Inputs()
	changed := false
	fresh := make([]Node, len(ins))
	for i, in := range ins {
		fresh[i] = transformUpTo(in, stop, f)
		changed = changed || fresh[i] != in
	}
	if changed {
		n = n.WithInputs(fresh)
	}
	return f(n)
}

// fixedPoint reports that a node is the fixed point of its rounds, in which rows come and go that
// are none of its output.
func fixedPoint(n Node) bool {
	_, ok := n.(*Recursive)
	return ok
}

// Walk calls f for n and every node below it.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}
