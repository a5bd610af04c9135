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
	slot  function.Slot // nil where there is none: then fold computes each frame
	fold  function.Fold
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

// runningSlot is the slot of an aggregate that rows only come into; nil where there is none.
func runningSlot(b *function.Bound) function.Slot {
	if b.AppendOnly != nil {
		return b.AppendOnly
	}
	return b.Slot
}

func newRunningSum(b *function.Bound, f Frame) *runningSum {
	r := &runningSum{slot: b.Slot, fold: b.Fold, bound: b, runs: f.From.Kind == UnboundedPreceding, gids: make([]int32, 1)}
	if r.runs {
		r.slot = runningSlot(b)
	}
	if r.slot != nil {
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
	if r.slot == nil {
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
func (r *runningSum) compare(args []*vec.Vec, a, b int) int {
	if by := r.bound.By; by != nil {
		if d := zset.CompareValues(args[by.Argument], a, args[by.Argument], b); by.Desc && d != 0 {
			return -d
		} else if d != 0 {
			return d
		}
	}
	return zset.CompareRows(args, a, args, b)
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
		slices.SortStableFunc(rows, func(a, b int32) int { return c.sum.compare(args, int(a), int(b)) })
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
