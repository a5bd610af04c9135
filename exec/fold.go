package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A fold computes a call from an ordered multiset of (group, order, argument values).
// What Apply is given waits in it until Finish, which needs the values before the epoch,
// too.
type fold struct {
	call     AggregateCall
	fold     function.Fold
	multiset state.Ordered
	closes   bool         // groups are forgotten by their first column: its NULLs are kept behind its values
	olds     *vec.Builder // values before the epoch of all groups touched

	data    []byte // keys that wait, one after the other
	waiting []waiting

	// The walk over one group.
	prefix, bound []byte
	order         []*vec.Builder
	inverted      []byte
	seen          map[string]bool // arguments that a DISTINCT has met
	args          []*vec.Builder
	vecs          []*vec.Vec
	counts        []int64
	row           int
	take          func(key []byte, weight int64) bool
	next          func() ([]*vec.Vec, int, int64)
}

func trueAt(v *vec.Vec, row int) bool { return !v.IsNull(row) && v.Bool(row) }

// invert turns the order of keys around.
func invert(key []byte) {
	for i := range key {
		key[i] = ^key[i]
	}
}

// A waiting key stands in data. Its first 24 bytes, filled up with zeros, order as
// the key does where they differ: two numbers with their marks are within them.
type waiting struct {
	head   [3]uint64
	from   int
	len    int32
	weight int64
}

func newFold(c AggregateCall, multiset state.Ordered) *fold {
	f := &fold{call: c, fold: c.Func.Fold, multiset: multiset, olds: vec.NewBuilder(c.Func.Returns), seen: map[string]bool{}}
	for _, o := range c.Order {
		f.order = append(f.order, vec.NewBuilder(o.Expr.Type()))
	}
	for _, t := range c.Func.Args {
		f.args = append(f.args, vec.NewBuilder(t))
		f.vecs = append(f.vecs, new(vec.Vec))
	}
	f.take, f.next = f.takeRow, f.nextRow
	return f
}

// hold notes rows for Finish: those that the filter keeps and that count.
func (f *fold) hold(keys []*vec.Vec, c *aggCall, delta *zset.Batch) {
	args, order, filter := c.args.vecs, c.order.vecs, c.filter.vecs
	for row := range delta.Len {
		if len(filter) > 0 && !trueAt(filter[0], row) {
			continue
		}
		if !c.plan.Func.Counts(args, row) {
			continue
		}
		from := len(f.data)
		f.data = f.appendGroup(f.data, keys, row)
		for i, v := range order {
			at := len(f.data)
			if f.data = vec.AppendOrdered(f.data, v, row); c.plan.Order[i].Desc {
				invert(f.data[at:])
			}
		}
		for _, v := range args {
			f.data = vec.AppendOrdered(f.data, v, row)
		}
		var head [24]byte
		copy(head[:], f.data[from:])
		w := waiting{from: from, len: int32(len(f.data) - from), weight: delta.Weight(row)}
		for i := range w.head {
			w.head[i] = binary.BigEndian.Uint64(head[8*i:])
		}
		f.waiting = append(f.waiting, w)
	}
}

// appendGroup appends the part of a key that says whose values they are.
func (f *fold) appendGroup(dst []byte, keys []*vec.Vec, row int) []byte {
	at := len(dst)
	for _, k := range keys {
		dst = vec.AppendOrdered(dst, k, row)
	}
	if f.closes && dst[at] == 0 { // NULL
		dst[at] = 0xFF
	}
	return dst
}

func (f *fold) compare(a, b waiting) int {
	for i := range a.head {
		if a.head[i] != b.head[i] {
			return cmp.Compare(a.head[i], b.head[i])
		}
	}
	if a.len == b.len && a.len <= 24 {
		return 0
	}
	return bytes.Compare(f.key(a), f.key(b))
}

func (f *fold) key(w waiting) []byte { return f.data[w.from : w.from+int(w.len)] }

// settle adds to the multiset what waits, in the order of the keys, so that one
// addition finds in cache what the one before it used, and each key once. A value
// may be taken back before it is added, but not more often than it is added in the end.
func (f *fold) settle() {
	slices.SortFunc(f.waiting, f.compare)
	for i := 0; i < len(f.waiting); {
		w := f.waiting[i]
		for i++; i < len(f.waiting) && f.compare(w, f.waiting[i]) == 0; i++ {
			w.weight += f.waiting[i].weight
		}
		if w.weight != 0 && f.multiset.Add(f.key(w), w.weight) < 0 {
			invariants.Failf("a value was taken back from an aggregate more often than added")
		}
	}
	f.data, f.waiting = f.data[:0], f.waiting[:0]
}

// values appends to out the values of the n groups whose keys are given.
func (f *fold) values(keys []*vec.Vec, n int, out *vec.Builder) error {
	for row := range n {
		f.prefix = f.appendGroup(f.prefix[:0], keys, row)
		f.walk()
		if err := f.fold.Value(f.next, out); err != nil {
			return err
		}
	}
	return nil
}

// walk reads the argument rows of the group at prefix in ascending order, or the
// one that matters.
func (f *fold) walk() {
	for _, b := range f.args {
		b.Reset()
	}
	clear(f.seen)
	f.counts, f.row = f.counts[:0], -1
	f.bound = append(f.bound[:0], f.prefix...)
	to := after(f.bound)
	if f.fold.Last() {
		f.multiset.Descend(f.prefix, to, f.take)
	} else {
		f.multiset.Ascend(f.prefix, to, f.take)
	}
	for i, b := range f.args {
		b.VecTo(f.vecs[i])
	}
}

func (f *fold) takeRow(key []byte, weight int64) bool {
	key = key[len(f.prefix):]
	for i, b := range f.order {
		key = f.skip(key, b, f.call.Order[i].Desc)
	}
	if f.call.Distinct {
		if f.seen[string(key)] {
			return true
		}
		f.seen[string(key)], weight = true, 1
	}
	for _, b := range f.args {
		key = vec.DecodeOrdered(key, b)
	}
	f.counts = append(f.counts, weight)
	return !f.fold.First() && !f.fold.Last()
}

// skip returns what follows the first value of key.
func (f *fold) skip(key []byte, b *vec.Builder, desc bool) []byte {
	b.Reset()
	if !desc {
		return vec.DecodeOrdered(key, b)
	}
	f.inverted = append(f.inverted[:0], key...)
	invert(f.inverted)
	return key[len(key)-len(vec.DecodeOrdered(f.inverted, b)):]
}

func (f *fold) nextRow() ([]*vec.Vec, int, int64) {
	if f.row++; f.row >= len(f.counts) {
		return nil, 0, 0
	}
	return f.vecs, f.row, f.counts[f.row]
}

// after turns p into the least byte string above all that begin with it; nil is no
// bound.
func after(p []byte) []byte {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i]++; p[i] != 0 {
			return p[:i+1]
		}
	}
	return nil
}
