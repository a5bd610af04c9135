package state

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// An IndexShape is the form of an Index: the types of its key columns and of its rows'
// columns, and how many words of 8 bytes an operator keeps with each row.
type IndexShape struct {
	Keys    []types.Type // none: all rows are under one key
	Columns []types.Type
	Words   int
	// Expiry is 1 + the column by whose order rows expire, see Expire; 0 for none.
	Expiry int
}

// An Index is typed key -> Z-set of rows: the sides of a join. Keys and rows are
// compared bytewise, and NULL equals NULL. A row whose weight comes to 0 stays until
// Settle, since what follows may add it again. The number of a stored row is good until
// Settle.
type Index interface {
	// Add adds the weights of n rows, +1 each where weights is nil, under their keys. rows[i]
	// is set to the stored row; the words of one that is new are 0.
	Add(keys, columns []*vec.Vec, weights []int64, rows []int32)
	// AddNew is Add of rows of which none is there, nor equal to another of them.
	AddNew(keys, columns []*vec.Vec, weights []int64, rows []int32)
	// Probe begins a walk over the rows stored under each of n keys.
	Probe(keys []*vec.Vec, n int, p *Probe)
	// Next sets p to the next pairs, as many as there is room for, and reports whether
	// there are any. Those of one key come one after the other.
	Next(p *Probe) bool
	// Rows gives access to stored rows: the weight, then the operator's words. It is good
	// until the next Add or Probe.
	Rows() vec.Rows
	// Touch says that the operator has changed words of rows: that is to be kept, too.
	Touch(rows []int32)
	// Columns appends the columns of stored rows to builders, one for each.
	Columns(rows []int32, out []*vec.Builder)
	// All appends every row to rows, in no particular but always the same order.
	All(rows []int32) []int32
	// Expire gives the rows whose value in the expiry column is less than bound's first one,
	// and not NULL, the weight 0, at a cost that follows their number.
	Expire(bound *vec.Vec)
	// Settle removes the rows whose weight is 0.
	Settle()
	// Len returns the number of rows.
	Len() int
}

// A Probe is a walk over an Index. Key[i] and Row[i] are a pair: which of the keys, and
// which stored row. What they hold lasts until the next call of Next.
type Probe struct {
	Key, Row []int32

	Heads []int32 // of the store: where the walk is
	At    int
	Rest  int32
}

// NewProbe returns a probe with room for so many pairs at a time.
func NewProbe(pairs int) *Probe {
	return &Probe{Key: make([]int32, 0, pairs), Row: make([]int32, 0, pairs)}
}
