package state

import "context"

// A Backend keeps the state of one dataflow: a Store for each worker of each query, and
// what makes all of them durable as one. Its calls come from one goroutine, between epochs,
// but for Log, which may be called while stores are used.
//
// An epoch goes through it so: Log before it runs, Prepare when it has run, then, where the
// outside decides whether it has happened, that decision, then Commit. What a process that
// died has left is told by Found, settled by Settle, and only then are stores opened.
type Backend interface {
	// Found tells what an earlier process has left.
	Found() Found
	// Settle decides about a checkpoint that was prepared and not committed: it becomes the
	// latest, or is dropped. It is called once, before Store, whether there is one or not.
	Settle(ctx context.Context, happened bool) error
	// Store opens the store of a name, as it was at the latest checkpoint.
	Store(name string) (Store, error)
	// Drop forgets the store of a name: the next checkpoint is without it.
	Drop(name string)
	// Adopt takes over the stores of another backend, whose owner uses it no more. When the
	// next checkpoint is committed the other one's own are removed.
	Adopt(other Backend) error
	// Log makes a record of an epoch durable. An epoch may have several; they are found again
	// in their order until a checkpoint of that epoch or a later one is committed.
	Log(ctx context.Context, epoch int64, record []byte) error
	// Prepare writes what all stores have changed since the last one, and c with it. It does
	// not count until Commit.
	Prepare(ctx context.Context, c Checkpoint) error
	// Commit makes the prepared checkpoint the latest. It is atomic: a process that dies has
	// left either, and Settle is told which.
	Commit(ctx context.Context) error
	// Durable waits for the disk. Prepare and Commit do not: what they have done outlasts the
	// process once Durable has returned without an error. Without it a later call tells
	// the error.
	Durable() error
	// Close ends the use; what is durable stays.
	Close() error
	// Remove is Close, after which nothing is left.
	Remove() error
}

// A Spiller is a Backend that has room for state beyond memory.
type Spiller interface {
	// Spill moves state out of memory, what was not used for long first, until stores hold
	// no more than so many bytes of it, as far as it can: what the next checkpoint is to
	// write stays. It is called between epochs: no
	// group of a Map is dirty, every Index is settled, and no number of a group or a row is
	// good any more.
	Spill(bytes int64) error
	// Limit says how many bytes the stores may hold that are opened from now on: what they
	// have from before goes beyond memory where it is more. 0 is no limit.
	Limit(bytes int64)
	// Held is the bytes of memory that what is beyond it takes itself.
	Held() int64
}

// A Measured is a Backend that knows how much it writes.
type Measured interface {
	// Written is the bytes that the last Prepare has written.
	Written() int64
}

// A Checkpoint is a durable epoch. Meta is the engine's: positions, watermarks, members.
type Checkpoint struct {
	Epoch int64 // from 1 on
	Meta  []byte
}

// Found is what a Backend has when it is opened.
type Found struct {
	Latest   Checkpoint  // Epoch is 0 where there is none
	Prepared *Checkpoint // the one behind it, of which it is not known whether it has happened
	Log      []Record    // of the epochs behind Latest
}

// A Record is what was logged of an epoch.
type Record struct {
	Epoch int64
	Data  []byte
}
