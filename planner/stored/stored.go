// Package stored keeps plans: in a text of JSON that says by itself what it holds, so that a
// query goes on after a restart with the plan that it was created with, and its state is
// found by the names that the plan gives.
//
// What is kept is the exported fields of the nodes and expressions, by their names in lower
// case; those that are zero are left out. Enumerations are kept as words, functions by name
// and signature, tables and views by name with what the plan rests on. What several places of
// a plan share, they share again when it is read.
package stored

import (
	"fmt"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/function"
)

// Version is that of the form that Encode writes. Decode reads it and all before.
const Version = 1

// A Plan is what is kept of a query.
type Plan struct {
	Bound     logical.Node // as it was written
	Optimised logical.Node // as it runs
	Fired     []string     // the rules that made the one of the other
	States    []string     // the names of its state, in order
}

// An Env is what a plan is read in.
type Env struct {
	// Functions are looked up by name: those that a program adds must be there before.
	Functions *function.Registry
	// Relation returns what a scan would read now of what it has read then. nil takes what the
	// plan was made with, for who only shows it.
	Relation func(was *logical.Relation) (*logical.Relation, error)
}

// Encode writes a plan. An error is a bug: a kind of node or field that this package does not
// know.
func Encode(p Plan) ([]byte, error) {
	e := newEncoder()
	out := document{Version: Version, Fired: p.Fired, States: p.States}
	var err error
	if out.Bound, err = e.node(p.Bound); err != nil {
		return nil, fmt.Errorf("store a plan: %w", err)
	}
	if out.Optimised, err = e.node(p.Optimised); err != nil {
		return nil, fmt.Errorf("store a plan: %w", err)
	}
	return e.write(out), nil
}

// Decode reads what Encode wrote. The error says what of it is no more as it was, or that the
// text is damaged; whatever the text, the plan that is returned can be printed.
func Decode(data []byte, env Env) (Plan, error) {
	p, err := decode(data, env)
	if err != nil {
		return Plan{}, fmt.Errorf("the stored plan: %w", err)
	}
	return p, nil
}

// A document is a plan as text: pools of what is shared, each of which refers to those before
// it and, of the nodes, to those before them, by position.
type document struct {
	Version   int      `json:"version"`
	Fired     []string `json:"fired"`
	States    []string `json:"states"`
	Bound     int      `json:"bound"`
	Optimised int      `json:"optimised"`
	Tables    []any    `json:"tables"`    // function.BoundTable
	Functions []any    `json:"functions"` // function.Scalar that no registry knows
	Relations []any    `json:"relations"`
	Rows      []any    `json:"rows"` // zset.Batch
	Nodes     []any    `json:"nodes"`
}
