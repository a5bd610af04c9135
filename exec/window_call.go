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
	order  columns
	filter *expr.Filter
	bounds columns // key, from, to of a Range with distances, as far as there are any
	sum    *runningSum
	head   bool // it wants the partition's first row

	in     []bool // of the rows at hand, those that the filter lets in; nil for all
	framed []frame
	chosen []int32
	key    []byte
	groups groupStarts
}

func openWindowCall(c WindowCall, env *Env) (*windowCall, error) {
	w := &windowCall{plan: c, head: reachOf(c).head}
	var err error
	if w.args, err = compileColumns(c.Args, env); err != nil {
		return nil, err
	}
	by := make([]expr.Expr, len(c.Order))
	for i, o := range c.Order {
		by[i] = o.Expr
	}
	if w.order, err = compileColumns(by, env); err != nil {
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
		w.sum = newRunningSum(c)
	}
	return w, nil
}

// read computes what the call needs of the rows of a block.
func (c *windowCall) read(s *Step, rows *zset.Batch) error {
	if err := c.args.eval(s, rows); err != nil {
		return err
	}
	if err := c.order.eval(s, rows); err != nil {
		return err
	}
	if c.plan.Frame.Key != nil {
		if err := c.bounds.eval(s, rows); err != nil {
			return err
		}
	}
	return c.let(s, rows)
}

// compute appends the values of the places of a part that are asked for to out.
func (c *windowCall) compute(p *windowPart, out *vec.Builder) error {
	switch c.plan.Name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		c.ranks(p, out)
		return nil
	case "ntile":
		return c.ntile(p, out)
	case "lag", "lead":
		return c.shifted(p, out)
	}
	frames := c.frames(p)
	switch c.plan.Name {
	case "first_value", "last_value", "nth_value":
		return c.pick(p, frames, out)
	}
	if c.sum == nil {
		invariants.Failf("no window function %s", c.plan.Name)
	}
	return c.aggregate(p, frames, out)
}

// ranks numbers the rows.
func (c *windowCall) ranks(p *windowPart, out *vec.Builder) {
	n := len(p.rows)
	dense, end := p.before.groups, 0
	if c.plan.Name == "dense_rank" {
		for i := range p.from {
			dense += boolInt(int(p.peers[i]) == i)
		}
	}
	for i := p.from; i < p.to; i++ {
		first := int(p.peers[i])
		switch c.plan.Name {
		case "row_number":
			vec.AppendInt(out, p.before.rows+int64(i+1))
		case "rank":
			vec.AppendInt(out, p.before.rows+int64(first+1))
		case "dense_rank":
			dense += boolInt(first == i)
			vec.AppendInt(out, dense)
		case "percent_rank":
			v := 0.0
			if n > 1 {
				v = float64(first) / float64(n-1)
			}
			vec.Append(out, v)
		case "cume_dist":
			for end = max(end, i+1); end < n && int(p.peers[end]) == first; end++ {
			}
			vec.Append(out, float64(end)/float64(n))
		}
	}
}

// ntile divides the rows into so many groups of the same size, the first ones one row
// larger where it does not come out even. The number of groups is that of each row.
func (c *windowCall) ntile(p *windowPart, out *vec.Builder) error {
	n := int64(len(p.rows))
	for i := int64(p.from); i < int64(p.to); i++ {
		groups, ok := intAt(c.args.vecs[0], int(p.rows[i]))
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
	for i := p.from; i < p.to; i++ {
		by, row := int64(1), int(p.rows[i])
		if len(c.args.vecs) > 1 {
			var ok bool
			if by, ok = intAt(c.args.vecs[1], row); !ok {
				out.AppendNull()
				continue
			}
			if by < 0 {
				return errOffset
			}
		}
		at := c.reach(p, i, by)
		switch {
		case at >= 0:
			out.AppendRow(c.args.vecs[0], int(p.rows[at]))
		case len(c.args.vecs) > 2:
			out.AppendRow(c.args.vecs[2], row)
		default:
			out.AppendNull()
		}
	}
	return nil
}

// reach is the place that lies by rows from place i, -1 for none.
func (c *windowCall) reach(p *windowPart, i int, by int64) int {
	n, step := len(p.rows), 1
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
		if c.args.vecs[0].IsNull(int(p.rows[at])) {
			continue
		}
		if by--; by == 0 {
			return at
		}
	}
	return -1
}

// pick is FIRST_VALUE, LAST_VALUE and NTH_VALUE of each row's frame.
func (c *windowCall) pick(p *windowPart, frames []frame, out *vec.Builder) error {
	x := c.args.vecs[0]
	for i, f := range frames {
		nth := int64(1)
		if c.plan.Name == "nth_value" {
			var ok bool
			if nth, ok = intAt(c.args.vecs[1], int(p.rows[p.from+i])); !ok {
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
			at = c.present(p, f, nth)
		}
		switch {
		case at < f.from || at >= f.to:
			out.AppendNull()
		case c.head && p.head >= 0:
			out.AppendRow(x, p.head)
		default:
			out.AppendRow(x, int(p.rows[at]))
		}
	}
	return nil
}

// present is the nth place of a frame whose value is not NULL, of last_value the last.
func (c *windowCall) present(p *windowPart, f frame, nth int64) int {
	x := c.args.vecs[0]
	if c.plan.Name == "last_value" {
		for at := f.to - 1; at >= f.from; at-- {
			if !x.IsNull(int(p.rows[at])) {
				return at
			}
		}
		return -1
	}
	for at := f.from; at < f.to; at++ {
		if x.IsNull(int(p.rows[at])) {
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

// let finds the rows that the call's filter lets in.
func (c *windowCall) let(s *Step, rows *zset.Batch) error {
	if c.filter == nil {
		return nil
	}
	sel, all, err := c.filter.Select(s.expr(), rows, nil)
	if err != nil {
		return err
	}
	c.in = c.in[:0]
	for range rows.Len {
		c.in = append(c.in, all)
	}
	for _, i := range sel {
		c.in[i] = true
	}
	return nil
}
