package exec

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// held are rows of a join's side that have come in this epoch and are not stored yet.
// Where the epoch's watermark passes most of them, as it does when a log is read from its
// start, to store a row and to remove it again is nearly all that a join costs; and of a
// window's rows few are looked at (those with its highest price). So a row waits until a
// change of the other side may match it, by a hash of its key, or until the end of the
// epoch, at which only those are stored that the watermark leaves.
//
// Rows that are held and rows that are stored are together those that there are. Between
// two epochs none is held.
type held struct {
	expiry  int           // the column that a watermark passes
	keys    int           // where the keys begin, behind the columns
	schema  *types.Schema // of both
	chunks  []*heldChunk
	used    int // chunks with rows
	rows    int // in them, those among them that were stored meanwhile
	asked   int // how often they were gone through in this epoch
	pause   int // epochs for which rows are stored as they come
	filter  [filterBits / 64]uint64
	hash    []uint64
	sel     []int32
	dropped int
	bytes   int64
	hold    func(bytes int64) // notes the bytes that are held
}

// A heldChunk is up to a batch of rows.
type heldChunk struct {
	rows *zset.Builder
	hash []uint64 // of the keys; 0 of a row that was stored
}

const (
	filterBits = 1 << 17
	// mostAsking is how many rows of the other side may look for theirs among those that
	// are held: they leave most of the filter empty.
	mostAsking = vec.BatchRows
	// mostAsked is how often rows are gone through before it is cheaper to store them:
	// that costs some hundred times as much, once.
	mostAsked = 64
	// heldPause is for how many epochs nothing is held after it has not paid.
	heldPause = 16
	// chunksKept is how many chunks stay for the next epoch.
	chunksKept = 16
)

// newHeld returns nil where rows of a side are to be stored as they come: where the side
// needs them there, to count their matches, or has no time of its own that passes.
func (p *Join) newHeld(shape *state.IndexShape, in *types.Schema, env *Env) *held {
	if p.Kind != InnerJoin || p.Forget > 0 || shape.Expiry == 0 || shape.Columns[shape.Expiry-1].Layout() != types.Int64 {
		return nil
	}
	h := &held{expiry: shape.Expiry - 1, keys: len(in.Fields), schema: &types.Schema{Fields: slices.Clone(in.Fields)}, hold: env.hold}
	for _, k := range shape.Keys {
		h.schema.Fields = append(h.schema.Fields, types.Field{Type: k})
	}
	return h
}

// holds reports that rows are held at present.
func (h *held) holds() bool { return h != nil && h.pause == 0 }

// add holds a delta.
func (h *held) add(keys []*vec.Vec, delta *zset.Batch) {
	b := &zset.Batch{Schema: h.schema, Len: delta.Len, Weights: delta.Weights, Cols: append(delta.Cols[:h.keys:h.keys], keys...)}
	if c := h.last(); c == nil || c.rows.Len()+b.Len > vec.BatchRows || !c.rows.Room(b, 64<<20) {
		if h.used == len(h.chunks) {
			h.chunks = append(h.chunks, &heldChunk{rows: zset.NewBuilder(h.schema)})
		}
		h.used++
	}
	c := h.last()
	before := c.rows.Size()
	c.rows.Append(b, nil)
	h.note(int64(c.rows.Size()-before) + 8*int64(b.Len))
	from := len(c.hash)
	c.hash = slices.Grow(c.hash, b.Len)[:from+b.Len]
	zset.HashRows(keys, b.Len, c.hash[from:])
	for i, x := range c.hash[from:] {
		if x == 0 {
			c.hash[from+i] = 1 << 63
		}
	}
	h.rows += b.Len
}

// note counts bytes that are held from now on, or no longer.
func (h *held) note(bytes int64) {
	h.bytes += bytes
	h.hold(bytes)
}

func (h *held) last() *heldChunk {
	if h.used == 0 {
		return nil
	}
	return h.chunks[h.used-1]
}

// meet stores the rows of a side that may match one of n keys.
func (m *joinSide) meet(s *Step, keys []*vec.Vec, n int) {
	h := m.held
	if h == nil || h.rows == 0 {
		return
	}
	h.asked++
	if n > mostAsking || h.asked > mostAsked {
		m.storeHeld(s, nil)
		h.pause = heldPause
		return
	}
	h.hash = slices.Grow(h.hash[:0], n)[:n]
	zset.HashRows(keys, n, h.hash)
	for _, x := range h.hash {
		h.filter[x%filterBits/64] |= 1 << (x % 64)
	}
	for _, c := range h.chunks[:h.used] {
		h.sel = h.sel[:0]
		for i, x := range c.hash {
			if h.filter[x%filterBits/64]&(1<<(x%64)) != 0 && x != 0 {
				h.sel = append(h.sel, int32(i))
				c.hash[i] = 0
			}
		}
		m.store(s, c)
	}
	for _, x := range h.hash {
		h.filter[x%filterBits/64] = 0
	}
}

// storeHeld stores what is held, but for rows whose value in the expiry column is less
// than bound's: they are as good as stored and forgotten.
func (m *joinSide) storeHeld(s *Step, bound *vec.Vec) {
	h := m.held
	if bound != nil && bound.Type.Layout() != types.Int64 {
		bound = nil
	}
	h.dropped = 0
	for _, c := range h.chunks[:h.used] {
		h.sel = h.sel[:0]
		at := c.rows.Cols[h.expiry].Vec()
		for i, x := range c.hash {
			switch {
			case x == 0:
			case bound != nil && !at.IsNull(i) && vec.Slice[int64](at)[i] < vec.Slice[int64](bound)[0]:
				h.dropped++
			default:
				h.sel = append(h.sel, int32(i))
			}
		}
		m.store(s, c)
		c.rows.Reset()
		c.hash = c.hash[:0]
	}
	if len(h.chunks) > chunksKept {
		h.chunks = slices.Clone(h.chunks[:chunksKept])
	}
	h.used, h.rows, h.asked = 0, 0, 0
	h.note(-h.bytes)
}

// store stores the selected rows of a chunk.
func (m *joinSide) store(s *Step, c *heldChunk) {
	h := m.held
	if len(h.sel) == 0 {
		return
	}
	mark := s.Mem.Mark()
	b := c.rows.Build().Gather(s.Mem, h.sel)
	m.keep(s, b.Cols[h.keys:], b.Cols[:h.keys], b.Weights, b.Len, 0)
	s.Mem.Release(mark)
}

// endHeld ends an epoch, whose watermark is given, nil where there is none.
func (m *joinSide) endHeld(s *Step, bound *vec.Vec) {
	h := m.held
	switch {
	case h == nil:
	case h.pause > 0:
		h.pause--
		if h.rows > 0 { // those that were held before it was given up
			m.storeHeld(s, bound)
		}
	case h.rows > 0:
		rows := h.rows
		m.storeHeld(s, bound)
		if 2*h.dropped < rows {
			h.pause = heldPause
		}
	}
}
