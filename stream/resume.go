package stream

import (
	"context"
	"errors"
)

// Kept is what a dataflow that was closed, or has failed, has left behind.
type Kept struct {
	Flow    string // the name of its backend
	Epoch   int64  // that it goes on behind
	Members []KeptMember
}

// A KeptMember is a query of such a dataflow.
type KeptMember struct {
	Name        string
	Fingerprint string
	Workers     int  // that its plan is to be made for: what the machine has now does not matter
	Stopped     bool // the query was stopped, and its state kept
}

// Resume goes on with the dataflow of a backend that lasts, where its last checkpoint and
// its log end. specs is told whom it consists of and returns their Specs: of those that run
// on, and with Stopped set of those that keep their state for later. Members without a
// Spec are dropped; Specs without a member are started. It returns the queries in the order
// of the Specs; what is computed again is so in the first epochs of each.
//
// A dataflow that runs in this engine takes back those of its members that are stopped, and
// for which there is a Spec without Stopped.
func (e *Engine) Resume(ctx context.Context, flow string, specs func(Kept) ([]Spec, error)) ([]*Query, error) {
	return nil, errors.New("going on with the queries of an earlier process is not supported yet")
}

// Drop ends a query, if it runs, and forgets its state.
func (e *Engine) Drop(ctx context.Context, q *Query) error { return e.stop(ctx, q) }

// Abort ends everything at once, without waiting for running epochs: what lasts goes on
// behind the last of them that has happened.
func (e *Engine) Abort() {
	e.mu.Lock()
	e.close()
	e.cancel()
	e.mu.Unlock()
	e.wg.Wait()
}

// Flow names the backend of a query that is kept, "" of one that is not.
func (q *Query) Flow() string { return "" }

// Resumed is the epoch, as BatchID counts, behind which the query goes on with what was
// before, -1 for one that has begun here.
func (q *Query) Resumed() int64 { return -1 }
