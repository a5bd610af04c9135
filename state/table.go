package state

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A Table is a Map, an Index or an Ordered as a backend sees it: bytes under keys. What
// these bytes are is the same wherever the table lives, in memory or beyond it.
//
//	Map      the key columns by zset.AppendKey -> the row
//	Index    the columns by zset.AppendKey     -> the weight and the words of 8 bytes each,
//	                                              then the key columns by zset.AppendKey
//	Ordered  the key                           -> the weight as a varint
//
// Numbers of fixed width are little-endian; so are the words of a row.
type Table interface {
	// Shape says what the table is; one of another shape cannot have its content.
	Shape() string
	// Save hands out what has changed since the last Save or Load.
	Save(to Delta) error
	// Load begins to fill a table that is empty: with a delta after the other, the oldest
	// first.
	Load() Loader
	// Len returns the number of keys.
	Len() int
}

// A Delta takes changes of a table: first Below, then each Delete, then each Set. What it
// is given lasts until the call returns.
type Delta interface {
	// Below says that all keys under bound are gone; those of an Ordered only.
	Below(bound []byte) error
	// Delete says that a key that was there is gone, unless it is set again.
	Delete(key []byte) error
	// Set says what a key has now. No key is set twice.
	Set(key, value []byte) error
}

// A Loader takes deltas. The table is not to be used before Done. Bytes that cannot be of
// this table are an error.
type Loader interface {
	Delta
	Done() error
}

// String names the shape.
func (s MapShape) String() string {
	return fmt.Sprintf("map of (%s) to %d bytes%s", names(s.Keys), s.Width, expiring(s.Expiry))
}

// String names the shape.
func (s IndexShape) String() string {
	return fmt.Sprintf("index by (%s) of (%s) with %d words%s", names(s.Keys), names(s.Columns), s.Words, expiring(s.Expiry))
}

// OrderedShape is the shape that every Ordered has.
const OrderedShape = "ordered"

func names(ts []types.Type) string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.String()
	}
	return strings.Join(out, ", ")
}

func expiring(column int) string {
	if column == 0 {
		return ""
	}
	return fmt.Sprintf(", expiring by column %d", column)
}
