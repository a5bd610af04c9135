package exec

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// A distinctSet counts how often each value of some arguments is there in each group.
// The calls with DISTINCT of these arguments share it, one count for each of their
// filters, and take a value in when its count leaves zero, and out when it is zero again.
type distinctSet struct {
	seen    state.Map // group, values -> a count for each variant
	ages    *ages     // of these; nil where they are kept for ever
	keys    []*vec.Builder
	cols    []*vec.Vec
	groupBy int // how many of keys are the group's
	gids    []int32
	owners  []int32 // by value, of those of this epoch: the group, which stays where it is as long
	counted []variant
}

// A variant is the calls of one filter.
type variant struct {
	filter columns // none, or one
	calls  []*aggCall
	print  string

	rows    []int32 // of Finish: the values that come or go
	weights []int64
	gids    []int32
}

// openDistinct gives each call with DISTINCT that keeps a slot its set.
func (a *aggregate) openDistinct(env *Env, group []types.Type) error {
	known := map[string]*distinctSet{}
	for _, c := range a.calls {
		if !c.plan.Distinct || c.slot == nil {
			continue
		}
		print, shape := "", slices.Clone(group)
		for _, e := range c.plan.Args {
			print += expr.Fingerprint(e) + ";"
			shape = append(shape, e.Type())
		}
		d := known[print]
		if d == nil {
			d = &distinctSet{groupBy: len(group), cols: make([]*vec.Vec, len(shape))}
			for _, t := range shape {
				d.keys = append(d.keys, vec.NewBuilder(t))
			}
			known[print] = d
			a.sets = append(a.sets, d)
		}
		d.join(c)
	}
	for i, d := range a.sets {
		shape := state.MapShape{Width: 8 * len(d.counted), Expiry: a.plan.Closes}
		for _, b := range d.keys {
			shape.Keys = append(shape.Keys, b.Type())
		}
		var err error
		if d.seen, err = env.State.Map(fmt.Sprintf("%s/distinct%d", env.Name, i), shape); err != nil {
			return err
		}
	}
	return nil
}

// join adds a call to those of its filter.
func (d *distinctSet) join(c *aggCall) {
	print := ""
	if c.plan.Filter != nil {
		print = expr.Fingerprint(c.plan.Filter)
	}
	for i := range d.counted {
		if v := &d.counted[i]; v.print == print {
			v.calls = append(v.calls, c)
			return
		}
	}
	d.counted = append(d.counted, variant{filter: c.filter, calls: []*aggCall{c}, print: print})
}

// add counts rows [from, to) of the batch whose columns were computed last. The groups are those
// of their columns.
func (d *distinctSet) add(group []*vec.Vec, groups []int32, from, to int, weights []int64) error {
	n := to - from
	if cap(d.gids) < n {
		d.gids = make([]int32, max(n, tileRows))
	}
	first := d.counted[0].calls[0]
	d.cols = append(append(d.cols[:0], group...), first.args.part(from, to)...)
	gids := d.gids[:n]
	if err := d.seen.Groups(d.cols, n, gids); err != nil {
		return err
	}
	for i, g := range gids {
		if int(g) >= len(d.owners) {
			d.owners = slices.Grow(d.owners, int(g)+1-len(d.owners))[:g+1]
		}
		d.owners[g] = groups[i]
	}
	if d.ages != nil {
		if err := d.ages.touch(d.cols, n); err != nil {
			return err
		}
	}
	rows := d.seen.Rows()
	for i := range d.counted {
		at := rows.At(rows.Base + 8*i)
		if c := d.counted[i].calls[0]; c.plan.Filter != nil {
			countWhere(at, gids, weights, c.filter.part(from, to)[0])
		} else {
			count(at, gids, weights)
		}
	}
	return nil
}

// countWhere is count of the rows for which a condition is TRUE.
func countWhere(rows vec.Rows, gids []int32, weights []int64, cond *vec.Vec) {
	for i, g := range gids {
		switch {
		case !trueAt(cond, i):
		case weights == nil:
			*(*int64)(rows.Ptr(g))++
		default:
			*(*int64)(rows.Ptr(g)) += weights[i]
		}
	}
}

// settle hands the values that came or went to the calls, at the epoch's end, and forgets
// those of groups below a bound, nil for none.
func (d *distinctSet) settle(s *Step, groups state.Map, bound *vec.Vec) error {
	dirty := d.seen.Dirty()
	var gone []int32
	for from := 0; from < len(dirty); from += vec.BatchRows {
		part := dirty[from:min(from+vec.BatchRows, len(dirty))]
		gone = d.compare(part, from, gone)
		if err := d.hand(s, part, groups); err != nil {
			return err
		}
	}
	d.seen.Delete(gone)
	if bound != nil {
		d.seen.Delete(d.seen.Below(bound, gone[:0]))
	}
	d.seen.Clean()
	return nil
}

// compare notes for each variant which of some values came or went, and adds to gone
// those of which nothing is left.
func (d *distinctSet) compare(part []int32, from int, gone []int32) []int32 {
	old, rows := d.seen.Old(), d.seen.Rows()
	for i := range d.counted {
		v := &d.counted[i]
		v.rows, v.weights = v.rows[:0], v.weights[:0]
		was, is := old.At(old.Base+8*i), rows.At(rows.Base+8*i)
		for k, g := range part {
			before, after := *(*int64)(was.Ptr(int32(from + k))), *(*int64)(is.Ptr(g))
			if after < 0 {
				invariants.Failf("a value is there %d times", after)
			}
			if w := boolInt(after > 0) - boolInt(before > 0); w != 0 {
				v.rows, v.weights = append(v.rows, int32(k)), append(v.weights, w)
			}
		}
	}
	for _, g := range part {
		if !slices.ContainsFunc(unsafe.Slice((*int64)(rows.Ptr(g)), len(d.counted)), func(n int64) bool { return n != 0 }) {
			gone = append(gone, g)
		}
	}
	return gone
}

// hand gives the calls the values that compare has noted; those with a NULL count for
// nothing.
func (d *distinctSet) hand(s *Step, part []int32, groups state.Map) error {
	for _, b := range d.keys {
		b.Reset()
	}
	d.seen.Keys(part, d.keys)
	d.cols = d.cols[:0]
	for _, b := range d.keys {
		d.cols = append(d.cols, b.Vec())
	}
	gids := grow(d.gids, len(part))
	for i, g := range part {
		gids[i] = d.owners[g]
	}
	rows, args := groups.Rows(), d.cols[d.groupBy:]
	for i := range d.counted {
		v := &d.counted[i]
		v.known(args, gids)
		if len(v.rows) == 0 {
			continue
		}
		picked := make([]*vec.Vec, len(args))
		for k, a := range args {
			picked[k] = vec.Gather(s.Mem, a, v.rows)
		}
		for _, c := range v.calls {
			if err := c.slot.Add(rows.At(rows.Base+c.at), v.gids, picked, v.weights); err != nil {
				return fmt.Errorf("%s: %w", c.plan, err)
			}
		}
	}
	return nil
}

// known leaves out values with a NULL and finds the groups of the others.
func (v *variant) known(args []*vec.Vec, gids []int32) {
	n := 0
	v.gids = v.gids[:0]
	for k, row := range v.rows {
		if slices.ContainsFunc(args, func(a *vec.Vec) bool { return a.IsNull(int(row)) }) {
			continue
		}
		v.rows[n], v.weights[n] = row, v.weights[k]
		v.gids = append(v.gids, gids[row])
		n++
	}
	v.rows, v.weights = v.rows[:n], v.weights[:n]
}
