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
	slot    function.Slot // right when rows go out; nil where there is none
	adding  function.Slot // right while none does; may be nil
	fold    function.Fold // where there is no slot
	bound   *function.Bound
	data    []byte
	rows    vec.Rows
	zero    [1]int32
	gids    []int32 // zeros: all rows go to the one group
	weights []int64
	values  []*vec.Builder // the arguments of the rows at hand
	vecs    []*vec.Vec
	ordered []int32
}

func newRunningSum(b *function.Bound) *runningSum {
	r := &runningSum{slot: b.Slot, adding: b.AppendOnly, fold: b.Fold, bound: b}
	if r.adding == nil {
		r.adding = r.slot
	}
	width := 8
	for _, s := range []function.Slot{r.slot, r.adding} {
		if s != nil {
			width = max(width, s.Width())
		}
	}
	r.data = make([]byte, width)
	r.rows = vec.RowsOver(r.data, width)
	for _, t := range b.Args {
		r.values, r.vecs = append(r.values, vec.NewBuilder(t)), append(r.vecs, nil)
	}
	return r
}

// aggregate appends the aggregate of each row's frame to out.
func (c *windowCall) aggregate(s *Step, p *windowPart, frames []frame, out *vec.Builder) error {
	in, err := c.selected(s, p.rows)
	if err != nil {
		return err
	}
	slot := c.sum.adding
	if slices.ContainsFunc(frames, func(f frame) bool { return f.from > 0 }) {
		slot = c.sum.slot
	}
	if slot == nil {
		return c.folded(frames, in, out)
	}
	clear(c.sum.data)
	at := frame{} // what the slot holds
	for _, f := range frames {
		if f.from >= at.to { // nothing in common
			clear(c.sum.data)
			at = frame{f.from, f.from}
		}
		if err := c.sum.add(slot, c.args.vecs, c.sum.among(at.to, f.to, in), 1); err != nil {
			return err
		}
		if err := c.sum.add(slot, c.args.vecs, c.sum.among(at.from, f.from, in), -1); err != nil {
			return err
		}
		at = frame{f.from, max(at.to, f.to)}
		if err := slot.Value(c.sum.rows, c.sum.zero[:], out); err != nil {
			return err
		}
	}
	return nil
}

// among lists the rows [from, to) that are in.
func (r *runningSum) among(from, to int, in []bool) []int32 {
	r.ordered = r.ordered[:0]
	for row := from; row < to; row++ {
		if in == nil || in[row] {
			r.ordered = append(r.ordered, int32(row))
		}
	}
	return r.ordered
}

// add takes rows in, or with weight -1 out.
func (r *runningSum) add(slot function.Slot, args []*vec.Vec, rows []int32, weight int64) error {
	if len(rows) == 0 {
		return nil
	}
	for i, a := range args {
		r.values[i].Reset()
		r.values[i].AppendVec(a, rows)
		r.vecs[i] = r.values[i].Vec()
	}
	if cap(r.gids) < len(rows) {
		r.gids, r.weights = make([]int32, 2*len(rows)), make([]int64, 2*len(rows))
	}
	var weights []int64
	if weight != 1 {
		weights = r.weights[:len(rows)]
		for i := range weights {
			weights[i] = weight
		}
	}
	return slot.Add(r.rows, r.gids[:len(rows)], r.vecs, weights)
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
func (c *windowCall) folded(frames []frame, in []bool, out *vec.Builder) error {
	args := c.args.vecs
	for i, f := range frames {
		if i > 0 && f == frames[i-1] {
			out.AppendRow(out.Vec(), i-1)
			continue
		}
		rows := c.sum.ordered[:0]
		for row := f.from; row < f.to; row++ {
			if (in == nil || in[row]) && c.sum.bound.Counts(args, row) {
				rows = append(rows, int32(row))
			}
		}
		c.sum.ordered = rows
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
