// Package exec runs physical plans as circuits of incremental operators over
// columns. It knows nothing of SQL text, connectors or topics.
package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Plan is a node of a physical plan: plain, immutable data that prints itself.
// A node that is the input of two others is one pointer in both, and runs once.
type Plan interface {
	Inputs() []Plan
	Schema() *types.Schema
	// String prints this node alone, on one line.
	String() string
	// Open makes the node run in one worker.
	Open(env *Env) (Operator, error)
}

// An Operator is a running Plan: deltas in, deltas out. In each epoch the circuit
// calls Apply for every delta that reaches an input port, then Finish once, when
// all inputs are finished. Calls never overlap. What an operator keeps of a delta
// it copies. What must outlive the epoch is in the operator's state when Finish
// returns.
type Operator interface {
	Apply(ctx context.Context, s *Step, port int, delta *zset.Batch) error
	Finish(ctx context.Context, s *Step) error
}

// A Step is one epoch as one operator sees it.
type Step struct {
	Epoch int64
	Now   int64    // the epoch's clock, microseconds since 1970-01-01 UTC
	Seed  uint64   // randomness of the epoch, worker and operator
	Mem   *vec.Mem // for what Emit hands on; released when the caller's turn ends
	// Emit hands a delta to the operators that read this one. Its memory is free
	// again when Emit returns.
	Emit func(delta *zset.Batch) error
}

// An Env is what a plan may use when it opens.
type Env struct {
	Worker  int // 0 .. Workers-1
	Workers int
	// State opens a state table private to the node, the same after a restart.
	State state.Store
	// Name is the node's own name for its state tables. It holds no slash.
	Name string
	// EvalErrorNull makes values that cannot be computed NULL (eval_error = 'null').
	EvalErrorNull bool
	// MaxRecursion is how many rounds a Recursive may take in an epoch; 0 is
	// DefaultMaxRecursion.
	MaxRecursion int

	asides     *[]*aside // of the worker
	watermarks *watermarks
	hold       func(bytes int64)      // notes what the node holds within an epoch
	check      func(worker int) error // Check of the circuit
}

// expr is the context in which an expression is evaluated over one batch. Each has a
// seed of its own, so that no two batches and no two columns get the same random
// numbers (the step is D. Knuth's for MMIX).
func (s *Step) expr() *expr.Context {
	s.Seed = s.Seed*6364136223846793005 + 1442695040888963407
	return &expr.Context{Mem: s.Mem, Now: s.Now, Seed: s.Seed}
}
