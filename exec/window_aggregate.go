package exec

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A runningSum is an aggregate over a frame that moves on: rows come in at its end and
// go out at its beginning.
type runningSum struct {
	slot  function.Slot // nil where there is none, and fold computes each frame
	fold  function.Fold
	apart bool // each frame is computed by itself
	runs  bool // frames begin with the partition: no row goes out
	bound *function.Bound
	at    int // of the slot in a state
	width int

	moving, kept accumulator // of frames; of states that are noted
	gids         []int32     // zeros: all rows go to the one group
	weights      []int64
	values       []*vec.Builder // the arguments of the rows at hand
	vecs         []*vec.Vec
}

// An accumulator is a slot's row.
type accumulator struct {
	data []byte
	rows vec.Rows
}

func newAccumulator(width int) accumulator {
	data := make([]byte, max(width, 8))
	return accumulator{data, vec.RowsOver(data, len(data))}
}

// set makes it what stands in a state, which may be none.
func (a *accumulator) set(sums []byte, at int) {
	if sums == nil {
		clear(a.data)
		return
	}
	copy(a.data, sums[at:])
}

// slides reports that an aggregate of a frame comes of that of the frame before it: not
// where it matters which rows are equal, or in which order they come.
func (c WindowCall) slides() bool { return c.Func != nil && !c.Distinct && len(c.Order) == 0 }

// runningSlot is the slot of an aggregate that rows only come into; nil where there is none.
func runningSlot(b *function.Bound) function.Slot {
	if b.AppendOnly != nil {
		return b.AppendOnly
	}
	return b.Slot
}

func newRunningSum(c WindowCall) *runningSum {
	b := c.Func
	r := &runningSum{slot: b.Slot, fold: b.Fold, bound: b, gids: make([]int32, 1)}
	r.runs = c.slides() && c.Frame.From.Kind == UnboundedPreceding
	if r.runs {
		r.slot = runningSlot(b)
	}
	if r.apart = !c.slides() || r.slot == nil; r.slot != nil {
		r.width = r.slot.Width()
		r.moving, r.kept = newAccumulator(r.width), newAccumulator(r.width)
	}
	for _, t := range b.Args {
		r.values, r.vecs = append(r.values, vec.NewBuilder(t)), append(r.vecs, new(vec.Vec))
	}
	return r
}

// aggregate appends the aggregate of each frame to out.
func (c *windowCall) aggregate(p *windowPart, frames []frame, out *vec.Builder) error {
	r := c.sum
	if r.apart {
		return c.folded(p, frames, out)
	}
	at := frame{} // what the accumulator holds
	if r.runs {
		r.moving.set(p.before.sums, r.at)
	} else {
		r.moving.set(nil, 0)
	}
	for i, f := range frames {
		if i > 0 && f == frames[i-1] {
			out.AppendRow(out.Vec(), out.Len()-1)
			continue
		}
		if f.from >= at.to && !r.runs { // nothing in common
			r.moving.set(nil, 0)
			at = frame{f.from, f.from}
		}
		if err := r.add(&r.moving, c.args.vecs, c.among(p, at.to, f.to), 1); err != nil {
			return err
		}
		if err := r.add(&r.moving, c.args.vecs, c.among(p, at.from, f.from), -1); err != nil {
			return err
		}
		at = frame{f.from, max(at.to, f.to)}
		if err := r.slot.Value(r.moving.rows, r.gids[:1], out); err != nil {
			return err
		}
	}
	return nil
}

// among lists the rows at places [from, to) that the filter lets in.
func (c *windowCall) among(p *windowPart, from, to int) []int32 {
	switch {
	case from >= to:
		return nil
	case c.filter == nil:
		return p.rows[from:to]
	}
	c.chosen = c.chosen[:0]
	for _, row := range p.rows[from:to] {
		if c.in[row] {
			c.chosen = append(c.chosen, row)
		}
	}
	return c.chosen
}

// add takes rows in, or with weight -1 out.
func (r *runningSum) add(to *accumulator, args []*vec.Vec, rows []int32, weight int64) error {
	if len(rows) == 0 {
		return nil
	}
	for i, a := range args {
		r.values[i].Reset()
		r.values[i].AppendVec(a, rows)
		r.values[i].VecTo(r.vecs[i])
	}
	if len(r.weights) < len(rows) {
		r.gids, r.weights = make([]int32, 2*len(rows)), make([]int64, 2*len(rows))
		for i := range r.weights {
			r.weights[i] = -1
		}
	}
	var weights []int64
	if weight != 1 {
		weights = r.weights[:len(rows)]
	}
	return r.slot.Add(to.rows, r.gids[:len(rows)], r.vecs, weights)
}

// compare is the order in which a fold wants its rows.
func (c *windowCall) compare(a, b int) int {
	args := c.args.vecs
	if by := c.sum.bound.By; by != nil {
		if d := directed(args[by.Argument], a, b, by.Desc); d != 0 {
			return d
		}
	}
	for i, v := range c.order.vecs {
		if d := directed(v, a, b, c.plan.Order[i].Desc); d != 0 {
			return d
		}
	}
	return zset.CompareRows(args, a, args, b)
}

func directed(v *vec.Vec, a, b int, desc bool) int {
	d := zset.CompareValues(v, a, v, b)
	if desc {
		return -d
	}
	return d
}

// distinct drops rows whose arguments an earlier one has.
func (c *windowCall) distinct(rows []int32) []int32 {
	args := c.args.vecs
	if len(c.order.vecs) == 0 { // equal ones are beside each other
		return slices.CompactFunc(rows, func(a, b int32) bool { return zset.CompareRows(args, int(a), args, int(b)) == 0 })
	}
	seen, out := map[string]bool{}, rows[:0]
	for _, row := range rows {
		c.key = c.key[:0]
		for _, a := range args {
			c.key = vec.AppendOrdered(c.key, a, int(row))
		}
		if !seen[string(c.key)] {
			seen[string(c.key)] = true
			out = append(out, row)
		}
	}
	return out
}

// folded computes each frame from its rows in the order of their values.
func (c *windowCall) folded(p *windowPart, frames []frame, out *vec.Builder) error {
	args := c.args.vecs
	for i, f := range frames {
		if i > 0 && f == frames[i-1] {
			out.AppendRow(out.Vec(), out.Len()-1)
			continue
		}
		rows := c.chosen[:0]
		for _, row := range p.rows[f.from:f.to] {
			if (c.filter == nil || c.in[row]) && c.sum.bound.Counts(args, int(row)) {
				rows = append(rows, row)
			}
		}
		c.chosen = rows
		slices.SortStableFunc(rows, func(a, b int32) int { return c.compare(int(a), int(b)) })
		if c.plan.Distinct {
			rows = c.distinct(rows)
		}
		if c.sum.fold == nil {
			c.sum.moving.set(nil, 0)
			if err := c.sum.add(&c.sum.moving, args, rows, 1); err != nil {
				return err
			}
			if err := c.sum.slot.Value(c.sum.moving.rows, c.sum.gids[:1], out); err != nil {
				return err
			}
			continue
		}
		if c.sum.fold.Last() {
			slices.Reverse(rows)
		}
		at := -1
		next := func() ([]*vec.Vec, int, int64) {
			if at++; at >= len(rows) {
				return nil, 0, 0
			}
			row, count := int(rows[at]), int64(1)
			for at+1 < len(rows) && zset.CompareRows(args, row, args, int(rows[at+1])) == 0 {
				at++
				count++
			}
			return args, row, count
		}
		if err := c.sum.fold.Value(next, out); err != nil {
			return err
		}
	}
	return nil
}
