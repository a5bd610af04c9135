package exec

import (
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A windowCall is a running WindowCall.
type windowCall struct {
	plan   WindowCall
	args   columns
	filter *expr.Filter
	bounds columns // key, from, to of a Range with distances, as far as there are any
	sum    *runningSum
}

func openWindowCall(c WindowCall, env *Env) (*windowCall, error) {
	w := &windowCall{plan: c}
	var err error
	if w.args, err = compileColumns(c.Args, env); err != nil {
		return nil, err
	}
	if c.Filter != nil {
		if w.filter, err = expr.CompileFilter(c.Filter, env.EvalErrorNull); err != nil {
			return nil, err
		}
	}
	if f := c.Frame; f.Key != nil {
		es := []expr.Expr{f.Key}
		for _, b := range []FrameBound{f.From, f.To} {
			if b.At != nil {
				es = append(es, b.At)
			}
		}
		if w.bounds, err = compileColumns(es, env); err != nil {
			return nil, err
		}
	}
	if c.Func != nil {
		w.sum = newRunningSum(c.Func)
	}
	return w, nil
}

// compute appends the value of each row of a partition to out.
func (c *windowCall) compute(s *Step, p *windowPart, out *vec.Builder) error {
	if err := c.args.eval(s, p.rows); err != nil {
		return err
	}
	switch c.plan.Name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		c.ranks(p, out)
		return nil
	case "ntile":
		return c.ntile(p, out)
	case "lag", "lead":
		return c.shifted(p, out)
	}
	frames, err := c.frames(s, p)
	if err != nil {
		return err
	}
	switch c.plan.Name {
	case "first_value", "last_value", "nth_value":
		return c.pick(frames, out)
	}
	if c.sum == nil {
		invariants.Failf("no window function %s", c.plan.Name)
	}
	return c.aggregate(s, p, frames, out)
}

// ranks numbers the rows.
func (c *windowCall) ranks(p *windowPart, out *vec.Builder) {
	n := p.rows.Len
	dense, end := int64(0), 0
	for i := range n {
		if p.peers[i] == i {
			dense++
			for end = i + 1; end < n && p.peers[end] == i; end++ {
			}
		}
		switch c.plan.Name {
		case "row_number":
			vec.AppendInt(out, int64(i+1))
		case "rank":
			vec.AppendInt(out, int64(p.peers[i]+1))
		case "dense_rank":
			vec.AppendInt(out, dense)
		case "percent_rank":
			v := 0.0
			if n > 1 {
				v = float64(p.peers[i]) / float64(n-1)
			}
			vec.Append(out, v)
		case "cume_dist":
			vec.Append(out, float64(end)/float64(n))
		}
	}
}

// ntile divides the rows into so many groups of the same size, the first ones one row
// larger where it does not come out even. The number of groups is that of each row.
func (c *windowCall) ntile(p *windowPart, out *vec.Builder) error {
	n := int64(p.rows.Len)
	for i := range n {
		groups, ok := intAt(c.args.vecs[0], int(i))
		switch {
		case !ok:
			out.AppendNull()
			continue
		case groups < 1:
			return errNtile
		}
		size, larger := n/groups, n%groups
		at := int64(0)
		if split := larger * (size + 1); i < split {
			at = i / (size + 1)
		} else {
			at = larger + (i-split)/max(size, 1)
		}
		vec.AppendInt(out, at+1)
	}
	return nil
}

// shifted is LAG and LEAD: the value of the row so many before or behind, or a default
// where there is none.
func (c *windowCall) shifted(p *windowPart, out *vec.Builder) error {
	n := p.rows.Len
	for i := range n {
		by := int64(1)
		if len(c.args.vecs) > 1 {
			var ok bool
			if by, ok = intAt(c.args.vecs[1], i); !ok {
				out.AppendNull()
				continue
			}
			if by < 0 {
				return errOffset
			}
		}
		at := c.reach(i, by, n)
		switch {
		case at >= 0:
			out.AppendRow(c.args.vecs[0], at)
		case len(c.args.vecs) > 2:
			out.AppendRow(c.args.vecs[2], i)
		default:
			out.AppendNull()
		}
	}
	return nil
}

// reach is the row that lies by rows from row i, -1 for none.
func (c *windowCall) reach(i int, by int64, n int) int {
	step := 1
	if c.plan.Name == "lag" {
		step = -1
	}
	if !c.plan.IgnoreNulls {
		if by > int64(n) {
			return -1
		}
		if at := i + step*int(by); at >= 0 && at < n {
			return at
		}
		return -1
	}
	if by == 0 {
		return i
	}
	for at := i + step; at >= 0 && at < n; at += step {
		if c.args.vecs[0].IsNull(at) {
			continue
		}
		if by--; by == 0 {
			return at
		}
	}
	return -1
}

// pick is FIRST_VALUE, LAST_VALUE and NTH_VALUE of each row's frame.
func (c *windowCall) pick(frames []frame, out *vec.Builder) error {
	x := c.args.vecs[0]
	for i, f := range frames {
		nth := int64(1)
		if c.plan.Name == "nth_value" {
			var ok bool
			if nth, ok = intAt(c.args.vecs[1], i); !ok {
				out.AppendNull()
				continue
			}
			if nth < 1 {
				return errNth
			}
		}
		at := f.from + int(min(nth, int64(f.to-f.from)+1)) - 1
		if c.plan.Name == "last_value" {
			at = f.to - 1
		}
		if c.plan.IgnoreNulls {
			at = c.present(x, f, nth)
		}
		if at < f.from || at >= f.to {
			out.AppendNull()
		} else {
			out.AppendRow(x, at)
		}
	}
	return nil
}

// present is the nth row of a frame whose value is not NULL, of last_value the last.
func (c *windowCall) present(x *vec.Vec, f frame, nth int64) int {
	if c.plan.Name == "last_value" {
		for at := f.to - 1; at >= f.from; at-- {
			if !x.IsNull(at) {
				return at
			}
		}
		return -1
	}
	for at := f.from; at < f.to; at++ {
		if x.IsNull(at) {
			continue
		}
		if nth--; nth == 0 {
			return at
		}
	}
	return -1
}

// intAt reads a whole number, false for NULL.
func intAt(v *vec.Vec, row int) (int64, bool) {
	if v.IsNull(row) {
		return 0, false
	}
	return vec.Int(v, v.At(row)), true
}

// selected lists the rows that the call's filter lets in, nil for all.
func (c *windowCall) selected(s *Step, rows *zset.Batch) ([]bool, error) {
	if c.filter == nil {
		return nil, nil
	}
	in := make([]bool, rows.Len)
	sel, all, err := c.filter.Select(s.expr(), rows, nil)
	if err != nil {
		return nil, err
	}
	for i := range in {
		in[i] = all
	}
	for _, i := range sel {
		in[i] = true
	}
	return in, nil
}
