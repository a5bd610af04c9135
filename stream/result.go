package stream

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A resultTable is the sum of a query's output: row -> weight. The loop changes
// it only between epochs, so that a reader always sees a finished one.
type resultTable struct {
	mu     sync.RWMutex
	schema *types.Schema
	store  state.Store
	name   string    // of the rows in the store
	rows   state.Map // all columns -> weight
	epoch  int64     // as batchId counts; -1 before the first
	count  int64     // of rows, each as often as it is there
	gids   []int32

	batchBytes int  // of text in one batch
	gone       bool // the query has ended, and memory had no room for its result
}

func openResult(store state.Store, name string, schema *types.Schema, batchBytes int) (*resultTable, error) {
	keys := make([]types.Type, schema.Len())
	for i, f := range schema.Fields {
		keys[i] = f.Type
	}
	rows, err := store.Map(name, state.MapShape{Keys: keys, Width: 8})
	if err != nil {
		return nil, fmt.Errorf("result table: %w", err)
	}
	return &resultTable{schema: schema, store: store, name: name, rows: rows, epoch: -1, batchBytes: batchBytes}, nil
}

// apply adds an epoch's delta and publishes it.
func (r *resultTable) apply(epoch int64, deltas []*zset.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, whole := range deltas {
		if err := whole.Parts(r.add); err != nil {
			return err
		}
	}
	gone := r.gids[:0]
	at := r.rows.Rows()
	for _, g := range r.rows.Dirty() {
		switch w := *(*int64)(at.Ptr(g)); {
		case w == 0:
			gone = append(gone, g)
		case w < 0:
			invariants.Failf("a result row has weight %d", w)
		}
	}
	r.rows.Delete(gone)
	r.rows.Clean()
	r.gids, r.epoch = gone, epoch
	return nil
}

func (r *resultTable) add(b *zset.Batch) error {
	if cap(r.gids) < b.Len {
		r.gids = make([]int32, max(b.Len, vec.BatchRows))
	}
	gids := r.gids[:b.Len]
	if err := r.rows.Groups(b.Cols, b.Len, gids); err != nil {
		return err
	}
	at := r.rows.Rows()
	for i, g := range gids {
		w := b.Weight(i)
		*(*int64)(unsafe.Pointer(at.Ptr(g))) += w
		r.count += w
	}
	return nil
}

// snapshot copies the result as of the last finished epoch, in as many batches as it
// takes to hold its texts.
func (r *resultTable) snapshot() ([]*zset.Batch, int64) {
	r.mu.Lock() // and not for reading: rows that are beyond memory come into it
	defer r.mu.Unlock()
	var batches []*zset.Batch
	out := zset.NewBuilder(r.schema)
	gids := r.rows.All(nil)
	at := r.rows.Rows()
	for from := 0; from < len(gids); from += vec.BatchRows {
		part := gids[from:min(from+vec.BatchRows, len(gids))]
		r.rows.Keys(part, out.Cols)
		for _, g := range part {
			out.EndRowWeight(*(*int64)(at.Ptr(g)))
		}
		if out.Size() > r.batchBytes {
			batches, out = append(batches, out.Build()), zset.NewBuilder(r.schema)
		}
	}
	if out.Len() > 0 {
		batches = append(batches, out.Build())
	}
	return batches, r.epoch
}

// join makes one batch of a snapshot; one that holds too much for that is a panic with
// a *vec.Overflow.
func (r *resultTable) join(batches []*zset.Batch) *zset.Batch {
	if len(batches) == 1 {
		return batches[0]
	}
	out := zset.NewBuilder(r.schema)
	for _, b := range batches {
		out.Append(b, nil)
	}
	return out.Build()
}

// size returns the number of rows, copies counted.
func (r *resultTable) size() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.count
}

// leave is called before the store is closed: what is beyond memory comes into it if it
// takes no more than so many bytes, so that the result can be read on. It returns what the
// result then holds, as long as anybody may read it; the state of operators goes.
func (r *resultTable) leave(bytes int64) (holds int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.store.Usage() {
		switch {
		case u.Name != r.name || u.Spilled == 0:
		case u.Spilled <= bytes:
			r.rows.All(nil)
		default:
			r.gone = true
		}
	}
	for _, u := range r.store.Usage() {
		if u.Name == r.name {
			holds = u.Bytes
		}
	}
	r.store = nil
	if r.gone {
		r.rows, holds = nil, 0
	}
	return holds
}

func (r *resultTable) left() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.gone
}
