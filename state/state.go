// Package state keeps what operators must remember between epochs: typed,
// batched, and without pointers, so that the garbage collector never walks it.
// Operators ask a Store for one of three shapes and have no checkpoint code of
// their own; what they change is durable together, or not at all, at a checkpoint.
package state

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Store holds the state of one worker of one query. A Backend makes it durable.
type Store interface {
	// Map opens the map of that name, as it was at the last checkpoint.
	Map(name string, s MapShape) (Map, error)
	// Index opens the index of that name.
	Index(name string, s IndexShape) (Index, error)
	// Ordered opens the ordered multiset of that name.
	Ordered(name string) (Ordered, error)
	// Usage lists what each state table holds now, at a cost that does not follow how much.
	Usage() []Usage
	Close() error
}

// Usage is the size of one state table.
type Usage struct {
	Name    string
	Rows    int64 // wherever they are
	Bytes   int64 // of memory
	Spilled int64 // bytes that are not in memory
}

// A MapShape is the form of a Map: the types of its key columns and the width of
// its rows.
type MapShape struct {
	Keys  []types.Type // none: the map has one group
	Width int          // bytes of a row, a multiple of 8
	// Expiry is 1 + the key column by whose order groups are found by Below; 0 for none.
	Expiry int
}

// A Map is typed key -> one fixed-width row: aggregates, distinct, set
// operations, upsert sources. Keys are compared bytewise and NULL equals NULL. A
// group id (gid) is good within one operator call, since a store may move groups
// that are not dirty to disk between calls; dirty groups stay until the next checkpoint.
type Map interface {
	// Groups finds the group of each of the n key rows, adding those that are new
	// with a row of zero bytes. Every group found is dirty from then on.
	Groups(keys []*vec.Vec, n int, gids []int32) error
	// Find finds the group of each of the n key rows, -1 where there is none.
	Find(keys []*vec.Vec, n int, gids []int32) error
	// Rows gives access to the groups' rows. It is good until the next Groups or Find.
	Rows() vec.Rows
	// Dirty returns the groups touched since the last Clean, in the order of first touch.
	Dirty() []int32
	// Old gives the rows of the dirty groups as they were before their first touch:
	// row i belongs to Dirty()[i]. It is good until the next Groups or Find.
	Old() vec.Rows
	// Keys appends the key columns of groups to out.
	Keys(gids []int32, out []*vec.Builder)
	// All appends every group to gids, in no particular but always the same order.
	All(gids []int32) []int32
	// Below appends the groups whose value in the expiry column is less than bound's first
	// one, and not NULL, to gids: each once, in the order of the values, at a cost that
	// follows their number. They are handed out once, for the caller to delete.
	Below(bound *vec.Vec, gids []int32) []int32
	// Delete removes groups; it is called between Dirty and Clean.
	Delete(gids []int32)
	// Clean forgets which groups are dirty: the operator has put out their change.
	// What the next checkpoint writes is kept apart.
	Clean()
	// Len returns the number of groups.
	Len() int
}

// An Ordered is a multiset of byte strings in ascending order: min/max under
// deletes, top-N, sessions, finality. Keys are made with zset's order-preserving
// encoding; the store copies them.
type Ordered interface {
	// Add adds weight to a key's total and returns the new total; at 0 the key is gone.
	Add(key []byte, weight int64) int64
	// Ascend calls yield for keys in [from, to) in order until it returns false; nil is no
	// bound. A key is good until yield returns, and the set must not change meanwhile.
	Ascend(from, to []byte, yield func(key []byte, weight int64) bool)
	// Descend is Ascend from the other end.
	Descend(from, to []byte, yield func(key []byte, weight int64) bool)
	// EvictBelow removes all keys under bound, at a cost that follows what is removed.
	EvictBelow(bound []byte)
	// Near says that keys are about to be added or walked from: where a store has to fetch
	// what is around them it does so for all at a time. It changes nothing.
	Near(keys [][]byte)
	// Len returns the number of distinct keys.
	Len() int
}
