package memory

import (
	"math/bits"
	"sort"

	"github.com/sqlstream/sqlstream/zset"
)

// heldRows are the rows that a table holds at some time: parts of its log.
type heldRows struct {
	parts []heldPart
	rows  int
}

// A heldPart is some rows of a batch, all of them where rows is nil.
type heldPart struct {
	batch *zset.Batch
	rows  []int32
	end   int // rows of this part and those before it
}

func (h *heldRows) add(b *zset.Batch, rows []int32) {
	n := len(rows)
	if rows == nil {
		n = b.Len
	}
	if n > 0 {
		h.rows += n
		h.parts = append(h.parts, heldPart{b, rows, h.rows})
	}
}

// part returns the part with the i-th row.
func (h *heldRows) part(i int) heldPart {
	return h.parts[sort.Search(len(h.parts), func(k int) bool { return h.parts[k].end > i })]
}

// holds returns what a table holds, some rows of which were taken back. Where keys tell
// which these are, the others are where they always were; else the log is added up. The
// caller holds t.mu.
func (t *table) holds() *heldRows {
	if t.held != nil {
		return t.held
	}
	t.held = &heldRows{}
	if t.index.keys == nil {
		if len(t.log) > 0 {
			t.held.add(zset.Consolidate(t.log...), nil)
		}
		return t.held
	}
	t.locate()
	for _, b := range t.log {
		t.held.add(b, t.left(b))
	}
	return t.held
}

// left returns the rows of a batch that the table holds, nil for all.
func (t *table) left(b *zset.Batch) []int32 {
	gone, some := t.gone[b]
	if !some {
		return nil
	}
	rows := make([]int32, 0, b.Len)
	for i, w := range gone {
		for w = ^w; w != 0; w &= w - 1 {
			if row := 64*i + bits.TrailingZeros64(w); row < b.Len {
				rows = append(rows, int32(row))
			}
		}
	}
	return rows
}
