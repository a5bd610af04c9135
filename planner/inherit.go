package planner

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
)

// An Inheritance is the state of a query that one which takes its place begins with.
type Inheritance struct {
	Kept   []lower.State
	Filled []lower.State // what is new, and filled from the rows that the others hold
}

// Names are those of the state that is kept.
func (x Inheritance) Names() []string {
	var out []string
	for _, s := range x.Kept {
		out = append(out, s.Name)
	}
	return out
}

// String says what is kept and what is filled.
func (x Inheritance) String() string {
	list := func(states []lower.State) string {
		var out []string
		for _, s := range states {
			out = append(out, s.Node.String())
		}
		return strings.Join(out, "; ")
	}
	out := "kept: " + list(x.Kept)
	if len(x.Filled) > 0 {
		out += "; filled from it: " + list(x.Filled)
	}
	return out + "; nothing is read again"
}

// Inherited says with what of a query's state one can begin that takes its place, so that
// nothing is read again of what the old one has read. It is false where that is not enough,
// and for queries that read views, whose results are there anyway.
func Inherited(old, next *Query) (Inheritance, bool) {
	var out Inheritance
	if old.workers != next.workers || readsMore(old) || readsMore(next) {
		return out, false
	}
	h := inheriting{had: map[string]bool{}, states: map[string][]lower.State{}, read: map[string]bool{}, prints: fingerprints(next.Optimised), taken: map[string]bool{}}
	for _, s := range old.States {
		h.had[s.Name] = true
	}
	for _, leaf := range old.Leaves {
		h.read[leaf.Relation.Name] = true
	}
	for _, s := range next.States {
		if strings.HasSuffix(s.Name, lower.Partial) { // of one epoch
			continue
		}
		print := h.prints[s.Node]
		h.states[print] = append(h.states[print], s)
	}
	if !h.covers(next.Optimised) || len(h.taken) == 0 {
		return out, false
	}
	for _, s := range next.States {
		switch {
		case h.taken[s.Name]:
			out.Kept = append(out.Kept, s)
		case !strings.HasSuffix(s.Name, lower.Partial):
			out.Filled = append(out.Filled, s)
		}
	}
	return out, true
}

// readsMore reports that a query reads something other than tables.
func readsMore(q *Query) bool {
	return slices.ContainsFunc(q.Leaves, func(l lower.Leaf) bool { return l.Relation == nil || l.Relation.View })
}

// inheriting looks for the state that is handed on.
type inheriting struct {
	had    map[string]bool          // the names of what the old query remembers
	read   map[string]bool          // the tables that it has read
	states map[string][]lower.State // of the new query, by the fingerprints of their nodes
	prints map[logical.Node]string
	taken  map[string]bool
}

// covers reports that all rows of a node can be made of what is handed on, and of tables that
// the old query has not read.
func (h *inheriting) covers(n logical.Node) bool {
	if len(h.states[h.prints[n]]) > 0 && h.whole(n) {
		h.take(n)
		return true
	}
	switch x := n.(type) {
	case *logical.Scan:
		return !h.read[x.Relation.Name]
	case *logical.History, *logical.Recursive, *logical.Self:
		return false
	}
	for _, in := range n.Inputs() {
		if !h.covers(in) {
			return false
		}
	}
	return true
}

// whole reports that all state of a node and below it is there, and holds all that has come to
// it.
func (h *inheriting) whole(n logical.Node) bool {
	switch n.(type) {
	case *logical.History, *logical.Recursive, *logical.Self:
		return false
	}
	for _, s := range h.states[h.prints[n]] {
		if !h.had[s.Name] || !exec.Inherits(s.Plan) {
			return false
		}
	}
	return !slices.ContainsFunc(n.Inputs(), func(in logical.Node) bool { return !h.whole(in) })
}

func (h *inheriting) take(n logical.Node) {
	for _, s := range h.states[h.prints[n]] {
		h.taken[s.Name] = true
	}
	for _, in := range n.Inputs() {
		h.take(in)
	}
}
