package exec

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// changeGroups is how many groups are put out at a time: with an old and a new row
// each they fill a batch.
const changeGroups = vec.BatchRows / 2

// changes picks the rows to emit for some groups.
type changes struct {
	places  []int32  // of the groups' old rows
	differs []uint64 // a bit a group: some value is not what it was
	keys    []int32  // for each row emitted, where its key is
	values  []int32  // and where its values are: old ones first, then new ones
	weights []int64
	retract bool    // some weight is -1
	gone    []int32 // groups without rows, of the whole epoch
}

func (a *aggregate) Finish(_ context.Context, s *Step) error {
	if a.global && a.groups.Len() == 0 {
		if err := a.groups.Groups(nil, 1, a.room(1)); err != nil {
			return err
		}
	}
	if err := a.forgetUntouched(s); err != nil {
		return err
	}
	bound, err := a.until.value()
	if err != nil {
		return err
	}
	for _, d := range a.sets {
		if d.ages != nil {
			d.ages.settle(s.Now)
		}
		if err := d.settle(s, a.groups, bound); err != nil {
			return err
		}
	}
	if a.plan.Final {
		return a.finishClosed(s, bound)
	}
	dirty := a.groups.Dirty()
	if len(dirty) > 0 {
		if err := a.settle(dirty); err != nil {
			return err
		}
	}
	a.changes.gone = a.changes.gone[:0]
	for from := 0; from < len(dirty); from += changeGroups {
		if err := a.finishPart(s, dirty[from:min(from+changeGroups, len(dirty))], from); err != nil {
			return err
		}
	}
	a.groups.Delete(a.changes.gone)
	if bound != nil {
		a.closed = a.groups.Below(bound, a.closed[:0])
		a.forget(bound)
	}
	if a.ages != nil {
		a.ages.settle(s.Now)
	}
	a.groups.Clean()
	return nil
}

// settle brings the multisets up to date, after the old values of the groups that
// changed were read from them, and then looks up what groups' rows do not tell any more.
func (a *aggregate) settle(dirty []int32) error {
	for _, c := range a.calls {
		if !c.folds() {
			continue
		}
		c.fold.olds.Reset()
		for from := 0; from < len(dirty); from += changeGroups {
			part := dirty[from:min(from+changeGroups, len(dirty))]
			if err := c.fold.valuesOf(a.closingFirst(a.keysOf(part)), len(part), c.fold.olds); err != nil {
				return fmt.Errorf("%s: %w", c.plan, err)
			}
		}
	}
	for _, m := range a.multisets {
		m.settle()
	}
	return a.find(dirty)
}

// find looks up what the rows of groups do not tell any more.
func (a *aggregate) find(gids []int32) error {
	for _, c := range a.calls {
		if c.fold == nil || c.fold.kept == nil {
			continue
		}
		if err := c.fold.find(a, c.at, gids); err != nil {
			return fmt.Errorf("%s: %w", c.plan, err)
		}
	}
	return nil
}

// folds reports that the call's values are computed anew at the end of each epoch.
func (c *aggCall) folds() bool { return c.fold != nil && c.fold.kept == nil }

// keysOf returns the key columns of groups, good until the next call.
func (a *aggregate) keysOf(gids []int32) []*vec.Vec {
	for _, b := range a.keyCols {
		b.Reset()
	}
	a.groups.Keys(gids, a.keyCols)
	for i, b := range a.keyCols {
		a.out[i] = b.Vec()
	}
	return a.out[:len(a.keyCols)]
}

// finishPart puts out the difference of the old and the new rows of groups, whose
// places among the dirty ones begin at from.
func (a *aggregate) finishPart(s *Step, part []int32, from int) error {
	p := &a.changes
	p.places = p.places[:0]
	for i := range part {
		p.places = append(p.places, int32(from+i))
	}
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	p.differs = vec.AllocWords(s.Mem, len(part))
	cols := a.keysOf(part)
	for _, c := range a.calls {
		if err := a.valuesOf(c, part, cols[:len(a.keyCols)]); err != nil {
			return fmt.Errorf("%s: %w", c.plan, err)
		}
		v := c.values.Vec()
		markDifferent(v, len(part), p.differs)
		cols = append(cols, v)
	}
	a.pick(part)
	return a.emit(s, cols)
}

// valuesOf fills a call's values: the groups' old ones, then the new ones.
func (a *aggregate) valuesOf(c *aggCall, part []int32, keys []*vec.Vec) error {
	c.values.Reset()
	if c.folds() {
		c.values.AppendVec(c.fold.olds.Vec(), a.changes.places)
		return c.fold.valuesOf(a.closingFirst(keys), len(part), c.values)
	}
	old, rows := a.groups.Old(), a.groups.Rows()
	if err := c.slot.Value(old.At(old.Base+c.at), a.changes.places, c.values); err != nil {
		return err
	}
	return c.slot.Value(rows.At(rows.Base+c.at), part, c.values)
}

// pick decides which rows of the groups go and come.
func (a *aggregate) pick(part []int32) {
	p := &a.changes
	p.keys, p.values, p.weights, p.retract = p.keys[:0], p.values[:0], p.weights[:0], false
	old, rows := a.groups.Old(), a.groups.Rows()
	old = old.At(old.Base + emittedAt)
	counts, emitted := rows.At(rows.Base+countAt), rows.At(rows.Base+emittedAt)
	for i, g := range part {
		n := *(*int64)(counts.Ptr(g))
		if n < 0 {
			invariants.Failf("a group has %d rows", n)
		}
		had := *(*int64)(old.Ptr(p.places[i])) != 0
		has := n > 0 || a.global
		*(*int64)(emitted.Ptr(g)) = boolInt(has)
		if !has {
			p.gone = append(p.gone, g)
		}
		if had && has && !vec.GetBit(p.differs, i) {
			continue
		}
		if had {
			p.row(i, i, -1)
			p.retract = true
		}
		if has {
			p.row(i, len(part)+i, 1)
		}
	}
}

func (p *changes) row(key, values int, weight int64) {
	p.keys = append(p.keys, int32(key))
	p.values = append(p.values, int32(values))
	p.weights = append(p.weights, weight)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// emit puts out the rows that were picked of the key and value columns.
func (a *aggregate) emit(s *Step, cols []*vec.Vec) error {
	p := &a.changes
	if len(p.keys) == 0 {
		return nil
	}
	for i, v := range cols {
		sel := p.keys
		if i >= len(a.keyCols) {
			sel = p.values
		}
		cols[i] = vec.Gather(s.Mem, v, sel)
	}
	out := &zset.Batch{Schema: a.plan.Out, Len: len(p.keys), Cols: cols}
	if p.retract {
		out.Weights = p.weights
	}
	return s.Emit(out)
}

// markDifferent sets the bits of the rows below n whose value differs from that n
// rows further on.
func markDifferent(v *vec.Vec, n int, differs []uint64) {
	if v.Valid == nil {
		switch v.Type.Layout() {
		case types.Int64, types.Uint64:
			markFixed(vec.Slice[int64](v), n, differs)
			return
		case types.Int32, types.Uint32:
			markFixed(vec.Slice[int32](v), n, differs)
			return
		case types.Int128:
			markFixed(vec.Slice[vec.Decimal](v), n, differs)
			return
		}
	}
	for i := range n {
		if zset.CompareValues(v, i, v, n+i) != 0 {
			vec.SetBit(differs, i, true)
		}
	}
}

func markFixed[T int32 | int64 | vec.Decimal](x []T, n int, differs []uint64) {
	for i := range n {
		if x[i] != x[n+i] {
			differs[i>>6] |= 1 << (i & 63)
		}
	}
}
