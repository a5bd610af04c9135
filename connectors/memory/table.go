package memory

import (
	"fmt"
	"sync"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A table is the log of its changes: reading any range again gives the same rows.
type table struct {
	def    *connectors.Table
	schema *types.Schema
	kept   *kept // nil of one that lasts as long as the process
	least  int64 // compactRows
	away   int64 // awayRows

	// writing is held by who changes the table for as long as that takes on disk; it is
	// taken before mu.
	writing sync.Mutex

	mu      sync.Mutex
	index   *index
	log     []*zset.Batch
	ends    []int64                  // the position after each batch
	base    int64                    // the position before the first batch
	summed  int64                    // rows of the log after the last compaction
	shrinks bool                     // some row was taken back since the log was one sum
	held    *heldRows                // what the log adds up to; nil where that is not known
	places  map[string]place         // by primary key; nil before somebody asks
	gone    map[*zset.Batch][]uint64 // a bit for each row of the log that is none of what the table holds; kept with places
	sources map[*source]struct{}
	changed chan struct{}
}

// total is the position after the last row.
func (t *table) total() int64 {
	if len(t.ends) == 0 {
		return t.base
	}
	return t.ends[len(t.ends)-1]
}

// logged is how many rows the log has: those of the table, and of changes that are yet to be
// summed up.
func (t *table) logged() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total() - t.base
}

// reserve checks a change and holds its keys until it is appended or released.
func (t *table) reserve(b *zset.Batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index.add(b, t.log)
}

// release gives up a reserved change.
func (t *table) release(b *zset.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.index.drop(b)
}

// inOrder is a change as the log has it.
func inOrder(b *zset.Batch) *zset.Batch {
	if takesBack(b) {
		b = zset.Consolidate(b)
	}
	return goneFirst(b).Clone()
}

// append makes a reserved change visible. A table that lasts has it on disk before.
func (t *table) append(b *zset.Batch) error {
	if b = inOrder(b); b.Len == 0 {
		return nil
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	if t.kept != nil {
		if err := t.write(rowsRecord(b)); err != nil {
			return err
		}
	}
	t.show(b)
	return nil
}

// show adds a change to the log. The caller holds t.writing.
func (t *table) show(b *zset.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(b)
	t.log = append(t.log, b)
	t.ends = append(t.ends, t.total()+int64(b.Len))
	t.shrinks = t.shrinks || takesBack(b)
	t.held = nil
	t.compact()
	close(t.changed)
	t.changed = make(chan struct{})
}

// stage has a reserved change of an epoch on disk, to be committed or dropped by this
// process or another.
func (t *table) stage(query string, epoch int64, b *zset.Batch) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	s := staged{epoch, b}
	if err := t.write(preparedRecord(query, s)); err != nil {
		return err
	}
	t.kept.staged[query] = s
	return nil
}

// commit makes a query's staged change, which is reserved, visible.
func (t *table) commit(query string) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := t.write(queryRecord(recordCommitted, query)); err != nil {
		return err
	}
	b := t.kept.staged[query].change
	delete(t.kept.staged, query)
	t.show(b)
	return nil
}

// settle ends what a query has staged: a change of the epoch that has happened is
// committed, any other dropped.
func (t *table) settle(query string, happened int64) error {
	t.writing.Lock()
	s, ok := t.kept.staged[query]
	var err error
	if ok && s.epoch != happened {
		if err = t.write(queryRecord(recordDropped, query)); err == nil {
			delete(t.kept.staged, query)
		}
	}
	t.writing.Unlock()
	if err != nil || !ok || s.epoch != happened {
		return err
	}
	if err := t.reserve(s.change); err != nil {
		return fmt.Errorf("table %s: what query %s has written in epoch %d does not fit the table any more: %w", t.def.Name, query, happened, err)
	}
	return t.commit(query)
}
