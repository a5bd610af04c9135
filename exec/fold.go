package exec

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// A fold computes a call from a multiset.
type fold struct {
	call AggregateCall
	fold function.Fold
	kept function.KeptSlot // keeps the value in the group's row as long as it can; nil for none
	of   *multiset
	olds *vec.Builder // values before the epoch of all groups touched

	// The groups at hand.
	prefixes []byte
	groups   [][]byte
	lost     []int32
	values   *vec.Builder

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

func newFold(c AggregateCall, of *multiset) *fold {
	f := &fold{call: c, fold: c.Func.Fold, of: of, olds: vec.NewBuilder(c.Func.Returns), seen: map[string]bool{}}
	f.values = vec.NewBuilder(c.Func.Returns)
	if c.Filter == nil && !c.Distinct && len(c.Order) == 0 {
		f.kept = c.Func.Kept
	}
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

// nearGroups is how many groups are read at a time.
const nearGroups = 64

// valuesOf appends to out the values of the n groups whose keys are given.
func (f *fold) valuesOf(keys []*vec.Vec, n int, out *vec.Builder) error {
	for from := 0; from < n; from += nearGroups {
		f.near(keys, from, min(from+nearGroups, n))
		for _, g := range f.groups {
			f.prefix = g
			f.walk()
			if err := f.fold.Value(f.next, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// near sets groups to the keys of some groups, and has the store bring them near.
func (f *fold) near(keys []*vec.Vec, from, to int) {
	f.prefixes, f.groups = f.prefixes[:0], f.groups[:0]
	ends := [nearGroups]int{}
	for row := from; row < to; row++ {
		f.prefixes = f.of.appendGroup(f.prefixes, keys, row)
		ends[row-from] = len(f.prefixes)
	}
	at := 0
	for _, end := range ends[:to-from] {
		f.groups = append(f.groups, f.prefixes[at:end:end])
		at = end
	}
	f.of.rows.Near(f.groups)
}

// find computes the values that the rows of groups do not tell any more, and keeps them.
func (f *fold) find(a *aggregate, at int, gids []int32) error {
	rows := a.groups.Rows()
	rows = rows.At(rows.Base + at)
	f.lost = f.lost[:0]
	for _, g := range gids {
		if f.kept.Lost(rows, g) {
			f.lost = append(f.lost, g)
		}
	}
	for from := 0; from < len(f.lost); from += vec.BatchRows {
		part := f.lost[from:min(from+vec.BatchRows, len(f.lost))]
		f.values.Reset()
		if err := f.valuesOf(a.closingFirst(a.keysOf(part)), len(part), f.values); err != nil {
			return err
		}
		f.kept.Keep(rows, part, f.values.Vec())
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
		f.of.rows.Descend(f.prefix, to, f.take)
	} else {
		f.of.rows.Ascend(f.prefix, to, f.take)
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
